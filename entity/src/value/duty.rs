//! Enums of duties.

use std::{fmt, str::FromStr};

use sea_orm::{DeriveActiveEnum, EnumIter, sea_query::StringLen};

use super::set::{UnknownWord, words};

words!(DutyMeasure, ExemptionReason);

/// How a duty is counted (cách tính).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum DutyMeasure {
    /// Courses in which the person took part (số lượt tham gia).
    #[sea_orm(string_value = "PARTICIPATION")]
    Participation,
    /// Hours of completed programmes (số giờ).
    #[sea_orm(string_value = "HOURS")]
    Hours,
}

/// Reason of an exemption from a duty (lý do miễn, hoãn). Some reasons concern health, so all are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum ExemptionReason {
    /// Maternity leave (thai sản).
    #[sea_orm(string_value = "MATERNITY")]
    Maternity,
    /// Sick leave (ốm đau).
    #[sea_orm(string_value = "SICK")]
    Sick,
    /// Studies of a year or longer (đi học dài hạn).
    #[sea_orm(string_value = "LONG_STUDY")]
    LongStudy,
    /// New in service (mới tuyển dụng).
    #[sea_orm(string_value = "NEW")]
    New,
    /// Abroad (đang ở nước ngoài).
    #[sea_orm(string_value = "ABROAD")]
    Abroad,
    /// Soon to retire (sắp nghỉ hưu).
    #[sea_orm(string_value = "RETIRING")]
    Retiring,
}
