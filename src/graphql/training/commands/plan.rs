//! Mutations of training plans.

use async_graphql::{Context, Object};

use crate::{
    domain::{
        command::Command,
        training::commands::plan::{Advance, Draft},
    },
    error::Result,
    graphql::{payload::Payload, refusal::UserError, training::plan::TrainingPlan},
};

/// Result of a mutation: the plan in its current state, or the reasons of the refusal.
#[Object(name_type)]
impl<C: Command> Payload<C, TrainingPlan> {
    /// The plan in its current state; null if the mutation was refused.
    async fn plan(&self) -> Option<&TrainingPlan> {
        self.object()
    }

    /// Reasons of the refusal; empty if the mutation succeeded, now or in an earlier identical request.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Mutations of training plans.
#[derive(Default)]
pub struct PlanMutation;

#[Object]
impl PlanMutation {
    /// Drafts a training plan (dự thảo kế hoạch đào tạo, bồi dưỡng).
    async fn plan_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The plan to draft.")] input: Draft,
    ) -> Result<Option<Payload<Draft, TrainingPlan>>> {
        Payload::executed(ctx, &input, TrainingPlan).await
    }

    /// Moves a training plan to its next state (trình duyệt, phê duyệt, ban hành, kết thúc kế hoạch).
    async fn plan_advance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The next state.")] input: Advance,
    ) -> Result<Option<Payload<Advance, TrainingPlan>>> {
        Payload::executed(ctx, &input, TrainingPlan).await
    }
}
