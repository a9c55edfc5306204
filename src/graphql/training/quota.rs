//! Quotas (chỉ tiêu).

use async_graphql::{Context, ID, Object};

use crate::{
    authz::VisibleQuota,
    domain::{
        training::quota::{self, QuotaList},
        unit,
    },
    error::{Error, Result},
    graphql::{
        ContextExt,
        fast_path::prefetch::Requirement,
        page::{Connection, Listed, Total},
        programme::Programme,
        training::plan::TrainingPlan,
        unit::Unit,
        view::{AllRelated, Fields, Related, Rows, View, engine::Declared},
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

impl Quota {
    /// The field of the interface `Node`.
    pub async fn id(&self, _: &Context<'_>) -> Result<ID> {
        Ok(self.0.row().id.into())
    }
}

/// A quota (chỉ tiêu): seats of a programme that a plan issues to a unit, which uses or allocates them.
#[Object]
impl Quota {
    #[graphql(flatten)]
    fn declared(&self) -> Declared<'_, Self> {
        Declared(self)
    }

    /// Quota that the seats were allocated from; null if the plan itself issued it, or that quota is out of reach.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Quota>> {
        let Some(parent) = self.0.row().parent_id else { return Ok(None) };
        Ok(ctx.loaders().quota(parent).await?.as_ref().clone().map(Quota))
    }
}

impl View for Quota {
    const NAME: &'static str = "Quota";
    type Of<'a> = &'a VisibleQuota;

    fn of(&self) -> &VisibleQuota {
        &self.0
    }

    fn view(of: &VisibleQuota) -> Self {
        Self(of.clone())
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.id(("id", "Opaque id."), |quota, _| quota.row().id);
        fields.related::<TrainingPlan>(
            ("plan", "Plan that issued the quota (kế hoạch)."),
            Related {
                requires: Requirement::Plans,
                load: |quota, ctx| {
                    Box::pin(async move {
                        let plan = TrainingPlan::of(ctx, quota.row().plan_id).await?;
                        plan.ok_or_else(missing_plan)
                    })
                },
                find: |quota, prefetched| prefetched.plan(quota.row().plan_id).ok_or_else(missing_plan),
            },
        );
        fields.one::<Unit>(
            ("unit", "Unit of the quota, as of today; if it has ended, as of its last day."),
            |quota, with| {
                let unit = unit::named_by(with.access, quota, quota.row().unit_id, with.access.today());
                unit.ok_or(Error::NotFound)
            },
        );
        fields.one::<Programme>(("programme", "Programme of the quota (chương trình)."), |quota, with| {
            Programme::named(with.reference_data(), &quota.row().programme_code)
        });
        fields.value(("mode", "Mode of study (hình thức); null for any."), |quota, _| quota.row().mode);
        fields
            .value(("measure", "Unit of counting: persons (người), each once, or turns (lượt)."), |quota, _| {
                quota.row().measure
            });
        fields.value(("seats", "Number of seats (số chỉ tiêu), including allocated ones."), |quota, _| {
            quota.row().seats
        });
        fields.value(
            (
                "seatsIsLowerBound",
                "Whether the seats are a lower bound (\"trên\", \"hơn\"); such a quota is never exhausted.",
            ),
            |quota, _| quota.row().is_lower_bound,
        );
        fields.value(("classes", "Planned number of classes (số lớp)."), |quota, _| quota.row().classes);
        fields.value(("allocated", "Seats allocated to units below (đã phân bổ)."), |quota, _| {
            quota.row().allocated
        });
        fields.value(
            ("used", "Seats used by enrolments (đã sử dụng), both by mutations and imports."),
            |quota, _| quota.row().used,
        );
        fields.value(
            (
                "remaining",
                "Seats that can still be allocated or used (còn lại): `seats - allocated - used`. Negative if imported history\n\
                 used more than there were.",
            ),
            |quota, _| quota.row().remaining(),
        );
        fields.value(
            (
                "fillPercent",
                "Used seats in percent of those not allocated, to one decimal (tỷ lệ sử dụng); null if all were allocated.",
            ),
            |quota, _| quota::fill_percent(quota.row()),
        );
        fields.all_related::<Self>(
            ("children", "Quotas allocated from it to units within reach, in the order of recording."),
            AllRelated {
                requires: Requirement::Children,
                load: |quota, ctx| {
                    Box::pin(async move {
                        let children = ctx.loaders().children(quota.row().id).await?;
                        Ok(children.iter().cloned().map(Self).collect())
                    })
                },
                find: |quota, _, prefetched| Ok(Rows::Borrowed(prefetched.children(quota.row().id).iter().collect())),
            },
        );
        fields.value(("state", "State of the quota (trạng thái)."), |quota, _| quota.row().state);
        fields.value(("version", "Increases with every change; send it back as `expectedVersion`."), |quota, _| {
            quota.row().version
        });
    }
}

fn missing_plan() -> Error {
    Error::internal("a quota refers to a plan that does not exist")
}
