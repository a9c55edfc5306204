//! Retirement ages (tuổi nghỉ hưu), by gender and year.

use sea_orm::entity::prelude::*;

use crate::value::{Day, Gender, RuleCode, RuleOrigin, Verification};

/// Retirement age of persons who reach it on or after `valid_from`, until the next row of the same gender.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "retirement_age")]
pub struct Model {
    /// Code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: RuleCode,
    /// Gender.
    pub gender: Gender,
    /// First day, inclusive: 1 January of a year.
    pub valid_from: Day,
    /// Age in months.
    pub age_months: i32,
    /// Legal instrument and article.
    pub legal_basis: String,
    /// Whether the value was compared with the instrument.
    pub verification: Verification,
    /// Origin of the row.
    pub origin: RuleOrigin,
}

impl ActiveModelBehavior for ActiveModel {}
