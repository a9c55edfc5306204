//! Titles (chức danh).

use sea_orm::entity::prelude::*;

use crate::value::{Category, Tier, TitleCode};

/// A title of a post.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "title")]
pub struct Model {
    /// Code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: TitleCode,
    /// Name.
    pub name: String,
    /// Category of its holders.
    pub category: Category,
    /// Tier of the title; `None` for any.
    pub tier: Option<Tier>,
    /// Whether its holders count as key leaders (cán bộ chủ chốt).
    pub is_key_leader: bool,
}

impl ActiveModelBehavior for ActiveModel {}
