//! The audit log: one entry per act, in the act's own transaction.

use sea_orm::entity::prelude::*;

/// An act that was done.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// Place in the log.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// When.
    pub at: DateTimeUtc,
    /// Who: a client id, or `operator` for the command line.
    pub actor: String,
    /// What was done.
    pub act: String,
    /// What it was done to, by id or code.
    pub object: Option<String>,
    /// Numbers and codes of the act; never a protected value.
    pub detail: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
