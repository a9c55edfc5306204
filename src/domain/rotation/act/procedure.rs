//! Steps up to a published decision (Decree 170/2025, Art. 46), and their cancellation.

use async_graphql::ID;
use entity::{rotation, value::Day};

use super::{
    Mark, OnRotation, Scene, Target,
    post::{Fields, Route},
};
use crate::domain::{
    act::words,
    authz::Act,
    refusal::Acted,
    rotation::stage::{Move, StepName},
};

/// A step of the procedure to be recorded.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationAdvanceInput")]
pub struct Advance {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the rotation.
    pub rotation_id: ID,
    /// The version that you read last; the act is refused if the version has changed since.
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

impl OnRotation for Advance {
    const ACT: Act = Act::RotationAdvance;

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, &self.idempotency_key, self.expected_version)
    }

    fn step(&self) -> Move {
        Move::Advance(self.step)
    }

    async fn perform(&self, scene: &mut Scene<'_>) -> Acted<Mark> {
        Ok(Mark {
            on: words::not_ahead("on", self.on, scene.today())?,
            document_no: words::number_if("documentNo", self.document_no.as_deref())?,
            remark: words::remark_if("remark", self.remark.as_deref())?,
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
    /// The version that you read last; the act is refused if the version has changed since.
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

impl OnRotation for Decide {
    const ACT: Act = Act::RotationDecide;

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, &self.idempotency_key, self.expected_version)
    }

    fn step(&self) -> Move {
        Move::Decide
    }

    fn judges_service(&self, row: &rotation::Model) -> Option<rotation::Model> {
        Some(rotation::Model { start_on: self.start_on.unwrap_or(row.start_on), ..row.clone() })
    }

    async fn perform(&self, scene: &mut Scene<'_>) -> Acted<Mark> {
        let decision_no = words::number("decisionNo", &self.decision_no)?;
        let row = &mut scene.row;
        row.start_on = self.start_on.unwrap_or(row.start_on);
        row.planned_end_on = self.planned_end_on.or(row.planned_end_on);
        row.decision_no = Some(decision_no.clone());
        row.decided_on = Some(words::not_ahead("decidedOn", self.decided_on, scene.access.today())?);
        if let Some(end) = row.planned_end_on {
            words::later_than("plannedEndOn", end, row.start_on)?;
        }
        scene.ensure_can_start(DESTINATION).await?;
        scene.derive_route()?;
        scene.ensure_rules("rotationId", |_| true).await?;
        Ok(Mark { on: self.decided_on, document_no: Some(decision_no), remark: None })
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
    /// The version that you read last; the act is refused if the version has changed since.
    pub expected_version: Option<i32>,
    /// Day on which it was published, from the day of the decision to today; absent: today.
    pub published_on: Option<Day>,
}

impl OnRotation for Publish {
    const ACT: Act = Act::RotationPublish;

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, &self.idempotency_key, self.expected_version)
    }

    fn step(&self) -> Move {
        Move::Publish
    }

    async fn perform(&self, scene: &mut Scene<'_>) -> Acted<Mark> {
        let on = self.published_on.unwrap_or(scene.today());
        words::not_ahead("publishedOn", on, scene.today())?;
        if let Some(decided) = scene.row.decided_on {
            words::not_before("publishedOn", on, decided)?;
        }
        scene.ensure_can_start(START).await?;
        scene.row.published_on = Some(on);
        Ok(Mark { on, document_no: scene.row.decision_no.clone(), remark: None })
    }
}

/// Cancellation of a rotation before its decision (hủy), or revocation of its decision before publication (thu hồi).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationCancelInput")]
pub struct Cancel {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the rotation.
    pub rotation_id: ID,
    /// The version that you read last; the act is refused if the version has changed since.
    pub expected_version: Option<i32>,
    /// Reason, at most 2,000 characters.
    pub reason: String,
}

impl OnRotation for Cancel {
    const ACT: Act = Act::RotationCancel;

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, &self.idempotency_key, self.expected_version)
    }

    fn step(&self) -> Move {
        Move::Cancel
    }

    async fn perform(&self, scene: &mut Scene<'_>) -> Acted<Mark> {
        let remark = Some(words::remark("reason", &self.reason)?);
        Ok(Mark { on: scene.today(), document_no: None, remark })
    }
}

impl Scene<'_> {
    /// Derives tiers and direction for the start day of the row.
    pub(super) fn derive_route(&mut self) -> Acted<()> {
        let row = &mut self.row;
        let route = Route::of(self.access, row.from_unit_id, row.to_unit_id, row.start_on)?;
        (row.from_tier, row.to_tier, row.direction) = (route.from_tier, route.to_tier, route.direction);
        Ok(())
    }
}
