//! Training (đào tạo, bồi dưỡng): plans, quotas, classes, enrolments, progress.

pub mod class;
pub mod commands;
pub mod enrolment;
pub mod plan;
pub mod progress;
pub mod quota;
pub mod study;

use async_graphql::{Context, Object};

use crate::{
    domain::training::{
        class::{self as classes, ClassList, TrainingClassKey, TrainingClassOrder, TrainingClassWhere},
        enrolment::{self as enrolments, EnrolmentKey, EnrolmentList, EnrolmentWhere},
        plan::{self as plans, PlanList, TrainingPlanKey, TrainingPlanOrder, TrainingPlanWhere},
        quota::{self as quotas, QuotaKey, QuotaList, QuotaWhere},
    },
    error::Result,
    graphql::{
        ContextExt, found,
        page::{Connection, Total},
        training::{class::TrainingClass, enrolment::Enrolment, plan::TrainingPlan, quota::Quota},
    },
    page::PageArgs,
};

/// Root fields of training.
#[derive(Default)]
pub struct TrainingQuery;

#[Object]
impl TrainingQuery {
    /// A training plan (kế hoạch đào tạo, bồi dưỡng) by id or code. Null if there is none, or neither its unit nor a
    /// unit with one of its quotas is within reach.
    async fn training_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key of the plan.")] by: TrainingPlanKey,
    ) -> Result<Option<TrainingPlan>> {
        Ok(found(plans::look_up(ctx.access(), &by).await)?.map(TrainingPlan))
    }

    /// A class (lớp) by id or code. Null if there is none, or none of these is within reach: its organiser, the sending
    /// units of its learners, the units with a quota of its plan for it.
    async fn training_class(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key of the class.")] by: TrainingClassKey,
    ) -> Result<Option<TrainingClass>> {
        Ok(found(classes::look_up(ctx.access(), &by).await)?.map(TrainingClass))
    }

    /// A quota (chỉ tiêu) by id. Null if there is none or it is not visible to the caller.
    async fn quota(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key of the quota.")] by: QuotaKey,
    ) -> Result<Option<Quota>> {
        Ok(found(quotas::look_up(ctx.access(), &by).await)?.map(Quota))
    }

    /// An enrolment (học viên) by id. Null if there is none, or neither its sending unit nor the organiser of its class
    /// is within reach.
    async fn enrolment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key of the enrolment.")] by: EnrolmentKey,
    ) -> Result<Option<Enrolment>> {
        Ok(found(enrolments::look_up(ctx.access(), &by).await)?.map(Enrolment))
    }

    /// Training plans (kế hoạch đào tạo, bồi dưỡng) with their unit, or a unit with one of their quotas, within reach.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract and of Relay")]
    async fn training_plans(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of the plans; all plans if absent.")] r#where: Option<TrainingPlanWhere>,
        #[graphql(desc = "Order of the list; by code if absent.")] order_by: Option<Vec<TrainingPlanOrder>>,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
    ) -> Result<Option<Connection<TrainingPlan>>> {
        let list = PlanList { filter: r#where.unwrap_or_default(), order: order_by.unwrap_or_default() };
        let page = list.page(ctx.access(), &PageArgs { first, after, last, before }).await?;
        Ok(Some(Connection::new(page, Total::Plans(list), TrainingPlan)))
    }

    /// Quotas (chỉ tiêu) of units within reach, in the order of recording.
    async fn quotas(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of the quotas; all quotas if absent.")] r#where: Option<QuotaWhere>,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
    ) -> Result<Option<Connection<Quota>>> {
        let list = QuotaList { filter: r#where.unwrap_or_default(), ..QuotaList::default() };
        Quota::list(ctx, list, PageArgs { first, after, last, before }).await.map(Some)
    }

    /// Classes (lớp) with one of these within reach: their organiser, the sending units of their learners, the units
    /// with a quota of their plan for them.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract and of Relay")]
    async fn training_classes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of the classes; all classes if absent.")] r#where: Option<TrainingClassWhere>,
        #[graphql(desc = "Order of the list; by first day, latest first, if absent.")] order_by: Option<
            Vec<TrainingClassOrder>,
        >,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
    ) -> Result<Option<Connection<TrainingClass>>> {
        let list = ClassList { filter: r#where.unwrap_or_default(), order: order_by.unwrap_or_default() };
        let page = list.page(ctx.access(), &PageArgs { first, after, last, before }).await?;
        Ok(Some(Connection::new(page, Total::Classes(list), TrainingClass)))
    }

    /// Enrolments (học viên) with the sending unit or the organiser of the class within reach, in the order of
    /// recording. `totalCount` counts turns (lượt).
    async fn enrolments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of the enrolments; all enrolments if absent.")] r#where: Option<EnrolmentWhere>,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
    ) -> Result<Option<Connection<Enrolment>>> {
        let list = EnrolmentList { filter: r#where.unwrap_or_default(), ..EnrolmentList::default() };
        Enrolment::list(ctx, list, PageArgs { first, after, last, before }).await.map(Some)
    }
}
