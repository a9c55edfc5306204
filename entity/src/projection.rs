//! Format versions of the read models: projections of other tables for fast reads.

use sea_orm::entity::prelude::*;

/// A read model.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "projection")]
pub struct Model {
    /// Name of the read model.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Version of the format; a program with another version rebuilds the read model.
    pub version: i32,
}

impl ActiveModelBehavior for ActiveModel {}
