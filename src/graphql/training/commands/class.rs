//! Acts on classes.

use async_graphql::{Context, Object};

use crate::{
    domain::training::commands::class::{self as act, Advance, Amend, OnClass, Plan},
    error::Result,
    graphql::{
        ContextExt,
        payload::{Answered, Payload},
        refusal::UserError,
        training::class::TrainingClass,
    },
};

impl Answered for Plan {
    const PAYLOAD: &'static str = "ClassPlanPayload";
}
impl Answered for Advance {
    const PAYLOAD: &'static str = "ClassAdvancePayload";
}
impl Answered for Amend {
    const PAYLOAD: &'static str = "ClassAmendPayload";
}

/// What came of an act: the class as it stands now, or why the act was refused.
#[Object(name_type)]
impl<A: Answered + Send + Sync> Payload<A, TrainingClass> {
    /// The class as it stands now; null if the act was refused.
    async fn class(&self) -> Option<&TrainingClass> {
        self.object()
    }

    /// Why the act was refused; empty if it was done, now or by the same request before.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Acts on classes.
#[derive(Default)]
pub struct ClassMutation;

#[Object]
impl ClassMutation {
    /// Plans a class (dự kiến mở lớp), which is then PLANNED.
    async fn class_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is planned.")] input: Plan,
    ) -> Result<Option<Payload<Plan, TrainingClass>>> {
        Ok(Some(Payload::of(ctx, act::plan(ctx.access(), &input).await?, TrainingClass)))
    }

    /// Leads a class to its next state (chiêu sinh, xác nhận mở lớp, khai giảng, bế giảng, hoãn, hủy), with everybody
    /// in it.
    async fn class_advance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The next state.")] input: Advance,
    ) -> Result<Option<Payload<Advance, TrainingClass>>> {
        carried_out(ctx, input).await
    }

    /// Gives a class another number of seats (điều chỉnh sĩ số), never fewer than are taken, or other sessions (điều
    /// chỉnh lịch học), on which nobody in it has a session of another class.
    async fn class_amend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is new.")] input: Amend,
    ) -> Result<Option<Payload<Amend, TrainingClass>>> {
        carried_out(ctx, input).await
    }
}

async fn carried_out<A: OnClass>(ctx: &Context<'_>, input: A) -> Result<Option<Payload<A, TrainingClass>>> {
    Ok(Some(Payload::of(ctx, act::execute(ctx.access(), &input).await?, TrainingClass)))
}
