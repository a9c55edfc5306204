//! Enums of titles and of areas.

use std::{fmt, str::FromStr};

use sea_orm::{DeriveActiveEnum, EnumIter, sea_query::StringLen};

use super::set::{UnknownWord, words};

words!(TitleRole, AreaKind);

/// Role of the holder of a title in the unit (vai trò).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum TitleRole {
    /// Head (cấp trưởng).
    #[sea_orm(string_value = "HEAD")]
    Head,
    /// Deputy (cấp phó).
    #[sea_orm(string_value = "DEPUTY")]
    Deputy,
    /// Member of an elected or appointed body (ủy viên, thành viên).
    #[sea_orm(string_value = "MEMBER")]
    Member,
    /// Staff without a leading title (chuyên viên, nhân viên).
    #[sea_orm(string_value = "STAFF")]
    Staff,
}

/// Area of a unit (khu vực, địa bàn).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum AreaKind {
    /// Recorded by a document as none of the other areas (khu vực bình thường).
    #[sea_orm(string_value = "NORMAL")]
    Normal,
    /// Mountains and highlands (miền núi, vùng cao).
    #[sea_orm(string_value = "MOUNTAINOUS")]
    Mountainous,
    /// Border (biên giới).
    #[sea_orm(string_value = "BORDER")]
    Border,
    /// Islands (hải đảo).
    #[sea_orm(string_value = "ISLAND")]
    Island,
    /// Ethnic minorities (vùng đồng bào dân tộc thiểu số).
    #[sea_orm(string_value = "MINORITY")]
    Minority,
    /// Especially difficult socio-economic conditions (đặc biệt khó khăn).
    #[sea_orm(string_value = "VERY_POOR")]
    VeryPoor,
}
