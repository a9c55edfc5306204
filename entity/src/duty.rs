//! Duties (chế độ bồi dưỡng bắt buộc): training that persons must do every year.

use sea_orm::entity::prelude::*;

use crate::value::{Category, Day, DutyCode, DutyMeasure, Period, UnitId, Verification};

/// A duty in force from `valid_from` (inclusive) to `valid_to` (exclusive). It applies to the calendar years that lie
/// wholly within these days.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "duty")]
pub struct Model {
    /// Code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: DutyCode,
    /// Name.
    pub name: String,
    /// Unit that issued it, for its own subtree; `None` for the whole country.
    pub issuer_unit_id: Option<UnitId>,
    /// Legal instrument and article.
    pub legal_basis: String,
    /// Categories of persons that it binds, separated by spaces, in the order of their declaration.
    pub categories: String,
    /// Whether it binds only persons with a title of key leaders.
    pub key_leaders_only: bool,
    /// How it is counted.
    pub measure: DutyMeasure,
    /// Amount required in each year, in the unit of the measure.
    pub amount: i32,
    /// Share of the bound persons without an exemption who must do it, in percent.
    pub norm_percent: i32,
    /// First day, inclusive.
    pub valid_from: Day,
    /// End day, exclusive; `None` if in force.
    pub valid_to: Option<Day>,
    /// Whether the values were compared with the instrument.
    pub verification: Verification,
    /// The unit that issued it.
    #[sea_orm(belongs_to, from = "issuer_unit_id", to = "id")]
    pub issuer: BelongsTo<Option<super::unit::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The categories that the duty binds; unknown words of other versions are ignored.
    pub fn categories(&self) -> impl Iterator<Item = Category> {
        self.categories.split_ascii_whitespace().filter_map(|word| word.parse().ok())
    }

    /// The days on which the duty is in force; `None` if the row's interval is empty.
    pub fn period(&self) -> Option<Period> {
        Period::new(Some(self.valid_from), self.valid_to)
    }
}
