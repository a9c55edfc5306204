//! How far the counts and page keys have been kept.

use sea_orm::entity::prelude::*;

use crate::value::Day;

/// What counts and page keys speak of. There is one row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "level_count_head")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The form that they were made in; 0 before they were made.
    pub version: i32,
    /// The first day that they speak of; none before they were made.
    pub folded_on: Option<Day>,
    /// The change of units and lists that they were made by: its place in the chain of logs.
    pub list_change: i64,
}

impl ActiveModelBehavior for ActiveModel {}
