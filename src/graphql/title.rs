//! Titles (chức danh).

use async_graphql::{Context, Object};
use entity::{
    title as row, title_step,
    value::{Day, Verification},
};

use crate::{
    domain::title::{self, TitleWhere},
    graphql::{
        ContextExt,
        view::{Argument, Fields, View, engine::object},
    },
};

/// Root fields of titles.
#[derive(Default)]
pub struct TitleQuery;

#[Object]
impl TitleQuery {
    /// Titles (chức danh), by code.
    async fn titles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of the titles; all titles if absent.")] r#where: Option<TitleWhere>,
    ) -> Vec<Title> {
        let listed = title::list(ctx.reference_data(), &r#where.unwrap_or_default());
        listed.into_iter().cloned().map(Title).collect()
    }
}

/// A title (chức danh) of a post.
pub struct Title(pub row::Model);

object!(Title, "A title (chức danh) of a post.");

impl View for Title {
    const NAME: &'static str = "Title";
    type Of<'a> = &'a row::Model;

    fn of(&self) -> &row::Model {
        &self.0
    }

    fn view(of: &row::Model) -> Self {
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
        fields.optional_text(
            ("group", "Code of its group (nhóm chức danh), such as COMMUNE_KEY; null if it is not recorded."),
            |title, _| title.group_code.as_ref().map(|code| code.as_str()),
        );
        fields
            .value(("role", "Role of its holders in the unit (vai trò); null if it is not recorded."), |title, _| {
                title.role
            });
        fields.optional_by::<TitleStep, Option<Day>>(
            ("step", "Step of the title on a day (bậc); null if none is recorded for this day."),
            Argument::new("asOf", "The day; today by default."),
            |title, with, day| {
                let steps = with.reference_data().title_steps();
                Ok(steps.on(title.code.as_str(), day.unwrap_or(with.access.today())))
            },
        );
        fields.list::<TitleStep>(("steps", "Steps of the title (bậc), of any day, oldest first."), |title, with| {
            Ok(with.reference_data().title_steps().of_title(title.code.as_str()).iter().collect())
        });
    }
}

/// A step of a title during an interval.
pub struct TitleStep(title_step::Model);

object!(
    TitleStep,
    "A step of a title (bậc chức danh) during an interval: the order of titles by an instrument. 1 is the highest."
);

impl View for TitleStep {
    const NAME: &'static str = "TitleStep";
    type Of<'a> = &'a title_step::Model;

    fn of(&self) -> &title_step::Model {
        &self.0
    }

    fn view(of: &title_step::Model) -> Self {
        Self(of.clone())
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.value(("value", "Number of the step; 1 is the highest."), |step, _| i32::from(step.step));
        fields.value(("validFrom", "First day, inclusive."), |step, _| step.valid_from);
        fields.value(("validTo", "End day, exclusive; null if no end is recorded."), |step, _| step.valid_to);
        fields.text(("legalBasis", "Legal instrument and article (căn cứ pháp lý)."), |step, _| &step.legal_basis);
        fields.value(
            (
                "verified",
                "Whether it was compared with the text of the instrument (đã đối chiếu). An unverified step decides nothing.",
            ),
            |step, _| step.verification == Verification::Verified,
        );
    }
}
