//! Places a person whose rotation has ended.

use async_graphql::ID;
use entity::value::{Day, EndReason, Scope};

use super::{
    end::no_placement_allowed,
    post::{self, Fields},
    subject::{Rotation, StepRecord, Target},
};
use crate::domain::{
    command::{Command, CommandContext, validate},
    refusal::CommandResult,
    rotation::state::Transition,
};

/// A placement after a rotation that has ended (bố trí sau luân chuyển).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationPlaceInput")]
pub struct Place {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the rotation.
    pub rotation_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// Code of the unit.
    pub unit_code: String,
    /// Code of the title.
    pub title_code: String,
    /// First day of the placement: from the end of the rotation to today (both inclusive).
    pub placed_on: Day,
    /// Number of the decision.
    pub decision_no: Option<String>,
}

const PLACEMENT: Fields = Fields { unit: "unitCode", title: "titleCode" };

impl Command for Place {
    const NAME: &'static str = "rotation.place";
    const SCOPE: Scope = Scope::RotationWrite;
    const PAYLOAD: &'static str = "RotationPlacePayload";
    type Subject = Rotation;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, self.expected_version, Transition::Place)
    }

    async fn apply(&self, context: &mut CommandContext<'_, Rotation>) -> CommandResult<StepRecord> {
        let on = validate::not_in_future("placedOn", self.placed_on, context.today())?;
        match context.subject.row.end_on {
            Some(end) => validate::not_before("placedOn", on, end)?,
            None => validate::later_than("placedOn", on, context.subject.row.start_on)?,
        };
        let number = validate::number_if("decisionNo", self.decision_no.as_deref())?;
        if let Some(reason @ EndReason::Retired) = context.subject.row.end_reason {
            return Err(no_placement_allowed(reason).into());
        }
        let place = post::Place::named(context.access, PLACEMENT, (&self.unit_code, &self.title_code), on)?;
        context.take_up(&place, on, None).await?;
        context.placed(place, on, number.clone());
        Ok(StepRecord { on, document_no: number, remark: None })
    }
}
