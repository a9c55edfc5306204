//! Kinds of documents.

use std::{fmt, str::FromStr};

use sea_orm::{DeriveActiveEnum, EnumIter, sea_query::StringLen};

use super::set::{UnknownWord, words};

words!(DocumentKind);

/// Kind of a document (loại văn bản).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum, async_graphql::Enum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum DocumentKind {
    /// Law (luật).
    #[sea_orm(string_value = "LAW")]
    Law,
    /// Decree (nghị định).
    #[sea_orm(string_value = "DECREE")]
    Decree,
    /// Circular (thông tư).
    #[sea_orm(string_value = "CIRCULAR")]
    Circular,
    /// Resolution (nghị quyết).
    #[sea_orm(string_value = "RESOLUTION")]
    Resolution,
    /// Regulation (quy định).
    #[sea_orm(string_value = "REGULATION")]
    Regulation,
    /// Decision (quyết định).
    #[sea_orm(string_value = "DECISION")]
    Decision,
    /// Directive (chỉ thị).
    #[sea_orm(string_value = "DIRECTIVE")]
    Directive,
    /// Conclusion (kết luận).
    #[sea_orm(string_value = "CONCLUSION")]
    Conclusion,
    /// Scheme (đề án).
    #[sea_orm(string_value = "SCHEME")]
    Scheme,
    /// Programme of action (chương trình hành động).
    #[sea_orm(string_value = "ACTION_PROGRAMME")]
    ActionProgramme,
    /// Plan (kế hoạch).
    #[sea_orm(string_value = "PLAN")]
    Plan,
    /// Guidance (hướng dẫn).
    #[sea_orm(string_value = "GUIDANCE")]
    Guidance,
    /// Official letter (công văn).
    #[sea_orm(string_value = "OFFICIAL_LETTER")]
    OfficialLetter,
    /// Any other kind (văn bản khác).
    #[sea_orm(string_value = "OTHER")]
    Other,
}
