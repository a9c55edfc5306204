//! Titles (chức danh).

use sea_orm::entity::prelude::*;

use crate::value::{Category, Tier, TitleCode, TitleGroupCode, TitleRole};

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
    /// Code of its group; `None` if it is not recorded.
    pub group_code: Option<TitleGroupCode>,
    /// Role of its holders in the unit; `None` if it is not recorded.
    pub role: Option<TitleRole>,
}

impl ActiveModelBehavior for ActiveModel {}
