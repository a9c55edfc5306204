//! State of the change feed.

use sea_orm::entity::prelude::*;

use crate::value::Day;

/// State of the change feed. The table has one row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feed_state")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Last day, inclusive, for which the change log contains the changes that the day brought without a command;
    /// `None` before the first recording.
    pub recorded_until: Option<Day>,
}

impl ActiveModelBehavior for ActiveModel {}
