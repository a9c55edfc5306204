//! Titles (chức danh).

use sea_orm::entity::prelude::*;

use crate::value::{Category, Tier, TitleCode};

/// A title that an assignment gives.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "title")]
pub struct Model {
    /// Code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: TitleCode,
    /// Name.
    pub name: String,
    /// Category of those who hold it.
    pub category: Category,
    /// Tier it belongs to; none: any.
    pub tier: Option<Tier>,
    /// Whether its holders count as key leaders (cán bộ chủ chốt).
    pub is_key_leader: bool,
}

impl ActiveModelBehavior for ActiveModel {}
