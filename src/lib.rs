//! cadre-api: cadres, their qualifications, rotations and training, over GraphQL.
//!
//! `ARCHITECTURE.md` is the map.

pub mod auth;
pub mod clock;
pub mod db;
pub mod domain;
pub mod error;
pub mod http;
pub mod language;
pub mod text;
