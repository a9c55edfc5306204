//! Mutations of classes.

use async_graphql::{Context, Object};

use crate::{
    domain::{
        command::Command,
        training::commands::class::{Advance, Amend, Plan},
    },
    error::Result,
    graphql::{payload::Payload, refusal::UserError, training::class::TrainingClass},
};

/// Result of a mutation: the class in its current state, or the reasons of the refusal.
#[Object(name_type)]
impl<C: Command> Payload<C, TrainingClass> {
    /// The class in its current state; null if the mutation was refused.
    async fn class(&self) -> Option<&TrainingClass> {
        self.object()
    }

    /// Reasons of the refusal; empty if the mutation succeeded, now or in an earlier identical request.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Mutations of classes.
#[derive(Default)]
pub struct ClassMutation;

#[Object]
impl ClassMutation {
    /// Plans a class (dự kiến mở lớp); its state becomes PLANNED.
    async fn class_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The class to plan.")] input: Plan,
    ) -> Result<Option<Payload<Plan, TrainingClass>>> {
        Payload::executed(ctx, &input, TrainingClass).await
    }

    /// Moves a class and all its enrolments to the next state (chiêu sinh, xác nhận mở lớp, khai giảng, bế giảng, hoãn,
    /// hủy).
    async fn class_advance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The next state.")] input: Advance,
    ) -> Result<Option<Payload<Advance, TrainingClass>>> {
        Payload::executed(ctx, &input, TrainingClass).await
    }

    /// Changes the number of seats (điều chỉnh sĩ số), not below the seats taken, or the sessions (điều chỉnh lịch
    /// học), which must not coincide with sessions of other classes of its learners.
    async fn class_amend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: Amend,
    ) -> Result<Option<Payload<Amend, TrainingClass>>> {
        Payload::executed(ctx, &input, TrainingClass).await
    }
}
