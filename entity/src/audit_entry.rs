//! The audit log: one entry per act, in the act's own transaction.

use sea_orm::entity::prelude::*;

/// A completed act.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// Sequence number.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// Time of the act.
    pub at: DateTimeUtc,
    /// Actor: a client id, or `operator` for the command line.
    pub actor: String,
    /// Name of the act.
    pub act: String,
    /// Affected object, by id or code.
    pub object: Option<String>,
    /// Numbers and codes of the act; never a protected value.
    pub detail: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
