//! Counts of people by unit and highest level, from which compositions and totals are read. Derived from posts and
//! qualifications; nothing is recorded here alone.

use sea_orm::entity::prelude::*;

use crate::value::{CountScope, Day, UnitId};

/// By how many the people of a cell change on a day.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "level_count")]
pub struct Model {
    /// Whose people: the unit's own, or those of its subtree in a hierarchy.
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: CountScope,
    /// Unit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
    /// Whether only posts of key leaders make somebody count.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_leaders: bool,
    /// Code of the subject; empty where people are counted whatever they hold.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_code: String,
    /// Rank of their highest level in the subject; 0 where people are counted whatever they hold.
    #[sea_orm(primary_key, auto_increment = false)]
    pub rank: i16,
    /// The first day on which the change counts. What counts on the folded day stands on the first day of the calendar.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Day,
    /// People more, or fewer where it is negative.
    pub people: i32,
}

impl ActiveModelBehavior for ActiveModel {}
