//! Training plans (kế hoạch đào tạo, bồi dưỡng).

use async_graphql::{Context, ID, Object};
use entity::value::{PlanId, PlanState};

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
    graphql::{ContextExt, page::Connection, training::quota::Quota, unit::Unit},
    page::PageArgs,
};

/// A training plan (kế hoạch đào tạo, bồi dưỡng) of a unit for a year or a period, as of today.
pub struct TrainingPlan(pub VisiblePlan);

impl TrainingPlan {
    /// A plan by id, if visible to the caller.
    pub(super) async fn of(ctx: &Context<'_>, id: PlanId) -> Result<Option<Self>> {
        Ok(ctx.loaders().plan(id).await?.as_ref().clone().map(Self))
    }
}

/// A training plan (kế hoạch đào tạo, bồi dưỡng) of a unit for a year or a period, as of today.
#[Object]
impl TrainingPlan {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        self.0.row().id.into()
    }

    /// Code of the plan (mã kế hoạch).
    async fn code(&self) -> &str {
        self.0.row().code.as_str()
    }

    /// Name of the plan (tên kế hoạch).
    async fn name(&self) -> &str {
        &self.0.row().name
    }

    /// Number of its document (số văn bản).
    async fn document_no(&self) -> Option<&str> {
        self.0.row().document_no.as_deref()
    }

    /// Unit of the plan, as of the end of the last year. Returned even if it is out of reach; its related objects are
    /// not accessible then.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        let (access, row) = (ctx.access(), self.0.row());
        let unit = unit::named_by(access, &self.0, row.unit_id, day_of_year(access, row.unit_id, row.year_to));
        unit.map(Unit).ok_or(Error::NotFound)
    }

    /// First calendar year, inclusive.
    async fn year_from(&self) -> i32 {
        self.0.row().year_from
    }

    /// Last calendar year, inclusive.
    async fn year_to(&self) -> i32 {
        self.0.row().year_to
    }

    /// State of the plan (trạng thái).
    async fn state(&self) -> PlanState {
        self.0.row().state
    }

    /// Quotas (chỉ tiêu) of units within reach, by programme.
    async fn quotas(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "A cursor: only what comes after it.")] after: Option<String>,
        #[graphql(desc = "How many from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: only what comes before it.")] before: Option<String>,
    ) -> Result<Connection<Quota>> {
        let list = QuotaList { of: QuotasOf::Plan(self.0.row().id), unused_only: false };
        Quota::list(ctx, list, PageArgs { first, after, last, before }).await
    }

    /// Increases with every change; send it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.row().version
    }
}
