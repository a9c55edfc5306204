//! Rules of law as data: value, scope, validity, counting basis and legal instrument.

use sea_orm::entity::prelude::*;

use crate::value::{
    Category, CountingBasis, Day, RotationForm, RotationPurpose, RuleCode, RuleKey, RuleOrigin, Verification,
};

/// A rule that holds from `valid_from` to the day before `valid_to`. An event is judged by the rule of its own day.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rule")]
pub struct Model {
    /// Code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: RuleCode,
    /// What it is about.
    pub key: RuleKey,
    /// Form that it speaks of; none: all.
    pub form: Option<RotationForm>,
    /// Category of persons that it speaks of; none: all.
    pub category: Option<Category>,
    /// Purpose that it speaks of; none: all.
    pub purpose: Option<RotationPurpose>,
    /// Value, in the unit of its key.
    pub value: i32,
    /// What the value is counted over.
    pub basis: CountingBasis,
    /// First day.
    pub valid_from: Day,
    /// First day no longer; none: until now.
    pub valid_to: Option<Day>,
    /// Legal instrument and article.
    pub legal_basis: String,
    /// Whether the value was compared with the instrument.
    pub verification: Verification,
    /// Where it comes from.
    pub origin: RuleOrigin,
}

impl ActiveModelBehavior for ActiveModel {}
