//! Extends a running rotation.

use async_graphql::ID;
use entity::value::{Day, RuleKey, Scope};

use super::subject::{Rotation, StepRecord, Target};
use crate::domain::{
    command::{Command, CommandContext, validate},
    refusal::CommandResult,
    rotation::state::Transition,
};

/// An extension (gia hạn luân chuyển).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationExtendInput")]
pub struct Extend {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the rotation.
    pub rotation_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// New planned end date (exclusive), later than the present one.
    pub planned_end_on: Day,
    /// Number of the decision.
    pub decision_no: String,
    /// Reason, at most 2,000 characters.
    pub reason: String,
}

impl Command for Extend {
    const NAME: &'static str = "rotation.extend";
    const SCOPE: Scope = Scope::RotationWrite;
    const PAYLOAD: &'static str = "RotationExtendPayload";
    type Subject = Rotation;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, self.expected_version, Transition::Extend)
    }

    async fn apply(&self, context: &mut CommandContext<'_, Rotation>) -> CommandResult<StepRecord> {
        let today = context.today();
        let row = &mut context.subject.row;
        validate::later_than("plannedEndOn", self.planned_end_on, row.planned_end_on.unwrap_or(row.start_on))?;
        (row.planned_end_on, row.extended_on) = (Some(self.planned_end_on), Some(today));
        let document_no = Some(validate::number("decisionNo", &self.decision_no)?);
        let remark = Some(validate::remark("reason", &self.reason)?);
        // A later end can violate only one rule of a decision: the maximum term.
        context.ensure_rules("plannedEndOn", |key| key == RuleKey::MaxSecondmentTerm).await?;
        Ok(StepRecord { on: today, document_no, remark })
    }
}
