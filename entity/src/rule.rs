//! Rules of law as data: value, scope, validity, counting basis and legal instrument.

use sea_orm::entity::prelude::*;

use crate::value::{
    Category, CountingBasis, Day, RotationForm, RotationPurpose, RuleCode, RuleKey, RuleOrigin, Verification,
};

/// A rule in force from `valid_from` (inclusive) to `valid_to` (exclusive). An event is checked by the rule of its day.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rule")]
pub struct Model {
    /// Code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: RuleCode,
    /// Subject of the rule.
    pub key: RuleKey,
    /// Form to which it applies; `None` for all.
    pub form: Option<RotationForm>,
    /// Category of persons to which it applies; `None` for all.
    pub category: Option<Category>,
    /// Purpose to which it applies; `None` for all.
    pub purpose: Option<RotationPurpose>,
    /// Value, in the unit of its key.
    pub value: i32,
    /// Counting basis of the value.
    pub basis: CountingBasis,
    /// First day, inclusive.
    pub valid_from: Day,
    /// End day, exclusive; `None` if in force.
    pub valid_to: Option<Day>,
    /// Legal instrument and article.
    pub legal_basis: String,
    /// Whether the value was compared with the instrument.
    pub verification: Verification,
    /// Origin of the rule.
    pub origin: RuleOrigin,
}

impl ActiveModelBehavior for ActiveModel {}
