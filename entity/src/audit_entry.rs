//! The audit log: one entry per command, in the command's own transaction.

use sea_orm::entity::prelude::*;

/// A completed command.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// Sequence number.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// Time of the command.
    pub at: DateTimeUtc,
    /// Actor: a client id, or `operator` for the command line.
    pub actor: String,
    /// Name of the command.
    pub act: String,
    /// Affected object, by id or code.
    pub object: Option<String>,
    /// Numbers and codes of the command; never a protected value.
    pub detail: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
