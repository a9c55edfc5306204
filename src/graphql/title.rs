//! Titles (chức danh).

use async_graphql::{Context, Object};
use entity::title;

use crate::graphql::{
    ContextExt,
    view::{Fields, View, engine::object},
};

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

object!(Title, "A title (chức danh) of a post.");

impl View for Title {
    const NAME: &'static str = "Title";
    type Of<'a> = &'a title::Model;

    fn of(&self) -> &title::Model {
        &self.0
    }

    fn view(of: &title::Model) -> Self {
        Self(of.clone())
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.text(("code", "Code of the title (mã chức danh)."), |title, _| title.code.as_str());
        fields.text(("name", "Name of the title, in Vietnamese (tên chức danh)."), |title, _| &title.name);
        fields.value(("category", "Category of its holders."), |title, _| title.category);
        fields.value(("tier", "Tier of the title (cấp); null for any."), |title, _| title.tier);
        fields.value(
            ("isKeyLeader", "Whether its holders count as key leaders (cán bộ chủ chốt)."),
            |title, _| title.is_key_leader,
        );
    }
}
