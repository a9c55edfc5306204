//! A running rotation gets a later planned end.

use async_graphql::ID;
use entity::value::{Day, RuleKey};

use super::{Mark, OnRotation, Scene, Target};
use crate::domain::{access::Act, act::words, refusal::Acted, rotation::stage::Move};

/// An extension (gia hạn luân chuyển).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationExtendInput")]
pub struct Extend {
    /// Key of the request, 1 to 200 characters: sent again under it, the same request happens once.
    pub idempotency_key: String,
    /// Id of the rotation.
    pub rotation_id: ID,
    /// The version that you saw last; the act is refused if it has changed since.
    pub expected_version: Option<i32>,
    /// First day no longer, as planned now; later than before.
    pub planned_end_on: Day,
    /// Number of the decision.
    pub decision_no: String,
    /// Reason, at most 2,000 characters.
    pub reason: String,
}

impl OnRotation for Extend {
    const ACT: Act = Act::RotationExtend;

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, &self.idempotency_key, self.expected_version)
    }

    fn step(&self) -> Move {
        Move::Extend
    }

    async fn perform(&self, scene: &mut Scene<'_>) -> Acted<Mark> {
        let today = scene.today();
        let row = &mut scene.row;
        words::later_than("plannedEndOn", self.planned_end_on, row.planned_end_on.unwrap_or(row.start_on))?;
        (row.planned_end_on, row.extended_on) = (Some(self.planned_end_on), Some(today));
        let document_no = Some(words::number("decisionNo", &self.decision_no)?);
        let remark = Some(words::remark("reason", &self.reason)?);
        // A later end can break only one rule of a decision: the longest term.
        scene.ensure_rules("plannedEndOn", |key| key == RuleKey::MaxSecondmentTerm).await?;
        Ok(Mark { on: today, document_no, remark })
    }
}
