//! The hash chain of the logs: one link per entry, each with the hash of the previous one.

use sea_orm::entity::prelude::*;

use crate::value::Log;

/// A link of the chain.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_link")]
pub struct Model {
    /// Position in the chain, from 1, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    /// Log of the entry.
    pub log: Log,
    /// Number of the entry in its log.
    #[sea_orm(indexed)]
    pub entry: i64,
    /// SHA-256 of the previous hash, the position, the log and the content of the entry.
    pub hash: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
