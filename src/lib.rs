//! cadre-api: cadres, their qualifications, rotations and training, over GraphQL.
//!
//! See `ARCHITECTURE.md` for an overview.

pub mod auth;
pub mod clock;
pub mod config;
pub mod db;
pub mod domain;
pub mod error;
pub mod graphql;
pub mod http;
pub mod language;
pub mod limit;
pub mod telemetry;
pub mod text;
