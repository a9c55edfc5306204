//! Index of titles: the posts of persons with their highest levels. Projection of posts and qualifications; contains no
//! original data.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, Day, TitleCode, UnitId};

/// A person holds a title in the unit and these highest levels, from `from_on` (inclusive) to `until_on` (exclusive).
/// The order of the columns is that of the key: a count reads the rows of some branches that have not ended.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, Hash, DeriveEntityModel)]
#[sea_orm(table_name = "title_index")]
pub struct Model {
    /// Whether the person holds no other title and no post in another unit during these days.
    #[sea_orm(primary_key, auto_increment = false)]
    pub is_only: bool,
    /// Branch of the tree that contains the unit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub branch_id: UnitId,
    /// End day, exclusive; the day after the calendar if it has no end.
    #[sea_orm(primary_key, auto_increment = false)]
    pub until_on: Day,
    /// Unit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
    /// Title.
    #[sea_orm(primary_key, auto_increment = false)]
    pub title_code: TitleCode,
    /// Person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub cadre_id: CadreId,
    /// First day, inclusive.
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_on: Day,
    /// Highest level of each subject, packed.
    #[sea_orm(primary_key, auto_increment = false)]
    pub levels: i64,
}

impl ActiveModelBehavior for ActiveModel {}
