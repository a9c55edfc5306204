//! Enums of appraisals.

use std::{fmt, str::FromStr};

use sea_orm::{DeriveActiveEnum, EnumIter, sea_query::StringLen};

use super::set::{UnknownWord, words};

words!(AppraisalSystem, AppraisalPeriod, AppraisalRating, AppraisalState);

/// System of appraisal (hệ thống đánh giá). A person has separate results in each; they are never merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum AppraisalSystem {
    /// As a cadre, civil servant or public employee (cán bộ, công chức, viên chức).
    #[sea_orm(string_value = "STATE")]
    State,
    /// As a member of the Party (đảng viên).
    #[sea_orm(string_value = "PARTY")]
    Party,
}

/// Period that an appraisal covers (kỳ đánh giá).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum AppraisalPeriod {
    /// A calendar year (năm).
    #[sea_orm(string_value = "YEAR")]
    Year,
    /// A quarter of a year (quý).
    #[sea_orm(string_value = "QUARTER")]
    Quarter,
    /// A month (tháng).
    #[sea_orm(string_value = "MONTH")]
    Month,
    /// A term that ends in the year (nhiệm kỳ).
    #[sea_orm(string_value = "TERM")]
    Term,
}

impl AppraisalPeriod {
    /// Number of such periods in a year that are counted; `None` for a period without a number.
    pub fn numbers(self) -> Option<i32> {
        match self {
            Self::Quarter => Some(4),
            Self::Month => Some(12),
            Self::Year | Self::Term => None,
        }
    }
}

/// Result of an appraisal (mức xếp loại chất lượng).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum AppraisalRating {
    /// Tasks fulfilled excellently (hoàn thành xuất sắc nhiệm vụ).
    #[sea_orm(string_value = "EXCELLENT")]
    Excellent,
    /// Tasks fulfilled well (hoàn thành tốt nhiệm vụ).
    #[sea_orm(string_value = "GOOD")]
    Good,
    /// Tasks fulfilled (hoàn thành nhiệm vụ).
    #[sea_orm(string_value = "FULFILLED")]
    Fulfilled,
    /// Tasks not fulfilled (không hoàn thành nhiệm vụ).
    #[sea_orm(string_value = "NOT_FULFILLED")]
    NotFulfilled,
    /// No rating, for example because the person worked for less than six months (không đánh giá, xếp loại).
    #[sea_orm(string_value = "NOT_RATED")]
    NotRated,
}

/// State of an appraisal (trạng thái).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum AppraisalState {
    /// In effect (có hiệu lực).
    #[sea_orm(string_value = "CURRENT")]
    Current,
    /// Another appraisal replaces it (đã được thay thế).
    #[sea_orm(string_value = "SUPERSEDED")]
    Superseded,
    /// It was annulled (đã hủy bỏ).
    #[sea_orm(string_value = "ANNULLED")]
    Annulled,
}
