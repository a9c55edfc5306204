//! Assignments (quá trình công tác): the authoritative record of persons and their posts.

use sea_orm::entity::prelude::*;

use crate::value::{AssignmentId, CadreId, Day, TitleCode, UnitId};

/// A person holds a title in a unit from `start_on` (inclusive) to `end_on` (exclusive).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "assignment")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AssignmentId,
    /// Person.
    pub cadre_id: CadreId,
    /// Unit.
    pub unit_id: UnitId,
    /// Title.
    pub title_code: TitleCode,
    /// First day, inclusive.
    pub start_on: Day,
    /// End day, exclusive; `None` if current.
    pub end_on: Option<Day>,
    /// Whether it is the primary post; otherwise a concurrent one (kiêm nhiệm).
    pub is_primary: bool,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
    /// The unit.
    #[sea_orm(belongs_to, from = "unit_id", to = "id")]
    pub unit: BelongsTo<super::unit::Entity>,
    /// The title.
    #[sea_orm(belongs_to, from = "title_code", to = "code")]
    pub title: BelongsTo<super::title::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether the post is held on the day.
    pub fn is_held_on(&self, day: Day) -> bool {
        self.start_on <= day && self.end_on.is_none_or(|end| day < end)
    }
}
