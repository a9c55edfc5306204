//! What the office knows and does: rules, queries, acts; one file or folder per concept. Knows no HTTP and no GraphQL.
//!
//! Later concepts may use earlier ones: reference < unit < cadre < qualification.

pub mod access;
pub mod import;
pub mod reference;
