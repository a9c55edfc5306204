//! State of the counts and page keys.

use sea_orm::entity::prelude::*;

use crate::value::Day;

/// State of the counts and page keys. The table has one row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "headcount_state")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Version of the format of both tables; 0 before they are built.
    pub version: i32,
    /// The base day, from which the counts are available; `None` before they are built.
    pub base_on: Option<Day>,
    /// Sequence number of the change of units and reference lists on which the counts are based.
    pub list_change: i64,
}

impl ActiveModelBehavior for ActiveModel {}
