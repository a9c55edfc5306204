//! Training (đào tạo, bồi dưỡng): plans, quotas, classes, enrolments, progress.

pub mod act;
pub mod class;
pub mod enrolment;
pub mod plan;
pub mod progress;
pub mod quota;

use async_graphql::{Context, Object};

use crate::{
    domain::{
        page::PageArgs,
        training::{
            class::{self as classes, ClassList, TrainingClassKey, TrainingClassOrder, TrainingClassWhere},
            enrolment::{EnrolmentList, EnrolmentWhere},
            plan::{self as plans, TrainingPlanKey},
        },
    },
    error::Result,
    graphql::{
        ContextExt, found,
        page::{Connection, Total},
        training::{class::TrainingClass, enrolment::Enrolment, plan::TrainingPlan},
    },
};

/// Roots about training.
#[derive(Default)]
pub struct TrainingQuery;

#[Object]
impl TrainingQuery {
    /// A training plan (kế hoạch đào tạo, bồi dưỡng) by id or code. Null if there is none, or neither its unit nor a
    /// unit that holds one of its quotas is within reach.
    async fn training_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What names it.")] by: TrainingPlanKey,
    ) -> Result<Option<TrainingPlan>> {
        Ok(found(plans::look_up(ctx.access(), &by).await)?.map(TrainingPlan))
    }

    /// A class (lớp) by id or code. Null if there is none, or none of its organiser, the units that sent somebody to it,
    /// and those that hold a quota of its plan for it is within reach.
    async fn training_class(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What names it.")] by: TrainingClassKey,
    ) -> Result<Option<TrainingClass>> {
        Ok(found(classes::look_up(ctx.access(), &by).await)?.map(TrainingClass))
    }

    /// The classes (lớp) whose organiser, a unit that sent somebody to them, or one that holds a quota of their plan for
    /// them is within reach.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract and of Relay")]
    async fn training_classes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which classes are wanted; all if absent.")] r#where: Option<TrainingClassWhere>,
        #[graphql(desc = "By first day, latest first, if absent.")] order_by: Option<Vec<TrainingClassOrder>>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<TrainingClass>> {
        let list = ClassList { filter: r#where.unwrap_or_default(), order: order_by.unwrap_or_default() };
        let page = list.page(ctx.access(), &PageArgs { first, after, last, before }).await?;
        Ok(Connection::new(page, Total::Classes(list), TrainingClass))
    }

    /// The enrolments (học viên) whose sending unit, or the organiser of whose class, is within reach, in the order in
    /// which they were recorded. `totalCount` counts turns (lượt).
    async fn enrolments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which enrolments are wanted; all if absent.")] r#where: Option<EnrolmentWhere>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Enrolment>> {
        let list = EnrolmentList { filter: r#where.unwrap_or_default(), ..EnrolmentList::default() };
        Enrolment::list(ctx, list, PageArgs { first, after, last, before }).await
    }
}
