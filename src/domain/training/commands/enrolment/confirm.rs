//! Confirms a person on the waiting list; drops a learner.

use async_graphql::ID;
use entity::value::Scope;

use super::{
    enrol::{ensure_year, seated},
    overlap,
    subject::{Enrolment, Target},
};
use crate::{
    domain::{
        command::{Command, CommandContext, validate},
        refusal::{Code, CommandResult, Refusal},
        training::{
            commands::{class::seat, quota::consumption},
            state::enrolment::{Transition, after},
        },
    },
    error::Error,
    language::Sentence,
};

/// Confirmation of a learner on the waiting list (xác nhận học viên dự bị).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "EnrolmentConfirmInput")]
pub struct Confirm {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the enrolment.
    pub enrolment_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
}

impl Command for Confirm {
    const NAME: &'static str = "enrolment.confirm";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "EnrolmentConfirmPayload";
    type Subject = Enrolment;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.enrolment_id, self.expected_version).taking_seat()
    }

    async fn apply(&self, context: &mut CommandContext<'_, Enrolment>) -> CommandResult<()> {
        let (txn, row) = (&context.txn, &mut context.subject.row);
        row.state = after(row.state, Transition::Confirm)?;
        let class = context
            .subject
            .class
            .as_ref()
            .ok_or_else(|| Error::internal("a learner on a waiting list has no class"))?;
        let Some(class) = seat::take(txn, class.id, "enrolmentId").await? else {
            let remedy = [
                "hãy chờ đến khi có người thôi học, hoặc tăng sĩ số bằng classAmend",
                "wait until a learner drops out, or raise its capacity with classAmend",
            ];
            return Err(seat::full("enrolmentId", class, remedy).into());
        };
        overlap::ensure_free(txn.connection(), row.cadre_id, &class, "enrolmentId").await?;
        // A postponed class may begin in a year other than the year of the enrolment.
        row.year = class.start_on.year();
        for (quota, plan) in &context.subject.quotas {
            ensure_year(plan, row.year).map_err(outside)?;
            consumption::take(txn, quota, (row.cadre_id, "enrolmentId")).await?;
        }
        row.state = seated(&class);
        Ok(())
    }
}

/// Refusal of a quota whose plan does not cover the year of the class, with a remedy.
fn outside(because: Sentence) -> Refusal {
    let Sentence { vi, en } = because;
    Refusal::input(
        Code::OutsideQuota,
        "enrolmentId",
        format!("{vi}; hãy ghi thôi học bằng enrolmentDrop, rồi cử đi học lại bằng classEnrol với chỉ tiêu khác."),
        format!("{en}; drop the enrolment, then enrol the person again with another quota."),
    )
}

/// Dropping out of a class (thôi học). Frees the seats of the class and of the quota.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "EnrolmentDropInput")]
pub struct Drop {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the enrolment.
    pub enrolment_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// Reason, at most 2,000 characters.
    pub reason: String,
}

impl Command for Drop {
    const NAME: &'static str = "enrolment.drop";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "EnrolmentDropPayload";
    type Subject = Enrolment;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.enrolment_id, self.expected_version)
    }

    async fn apply(&self, context: &mut CommandContext<'_, Enrolment>) -> CommandResult<()> {
        let (txn, row) = (&context.txn, &mut context.subject.row);
        let had_seat = row.state.is_seated();
        row.state = after(row.state, Transition::Drop)?;
        row.remark = Some(validate::remark("reason", &self.reason)?);
        if !had_seat {
            return Ok(());
        }
        if let Some(class) = &context.subject.class {
            seat::free(txn, class.id).await?;
        }
        consumption::free(txn, &[&*row]).await
    }
}
