//! Mutations of appraisals.

use async_graphql::{Context, Object, SimpleObject};

use crate::{
    domain::{
        appraisal::commands::{Annul, Correct, Record, Recorded, Warning},
        command::Command,
    },
    error::Result,
    graphql::{ContextExt, appraisal::Appraisal, payload::Payload, refusal::UserError},
    language::Language,
};

/// A warning about a recorded appraisal.
#[derive(SimpleObject)]
pub struct AppraisalWarning {
    /// Code, for programs; never changes.
    code: &'static str,
    /// Message for people: what the service could not check.
    message: String,
}

/// An appraisal with its warnings.
pub struct RecordedAppraisal {
    appraisal: Appraisal,
    warnings: Vec<AppraisalWarning>,
}

impl RecordedAppraisal {
    fn of(Recorded { appraisal, warnings }: Recorded, language: Language) -> Self {
        let warning = |Warning { code, sentence }: Warning| AppraisalWarning {
            code,
            message: sentence.text(language).to_owned(),
        };
        Self { appraisal: Appraisal(appraisal), warnings: warnings.into_iter().map(warning).collect() }
    }
}

/// Result of a mutation: the appraisal in its current state, or the reasons of the refusal.
#[Object(name_type)]
impl<C: Command> Payload<C, RecordedAppraisal> {
    /// The appraisal in its current state; null if the mutation was refused.
    async fn appraisal(&self) -> Option<&Appraisal> {
        self.object().map(|recorded| &recorded.appraisal)
    }

    /// Warnings about the appraisal, for example that the recorded posts do not show how long the person worked.
    async fn warnings(&self) -> &[AppraisalWarning] {
        self.object().map(|recorded| recorded.warnings.as_slice()).unwrap_or_default()
    }

    /// Reasons of the refusal; empty if the mutation succeeded, now or in an earlier identical request.
    async fn user_errors(&self) -> &[UserError] {
        self.errors()
    }
}

/// Mutations of appraisals.
#[derive(Default)]
pub struct AppraisalMutation;

#[Object]
impl AppraisalMutation {
    /// Records a result (ghi nhận kết quả đánh giá, xếp loại). Each period has one result in each system, even with
    /// concurrent requests.
    async fn appraisal_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The result.")] input: Record,
    ) -> Result<Option<Payload<Record, RecordedAppraisal>>> {
        Payload::executed(ctx, &input, |done| RecordedAppraisal::of(done, ctx.language())).await
    }

    /// Corrects a result (đính chính): the recorded one is superseded and stays readable.
    async fn appraisal_correct(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The correction.")] input: Correct,
    ) -> Result<Option<Payload<Correct, RecordedAppraisal>>> {
        Payload::executed(ctx, &input, |done| RecordedAppraisal::of(done, ctx.language())).await
    }

    /// Annuls a result (hủy bỏ kết quả), Decree 233/2026/NĐ-CP, Art. 4(5).
    async fn appraisal_annul(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The annulment.")] input: Annul,
    ) -> Result<Option<Payload<Annul, RecordedAppraisal>>> {
        Payload::executed(ctx, &input, |done| RecordedAppraisal::of(done, ctx.language())).await
    }
}
