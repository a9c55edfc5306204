//! Domain logic: rules, queries and commands; one file or folder per concept. Independent of HTTP and GraphQL.
//!
//! Later concepts may use earlier ones: hash_chain < reference < reference_data < unit < programme < card < cadre <
//! qualification < composition < rule < refusal < commands < idempotency < rotation < training < node; authz < audit.

pub mod app_state;
pub mod audit;
pub mod authz;
pub mod cadre;
pub mod client;
mod commands;
pub mod composition;
pub mod demo;
mod filter;
pub mod hash_chain;
mod idempotency;
pub mod import;
pub mod key;
pub mod node;
pub mod page;
pub mod percent;
pub mod programme;
pub mod projection;
pub mod qualification;
pub mod reference;
pub mod reference_data;
pub mod refusal;
mod result_cache;
pub mod rotation;
pub mod rule;
pub mod training;
pub mod unit;
pub mod user;

use sea_orm::{ConnectionTrait, sea_query::SelectStatement};

use crate::error::Result;

/// Reads the single number that a statement returns.
async fn scalar(access: &authz::Access, select: &SelectStatement) -> Result<i64> {
    let row = access.reader().query_one(select).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0))
}
