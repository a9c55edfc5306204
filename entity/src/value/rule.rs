//! Enums of rules.

use std::{fmt, str::FromStr};

use sea_orm::{DeriveActiveEnum, EnumIter, sea_query::StringLen};

use super::set::{UnknownWord, words};

words!(RuleKey, CountingBasis, Verification, RuleOrigin, Severity);

/// Subject of a rule of law. The service implements the check of each key; its value, scope and validity are data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum RuleKey {
    /// Minimum term of a rotation, in months (thời hạn luân chuyển tối thiểu).
    #[sea_orm(string_value = "rotation.min_term_months")]
    MinTerm,
    /// Minimum remaining service until retirement on the start day, in months (thời gian công tác còn lại).
    #[sea_orm(string_value = "rotation.min_remaining_service_months")]
    MinRemainingService,
    /// Whether the person must be in a planning pool on the start day (phải trong quy hoạch): 1 or 0.
    #[sea_orm(string_value = "rotation.requires_planning_entry")]
    RequiresPlanningEntry,
    /// Maximum term of a secondment, in months (thời hạn biệt phái tối đa).
    #[sea_orm(string_value = "secondment.max_term_months")]
    MaxSecondmentTerm,
}

/// Counting basis of a rule's value (cách tính).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum CountingBasis {
    /// From the start to the end of the rotation.
    #[sea_orm(string_value = "PER_ROTATION")]
    PerRotation,
    /// Time in the title at the destination.
    #[sea_orm(string_value = "PER_TITLE")]
    PerTitle,
    /// From the start day to the retirement of the person.
    #[sea_orm(string_value = "TO_RETIREMENT")]
    ToRetirement,
    /// State on the start day.
    #[sea_orm(string_value = "ON_START_DAY")]
    OnStartDay,
}

/// Whether the value of a rule was compared with the text of its instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Verification {
    /// Compared with the text.
    #[sea_orm(string_value = "VERIFIED")]
    Verified,
    /// Not compared with the text: checks by such a rule neither pass nor fail.
    #[sea_orm(string_value = "UNVERIFIED")]
    Unverified,
}

/// Origin of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum RuleOrigin {
    /// Included in the service.
    #[sea_orm(string_value = "SHIPPED")]
    Shipped,
    /// Added by an office; takes precedence over an included rule of the same scope.
    #[sea_orm(string_value = "OFFICE")]
    Office,
}

/// Weight of a requirement of a standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Severity {
    /// A person who does not meet it is below the standard (bắt buộc).
    #[sea_orm(string_value = "MUST")]
    Must,
    /// It is reported, but decides nothing (khuyến khích).
    #[sea_orm(string_value = "SHOULD")]
    Should,
}
