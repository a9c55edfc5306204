//! The chain over the logs: a link for each entry, each with the hash of the one before.

use sea_orm::entity::prelude::*;

use crate::value::Log;

/// A link.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_link")]
pub struct Model {
    /// Place in the chain, from 1, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// Log of the entry.
    pub log: Log,
    /// Number of the entry in its log.
    #[sea_orm(indexed)]
    pub entry: i64,
    /// SHA-256 over the hash before, the place, the log and what the entry holds.
    pub hash: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
