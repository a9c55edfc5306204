//! The last link of the log chain; writers are serialised by its row.

use sea_orm::entity::prelude::*;

/// The end of the chain. The table has one row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_head")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Position of the last link; 0 if the chain is empty.
    pub position: i64,
    /// Hash of the last link.
    pub hash: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
