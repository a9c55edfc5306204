//! cadre-api: cadres, their qualifications, rotations and training, over GraphQL.
//!
//! See `ARCHITECTURE.md` for an overview.

pub mod app_state;
pub mod audit;
pub mod auth;
pub mod authz;
pub mod clock;
pub mod config;
pub mod db;
pub mod demo;
pub mod domain;
pub mod error;
pub mod graphql;
pub mod http;
pub mod import;
pub mod language;
pub mod limit;
pub mod page;
pub mod projection;
pub mod reference;
pub mod telemetry;
pub mod text;
