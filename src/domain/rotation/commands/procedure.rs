//! Steps up to a published decision (Decree 170/2025, Art. 46), and their cancellation.

use async_graphql::ID;
use entity::value::{Day, Scope};

use super::{
    post::{Fields, Route},
    subject::{Rotation, StepRecord, Target},
};
use crate::domain::{
    command::{Command, CommandContext, validate},
    refusal::CommandResult,
    rotation::state::{StepName, Transition},
};

/// A step of the procedure to be recorded.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationAdvanceInput")]
pub struct Advance {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the rotation.
    pub rotation_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// The completed step.
    pub step: StepName,
    /// Day of the step, today at the latest.
    pub on: Day,
    /// Number of its document.
    pub document_no: Option<String>,
    /// Opinions, remarks; at most 2,000 characters.
    pub remark: Option<String>,
}

impl Command for Advance {
    const NAME: &'static str = "rotation.advance";
    const SCOPE: Scope = Scope::RotationWrite;
    const PAYLOAD: &'static str = "RotationAdvancePayload";
    type Subject = Rotation;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, self.expected_version, Transition::Advance(self.step))
    }

    async fn apply(&self, context: &mut CommandContext<'_, Rotation>) -> CommandResult<StepRecord> {
        Ok(StepRecord {
            on: validate::not_in_future("on", self.on, context.today())?,
            document_no: validate::number_if("documentNo", self.document_no.as_deref())?,
            remark: validate::remark_if("remark", self.remark.as_deref())?,
        })
    }
}

/// A decision on a rotation (quyết định luân chuyển).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationDecideInput")]
pub struct Decide {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the rotation.
    pub rotation_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// Number of the decision (số quyết định).
    pub decision_no: String,
    /// Day of the decision, today at the latest.
    pub decided_on: Day,
    /// Start date (inclusive), if the decision sets another than the proposal.
    pub start_on: Option<Day>,
    /// End date (exclusive), if the decision sets another than the proposal.
    pub planned_end_on: Option<Day>,
}

const DESTINATION: Fields = Fields { unit: "startOn", title: "startOn" };
const START: Fields = Fields { unit: "rotationId", title: "rotationId" };

impl Command for Decide {
    const NAME: &'static str = "rotation.decide";
    const SCOPE: Scope = Scope::RotationWrite;
    const PAYLOAD: &'static str = "RotationDecidePayload";
    type Subject = Rotation;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, self.expected_version, Transition::Decide).with_service_rule(self.start_on)
    }

    async fn apply(&self, context: &mut CommandContext<'_, Rotation>) -> CommandResult<StepRecord> {
        let decision_no = validate::number("decisionNo", &self.decision_no)?;
        let row = &mut context.subject.row;
        row.start_on = self.start_on.unwrap_or(row.start_on);
        row.planned_end_on = self.planned_end_on.or(row.planned_end_on);
        row.decision_no = Some(decision_no.clone());
        row.decided_on = Some(validate::not_in_future("decidedOn", self.decided_on, context.access.today())?);
        if let Some(end) = row.planned_end_on {
            validate::later_than("plannedEndOn", end, row.start_on)?;
        }
        context.ensure_can_start(DESTINATION).await?;
        context.derive_route()?;
        context.ensure_rules("rotationId", |_| true).await?;
        Ok(StepRecord { on: self.decided_on, document_no: Some(decision_no), remark: None })
    }
}

/// The publication of a decision (công bố quyết định).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationPublishInput")]
pub struct Publish {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the rotation.
    pub rotation_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// Day on which it was published, from the day of the decision to today; absent: today.
    pub published_on: Option<Day>,
}

impl Command for Publish {
    const NAME: &'static str = "rotation.publish";
    const SCOPE: Scope = Scope::RotationWrite;
    const PAYLOAD: &'static str = "RotationPublishPayload";
    type Subject = Rotation;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, self.expected_version, Transition::Publish)
    }

    async fn apply(&self, context: &mut CommandContext<'_, Rotation>) -> CommandResult<StepRecord> {
        let on = self.published_on.unwrap_or(context.today());
        validate::not_in_future("publishedOn", on, context.today())?;
        if let Some(decided) = context.subject.row.decided_on {
            validate::not_before("publishedOn", on, decided)?;
        }
        context.ensure_can_start(START).await?;
        context.subject.row.published_on = Some(on);
        Ok(StepRecord { on, document_no: context.subject.row.decision_no.clone(), remark: None })
    }
}

/// Cancellation of a rotation before its decision (hủy), or revocation of its decision before the rotation starts (thu hồi).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationCancelInput")]
pub struct Cancel {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the rotation.
    pub rotation_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// Reason, at most 2,000 characters.
    pub reason: String,
}

impl Command for Cancel {
    const NAME: &'static str = "rotation.cancel";
    const SCOPE: Scope = Scope::RotationWrite;
    const PAYLOAD: &'static str = "RotationCancelPayload";
    type Subject = Rotation;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, self.expected_version, Transition::Cancel)
    }

    async fn apply(&self, context: &mut CommandContext<'_, Rotation>) -> CommandResult<StepRecord> {
        let remark = Some(validate::remark("reason", &self.reason)?);
        Ok(StepRecord { on: context.today(), document_no: None, remark })
    }
}

impl CommandContext<'_, Rotation> {
    /// Derives tiers and direction for the start day of the row.
    pub(super) fn derive_route(&mut self) -> CommandResult<()> {
        let row = &mut self.subject.row;
        let route = Route::of(self.access, row.from_unit_id, row.to_unit_id, row.start_on)?;
        (row.from_tier, row.to_tier, row.direction) = (route.from_tier, route.to_tier, route.direction);
        Ok(())
    }
}
