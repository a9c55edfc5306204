//! Cadres, their qualifications, rotations and training, over GraphQL.

pub mod graphql;
pub mod language;
