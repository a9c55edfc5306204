//! Closed sets of rules as data.

use std::{fmt, str::FromStr};

use sea_orm::{DeriveActiveEnum, EnumIter, sea_query::StringLen};

use super::set::{UnknownWord, words};

words!(RuleKey, CountingBasis, Verification, RuleOrigin);

/// What a rule of law is about. The service knows how to judge each key; its value, scope and time are data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum RuleKey {
    /// Least term of a rotation, in months (thời hạn luân chuyển tối thiểu).
    #[sea_orm(string_value = "rotation.min_term_months")]
    MinTerm,
    /// Least service left until retirement on the start day, in months (thời gian công tác còn lại).
    #[sea_orm(string_value = "rotation.min_remaining_service_months")]
    MinRemainingService,
    /// Whether the person must be in a planning pool on the start day (phải trong quy hoạch): 1 or 0.
    #[sea_orm(string_value = "rotation.requires_planning_entry")]
    RequiresPlanningEntry,
    /// Longest term of a secondment, in months (thời hạn biệt phái tối đa).
    #[sea_orm(string_value = "secondment.max_term_months")]
    MaxSecondmentTerm,
}

/// What the value of a rule is counted over (cách tính).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum CountingBasis {
    /// From the start to the end of the rotation.
    #[sea_orm(string_value = "PER_ROTATION")]
    PerRotation,
    /// On the title that is held at the destination.
    #[sea_orm(string_value = "PER_TITLE")]
    PerTitle,
    /// From the start day to the retirement of the person.
    #[sea_orm(string_value = "TO_RETIREMENT")]
    ToRetirement,
    /// As things stand on the start day.
    #[sea_orm(string_value = "ON_START_DAY")]
    OnStartDay,
}

/// Whether the value of a rule was compared with the text of its instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum Verification {
    /// It was.
    #[sea_orm(string_value = "VERIFIED")]
    Verified,
    /// It was not: such a rule neither passes nor fails anybody.
    #[sea_orm(string_value = "UNVERIFIED")]
    Unverified,
}

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum RuleOrigin {
    /// It ships with the service.
    #[sea_orm(string_value = "SHIPPED")]
    Shipped,
    /// An office added it; it goes before a shipped one of the same scope.
    #[sea_orm(string_value = "OFFICE")]
    Office,
}
