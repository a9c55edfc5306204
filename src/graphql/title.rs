//! Titles (chức danh).

use async_graphql::{Context, Object};
use entity::{
    title,
    value::{Category, Tier},
};

use crate::graphql::ContextExt;

/// Root fields of titles.
#[derive(Default)]
pub struct TitleQuery;

#[Object]
impl TitleQuery {
    /// All titles (chức danh), by code.
    async fn titles(&self, ctx: &Context<'_>) -> Vec<Title> {
        ctx.reference_data().titles().cloned().map(Title).collect()
    }
}

/// A title (chức danh) of a post.
pub struct Title(pub title::Model);

/// A title (chức danh) of a post.
#[Object]
impl Title {
    /// Code of the title (mã chức danh).
    async fn code(&self) -> &str {
        self.0.code.as_str()
    }

    /// Name of the title, in Vietnamese (tên chức danh).
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Category of its holders.
    async fn category(&self) -> Category {
        self.0.category
    }

    /// Tier of the title (cấp); null for any.
    async fn tier(&self) -> Option<Tier> {
        self.0.tier
    }

    /// Whether its holders count as key leaders (cán bộ chủ chốt).
    async fn is_key_leader(&self) -> bool {
        self.0.is_key_leader
    }
}
