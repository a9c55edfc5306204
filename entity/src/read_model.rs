//! Which form the read models have: what is derived from other tables so that it can be read fast.

use sea_orm::entity::prelude::*;

/// A read model.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "read_model")]
pub struct Model {
    /// Its name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Version of its form; a program that knows another one makes it anew.
    pub version: i32,
}

impl ActiveModelBehavior for ActiveModel {}
