//! Identifiers of units (mã định danh): values of national systems. A value is reused for another unit over time, so
//! each has an interval and is never a key.

use sea_orm::entity::prelude::*;

use crate::value::{Day, IdentifierId, IdentifierSystem, Period, UnitId};

/// An identifier of a unit from `valid_from` (inclusive) to `valid_to` (exclusive). On each day, a value of a system
/// belongs to at most one unit.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit_identifier")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IdentifierId,
    /// Unit.
    #[sea_orm(indexed)]
    pub unit_id: UnitId,
    /// System.
    pub system: IdentifierSystem,
    /// Value, as the system spells it.
    pub value: String,
    /// First day, inclusive; `None` if there is no start.
    pub valid_from: Option<Day>,
    /// End day, exclusive; `None` if current.
    pub valid_to: Option<Day>,
    /// The unit.
    #[sea_orm(belongs_to, from = "unit_id", to = "id")]
    pub unit: BelongsTo<super::unit::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The period of this identifier; `None` if the row's interval is empty.
    pub fn period(&self) -> Option<Period> {
        Period::new(self.valid_from, self.valid_to)
    }
}
