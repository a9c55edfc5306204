//! Quotas (chỉ tiêu).

use async_graphql::{Context, ID, Object};
use entity::value::{Measure, QuotaState, StudyMode};

use crate::{
    authz::VisibleQuota,
    domain::{
        training::quota::{self, QuotaList},
        unit,
    },
    error::{Error, Result},
    graphql::{
        ContextExt,
        page::{Connection, Listed, Total},
        programme::Programme,
        training::plan::TrainingPlan,
        unit::Unit,
    },
    page::PageArgs,
};

/// A quota (chỉ tiêu): seats of a programme that a plan issues to a unit, which uses or allocates them.
pub struct Quota(pub VisibleQuota);

impl Listed for Quota {
    const CONNECTION: &'static str = "QuotaConnection";
    const EDGE: &'static str = "QuotaEdge";
}

impl Quota {
    /// A page of a list.
    pub(in crate::graphql) async fn list(
        ctx: &Context<'_>,
        list: QuotaList,
        args: PageArgs,
    ) -> Result<Connection<Self>> {
        let page = list.page(ctx.access(), &args).await?;
        Ok(Connection::new(page, Total::Quotas(list), Self))
    }
}

/// A quota (chỉ tiêu): seats of a programme that a plan issues to a unit, which uses or allocates them.
#[Object]
impl Quota {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        self.0.row().id.into()
    }

    /// Plan that issued the quota (kế hoạch).
    async fn plan(&self, ctx: &Context<'_>) -> Result<TrainingPlan> {
        let plan = TrainingPlan::of(ctx, self.0.row().plan_id).await?;
        plan.ok_or_else(|| Error::internal("a quota of no plan"))
    }

    /// Unit of the quota, as of today; if it has ended, as of its last day.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        let (access, unit) = (ctx.access(), self.0.row().unit_id);
        unit::named_by(access, &self.0, unit, access.today()).map(Unit).ok_or(Error::NotFound)
    }

    /// Programme of the quota (chương trình).
    async fn programme(&self, ctx: &Context<'_>) -> Result<Programme> {
        Programme::of(ctx, &self.0.row().programme_code)
    }

    /// Mode of study (hình thức); null for any.
    async fn mode(&self) -> Option<StudyMode> {
        self.0.row().mode
    }

    /// Unit of counting: persons (người), each once, or turns (lượt).
    async fn measure(&self) -> Measure {
        self.0.row().measure
    }

    /// Number of seats (số chỉ tiêu), including allocated ones.
    async fn seats(&self) -> i32 {
        self.0.row().seats
    }

    /// Whether the seats are a lower bound ("trên", "hơn"); such a quota is never exhausted.
    async fn seats_is_lower_bound(&self) -> bool {
        self.0.row().is_lower_bound
    }

    /// Planned number of classes (số lớp).
    async fn classes(&self) -> Option<i32> {
        self.0.row().classes
    }

    /// Seats allocated to units below (đã phân bổ).
    async fn allocated(&self) -> i32 {
        self.0.row().allocated
    }

    /// Seats used by enrolments (đã sử dụng), both by mutations and imports.
    async fn used(&self) -> i32 {
        self.0.row().used
    }

    /// Seats that can still be allocated or used (còn lại): `seats - allocated - used`. Negative if imported history
    /// used more than there were.
    async fn remaining(&self) -> i32 {
        self.0.row().remaining()
    }

    /// Used seats in percent of those not allocated, to one decimal (tỷ lệ sử dụng); null if all were allocated.
    async fn fill_percent(&self) -> Option<f64> {
        quota::fill_percent(self.0.row())
    }

    /// Quota that the seats were allocated from; null if the plan itself issued it, or that quota is out of reach.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Quota>> {
        let Some(parent) = self.0.row().parent_id else { return Ok(None) };
        Ok(ctx.loaders().quota(parent).await?.as_ref().clone().map(Quota))
    }

    /// Quotas allocated from it to units within reach, in the order of recording.
    async fn children(&self, ctx: &Context<'_>) -> Result<Vec<Quota>> {
        let children = ctx.loaders().children(self.0.row().id).await?;
        Ok(children.iter().cloned().map(Quota).collect())
    }

    /// State of the quota (trạng thái).
    async fn state(&self) -> QuotaState {
        self.0.row().state
    }

    /// Increases with every change; send it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.row().version
    }
}
