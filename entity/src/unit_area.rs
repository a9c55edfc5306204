//! Areas of units (khu vực, địa bàn): mountains, borders, islands and other places with exemptions by law.

use sea_orm::entity::prelude::*;

use crate::value::{AreaKind, Day, Period, UnitId};

/// A unit is in an area from `valid_from` (inclusive) to `valid_to` (exclusive). It may be in several at once.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit_area")]
pub struct Model {
    /// Unit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
    /// Kind of the area.
    #[sea_orm(primary_key, auto_increment = false)]
    pub area: AreaKind,
    /// First day, inclusive.
    #[sea_orm(primary_key, auto_increment = false)]
    pub valid_from: Day,
    /// End day, exclusive; `None` if current.
    pub valid_to: Option<Day>,
    /// Number of the document that says so.
    pub document_no: Option<String>,
    /// The unit.
    #[sea_orm(belongs_to, from = "unit_id", to = "id")]
    pub unit: BelongsTo<super::unit::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The period of this area; `None` if the row's interval is empty.
    pub fn period(&self) -> Option<Period> {
        Period::new(Some(self.valid_from), self.valid_to)
    }
}
