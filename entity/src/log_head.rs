//! The last link of the chain over the logs, by which writers wait for each other.

use sea_orm::entity::prelude::*;

/// The end of the chain. There is one row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "log_head")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Place of the last link; 0 before the first.
    pub position: i64,
    /// Its hash.
    pub hash: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
