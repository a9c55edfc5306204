//! Mutations of enrolments.

use async_graphql::{Context, Object, SimpleObject};

use crate::{
    domain::{
        command::Command,
        training::commands::enrolment::{Complete, Confirm, Drop, Enrol, Enrolled, Revoke, Warning},
    },
    error::Result,
    graphql::{ContextExt, payload::Payload, refusal::UserError, training::enrolment::Enrolment},
};

/// Result of a mutation: the enrolment in its current state, or the reasons of the refusal.
#[Object(name_type)]
impl<C: Command> Payload<C, Enrolment> {
    /// The enrolment in its current state; null if the mutation was refused.
    async fn enrolment(&self) -> Option<&Enrolment> {
        self.object()
    }

    /// Reasons of the refusal; empty if the mutation succeeded, now or in an earlier identical request.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// A warning about a successful enrolment.
#[derive(SimpleObject)]
pub struct EnrolmentWarning {
    /// Code, for programs; never changes.
    code: &'static str,
    /// Message for people: the possible problem.
    message: String,
}

/// A new enrolment, with its warnings.
pub struct EnrolmentResult {
    enrolment: Enrolment,
    warnings: Vec<EnrolmentWarning>,
}

/// Result of enrolling: the enrolment in its current state, or the reasons of the refusal.
#[Object(name_type)]
impl<C: Command> Payload<C, EnrolmentResult> {
    /// The enrolment in its current state; null if the mutation was refused.
    async fn enrolment(&self) -> Option<&Enrolment> {
        self.object().map(|enrolled| &enrolled.enrolment)
    }

    /// Warnings about the enrolment, such as another class on the same days.
    async fn warnings(&self) -> &[EnrolmentWarning] {
        self.object().map(|enrolled| enrolled.warnings.as_slice()).unwrap_or_default()
    }

    /// Reasons of the refusal; empty if the mutation succeeded, now or in an earlier identical request.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Mutations of enrolments.
#[derive(Default)]
pub struct EnrolmentMutation;

#[Object]
impl EnrolmentMutation {
    /// Enrols a person in a class (cử đi học). Never exceeds its seats, even with concurrent requests.
    async fn class_enrol(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person and the class.")] input: Enrol,
    ) -> Result<Option<Payload<Enrol, EnrolmentResult>>> {
        let language = ctx.language();
        let view = |enrolled: Enrolled| {
            let warnings = enrolled.warnings.into_iter();
            let warning = |warning: Warning| EnrolmentWarning {
                code: warning.code,
                message: warning.sentence.text(language).to_owned(),
            };
            EnrolmentResult { enrolment: Enrolment(enrolled.enrolment), warnings: warnings.map(warning).collect() }
        };
        Payload::executed(ctx, &input, view).await
    }

    /// Confirms a learner on the waiting list (xác nhận học viên dự bị), if a seat is free.
    async fn enrolment_confirm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The enrolment to confirm.")] input: Confirm,
    ) -> Result<Option<Payload<Confirm, Enrolment>>> {
        Payload::executed(ctx, &input, Enrolment).await
    }

    /// Records that a learner drops out (thôi học). Frees the seats.
    async fn enrolment_drop(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The enrolment to drop.")] input: Drop,
    ) -> Result<Option<Payload<Drop, Enrolment>>> {
        Payload::executed(ctx, &input, Enrolment).await
    }

    /// Records a result (kết quả học tập). A pass grants the qualification of the programme, once.
    async fn enrolment_complete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The result.")] input: Complete,
    ) -> Result<Option<Payload<Complete, Enrolment>>> {
        Payload::executed(ctx, &input, Enrolment).await
    }

    /// Revokes a result (thu hồi kết quả), and the qualification that it granted.
    async fn enrolment_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The result to revoke.")] input: Revoke,
    ) -> Result<Option<Payload<Revoke, Enrolment>>> {
        Payload::executed(ctx, &input, Enrolment).await
    }
}
