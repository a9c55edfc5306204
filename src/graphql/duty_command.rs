//! Mutations of yearly duties.

use async_graphql::{Context, Object};

use crate::{
    domain::{
        command::Command,
        duty::commands::{End, EndExemption, Exempt, Issue},
    },
    error::Result,
    graphql::{cadre::Cadre, duty::Duty, payload::Payload, refusal::UserError},
};

/// Result of a mutation: the duty in its current state, or the reasons of the refusal.
#[Object(name_type)]
impl<C: Command> Payload<C, Duty> {
    /// The duty in its current state; null if the mutation was refused.
    async fn duty(&self) -> Option<&Duty> {
        self.object()
    }

    /// Reasons of the refusal; empty if the mutation succeeded, now or in an earlier identical request.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Result of a mutation: the person, or the reasons of the refusal.
#[Object(name_type)]
impl<C: Command> Payload<C, Cadre> {
    /// The person; null if the mutation was refused.
    async fn cadre(&self) -> Option<&Cadre> {
        self.object()
    }

    /// Reasons of the refusal; empty if the mutation succeeded, now or in an earlier identical request.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Mutations of yearly duties.
#[derive(Default)]
pub struct DutyMutation;

#[Object]
impl DutyMutation {
    /// Issues a yearly duty for the units below a unit (ban hành chế độ bồi dưỡng bắt buộc). The issuer records the values of
    /// its own instrument, so the duty counts as verified. Duties of the whole country are imported by the operator.
    async fn duty_issue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The duty.")] input: Issue,
    ) -> Result<Option<Payload<Issue, Duty>>> {
        Payload::executed(ctx, &input, Duty).await
    }

    /// Ends a yearly duty that a unit within reach issued (bãi bỏ chế độ bồi dưỡng bắt buộc).
    async fn duty_end(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The last day.")] input: End,
    ) -> Result<Option<Payload<End, Duty>>> {
        Payload::executed(ctx, &input, Duty).await
    }

    /// Exempts a person, whose file is within reach, from a duty in a calendar year (miễn, hoãn thực hiện chế độ).
    async fn duty_exempt(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The exemption.")] input: Exempt,
    ) -> Result<Option<Payload<Exempt, Cadre>>> {
        Payload::executed(ctx, &input, Cadre).await
    }

    /// Ends the exemption of a person from a duty in a calendar year (chấm dứt việc miễn, hoãn). An exemption that began
    /// earlier ends with the year before; one that began in the year is withdrawn.
    async fn duty_exemption_end(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first year without the exemption.")] input: EndExemption,
    ) -> Result<Option<Payload<EndExemption, Cadre>>> {
        Payload::executed(ctx, &input, Cadre).await
    }
}
