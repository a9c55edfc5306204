//! Acts on enrolments.

use async_graphql::{Context, Object, SimpleObject};

use crate::{
    domain::training::commands::enrolment::{
        self as act, Complete, Confirm, Drop, Enrol, Enrolled, OnEnrolment, Revoke,
    },
    error::Result,
    graphql::{
        ContextExt,
        payload::{Answered, Payload},
        refusal::UserError,
        training::enrolment::Enrolment,
    },
};

impl Answered for Enrol {
    const PAYLOAD: &'static str = "ClassEnrolPayload";
}
impl Answered for Confirm {
    const PAYLOAD: &'static str = "EnrolmentConfirmPayload";
}
impl Answered for Drop {
    const PAYLOAD: &'static str = "EnrolmentDropPayload";
}
impl Answered for Complete {
    const PAYLOAD: &'static str = "EnrolmentCompletePayload";
}
impl Answered for Revoke {
    const PAYLOAD: &'static str = "EnrolmentRevokePayload";
}

/// What came of an act: the enrolment as it stands now, or why the act was refused.
#[Object(name_type)]
impl<A: Answered + Send + Sync> Payload<A, Enrolment> {
    /// The enrolment as it stands now; null if the act was refused.
    async fn enrolment(&self) -> Option<&Enrolment> {
        self.object()
    }

    /// Why the act was refused; empty if it was done, now or by the same request before.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Something that was done and may be doubted.
#[derive(SimpleObject)]
pub struct EnrolmentWarning {
    /// Code, for programs; never changes.
    code: &'static str,
    /// What may be doubted, for people.
    message: String,
}

/// An enrolment that was made, with what may be doubted about it.
pub struct Made {
    enrolment: Enrolment,
    warnings: Vec<EnrolmentWarning>,
}

/// What came of enrolling: the enrolment as it stands now, or why it was refused.
#[Object(name_type)]
impl<A: Answered + Send + Sync> Payload<A, Made> {
    /// The enrolment as it stands now; null if the act was refused.
    async fn enrolment(&self) -> Option<&Enrolment> {
        self.object().map(|made| &made.enrolment)
    }

    /// What was done and may be doubted, such as another class on the same days.
    async fn warnings(&self) -> &[EnrolmentWarning] {
        self.object().map(|made| made.warnings.as_slice()).unwrap_or_default()
    }

    /// Why the act was refused; empty if it was done, now or by the same request before.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Acts on enrolments.
#[derive(Default)]
pub struct EnrolmentMutation;

#[Object]
impl EnrolmentMutation {
    /// Enrols a person in a class (cử đi học). Never more than it has seats, whoever asks at once.
    async fn class_enrol(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who is enrolled in what.")] input: Enrol,
    ) -> Result<Option<Payload<Enrol, Made>>> {
        let language = ctx.language();
        let view = |made: Enrolled| {
            let warnings = made.warnings.into_iter();
            let warning = |warning: act::Warning| EnrolmentWarning {
                code: warning.code,
                message: warning.sentence.text(language).to_owned(),
            };
            Made { enrolment: Enrolment(made.enrolment), warnings: warnings.map(warning).collect() }
        };
        Ok(Some(Payload::of(ctx, act::enrol(ctx.access(), &input).await?, view)))
    }

    /// Gives who waited a seat (xác nhận học viên dự bị), when one is free.
    async fn enrolment_confirm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who gets a seat.")] input: Confirm,
    ) -> Result<Option<Payload<Confirm, Enrolment>>> {
        carried_out(ctx, input).await
    }

    /// Records that a learner gives up (thôi học). The seats are free again.
    async fn enrolment_drop(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who gives up.")] input: Drop,
    ) -> Result<Option<Payload<Drop, Enrolment>>> {
        carried_out(ctx, input).await
    }

    /// Records a result (kết quả học tập). A pass grants the qualification that the programme leads to, once.
    async fn enrolment_complete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The result.")] input: Complete,
    ) -> Result<Option<Payload<Complete, Enrolment>>> {
        carried_out(ctx, input).await
    }

    /// Takes a result back (thu hồi kết quả), with the qualification that it granted.
    async fn enrolment_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is taken back.")] input: Revoke,
    ) -> Result<Option<Payload<Revoke, Enrolment>>> {
        carried_out(ctx, input).await
    }
}

async fn carried_out<A: OnEnrolment>(ctx: &Context<'_>, input: A) -> Result<Option<Payload<A, Enrolment>>> {
    Ok(Some(Payload::of(ctx, act::execute(ctx.access(), &input).await?, Enrolment)))
}
