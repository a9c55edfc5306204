//! Counts of people by unit and highest level, for compositions and totals. Projection of posts and qualifications;
//! contains no original data.

use sea_orm::entity::prelude::*;

use crate::value::{CountScope, Day, UnitId};

/// Change in the number of people of a cell on a day.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "headcount")]
pub struct Model {
    /// The people that count: those of the unit, or of its subtree in a hierarchy.
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: CountScope,
    /// Unit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
    /// Whether only posts of key leaders count.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_leaders: bool,
    /// Code of the subject; empty for counts regardless of qualifications.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_code: String,
    /// Rank of the highest level in the subject; 0 for counts regardless of qualifications.
    #[sea_orm(primary_key, auto_increment = false)]
    pub rank: i16,
    /// First day of the change, inclusive. The counts of the base day are stored under the first day of the calendar.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Day,
    /// Difference in people; negative for a decrease.
    pub people: i32,
}

impl ActiveModelBehavior for ActiveModel {}
