//! Training plans (kế hoạch đào tạo, bồi dưỡng).

use async_graphql::{Context, ID, Object};
use entity::value::PlanId;

use crate::{
    authz::VisiblePlan,
    domain::{
        training::{
            day_of_year,
            quota::{QuotaList, QuotasOf},
        },
        unit,
    },
    error::{Error, Result},
    graphql::{
        ContextExt,
        document::Document,
        page::{Connection, Listed},
        training::quota::Quota,
        unit::Unit,
        view::{Fields, View, engine::Declared},
    },
    page::PageArgs,
};

/// A training plan (kế hoạch đào tạo, bồi dưỡng) of a unit for a year or a period, as of today.
pub struct TrainingPlan(pub VisiblePlan);

impl Listed for TrainingPlan {
    const CONNECTION: &'static str = "TrainingPlanConnection";
    const EDGE: &'static str = "TrainingPlanEdge";
}

impl TrainingPlan {
    /// A plan by id, if visible to the caller.
    pub(super) async fn of(ctx: &Context<'_>, id: PlanId) -> Result<Option<Self>> {
        Ok(ctx.loaders().plan(id).await?.as_ref().clone().map(Self))
    }

    /// The field of the interface `Node`.
    pub async fn id(&self, _: &Context<'_>) -> Result<ID> {
        Ok(self.0.row().id.into())
    }
}

/// A training plan (kế hoạch đào tạo, bồi dưỡng) of a unit for a year or a period, as of today.
#[Object]
impl TrainingPlan {
    #[graphql(flatten)]
    fn declared(&self) -> Declared<'_, Self> {
        Declared(self)
    }

    /// Registered document (văn bản) that `documentNo` names; null if none is registered or several are possible.
    async fn document(&self, ctx: &Context<'_>) -> Option<Document> {
        let (access, row) = (ctx.access(), self.0.row());
        let day = day_of_year(access, row.unit_id, row.year_from);
        Document::cited(ctx, row.document_no.as_deref()?, (Some(row.unit_id), day))
    }

    /// Quotas (chỉ tiêu) of units within reach, by programme.
    async fn quotas(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
    ) -> Result<Connection<Quota>> {
        let list = QuotaList::of(QuotasOf::Plan(self.0.row().id), false);
        Quota::list(ctx, list, PageArgs { first, after, last, before }).await
    }
}

impl View for TrainingPlan {
    const NAME: &'static str = "TrainingPlan";
    type Of<'a> = &'a VisiblePlan;

    fn of(&self) -> &VisiblePlan {
        &self.0
    }

    fn view(of: &VisiblePlan) -> Self {
        Self(of.clone())
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.id(("id", "Opaque id."), |plan, _| plan.row().id);
        fields.text(("code", "Code of the plan (mã kế hoạch)."), |plan, _| plan.row().code.as_str());
        fields.text(("name", "Name of the plan (tên kế hoạch)."), |plan, _| &plan.row().name);
        fields.optional_text(("documentNo", "Number of its document (số văn bản)."), |plan, _| {
            plan.row().document_no.as_deref()
        });
        fields.one::<Unit>(
            (
                "unit",
                "Unit of the plan, as of the end of the last year. Returned even if it is out of reach; its related objects are\n\
                 not accessible then.",
            ),
            |plan, with| {
                let (access, row) = (with.access, plan.row());
                let unit = unit::named_by(access, plan, row.unit_id, day_of_year(access, row.unit_id, row.year_to));
                unit.ok_or(Error::NotFound)
            },
        );
        fields.value(("yearFrom", "First calendar year, inclusive."), |plan, _| plan.row().year_from);
        fields.value(("yearTo", "Last calendar year, inclusive."), |plan, _| plan.row().year_to);
        fields.value(("state", "State of the plan (trạng thái)."), |plan, _| plan.row().state);
        fields.value(("version", "Increases with every change; send it back as `expectedVersion`."), |plan, _| {
            plan.row().version
        });
    }
}
