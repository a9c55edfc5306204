//! Ends a running rotation: closes or keeps its post, and records a placement or leaves the person without one.

use async_graphql::ID;
use entity::value::{Day, EndReason, RotationState, RuleKey, Scope};

use super::{
    post::{Fields, Place},
    subject::{Rotation, StepRecord, Target},
};
use crate::domain::{
    command::{Command, CommandContext, validate},
    refusal::{Code, CommandResult, Refusal},
    rotation::state::Transition,
};

/// The end of a rotation (kết thúc luân chuyển).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationEndInput")]
pub struct End {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the rotation.
    pub rotation_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// End date (exclusive): after the start date, today at the latest.
    pub end_on: Day,
    /// Reason for the end (lý do kết thúc).
    pub reason: EndReason,
    /// Remark, at most 2,000 characters.
    pub remark: Option<String>,
    /// Placement from that day on (bố trí sau luân chuyển). RETURNED without a placement returns the person to the unit
    /// and title that they came from. STABILISED_AT_DESTINATION keeps their present post. RETIRED and DISCIPLINE accept
    /// no placement.
    pub placement: Option<Placement>,
}

/// A placement after a rotation (bố trí sau luân chuyển).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationPlacementInput")]
pub struct Placement {
    /// Code of the unit.
    pub unit_code: String,
    /// Code of the title.
    pub title_code: String,
    /// Number of the decision.
    pub decision_no: Option<String>,
}

const PLACEMENT: Fields = Fields { unit: "placement.unitCode", title: "placement.titleCode" };

/// Outcome for the person when a rotation ends.
#[derive(Debug)]
enum PostDisposition {
    /// The person keeps the post of the rotation.
    Stays,
    /// The person takes up another post.
    Placed(Place),
    /// The person holds no post until a placement, if one follows.
    Waits,
}

impl Command for End {
    const NAME: &'static str = "rotation.end";
    const SCOPE: Scope = Scope::RotationWrite;
    const PAYLOAD: &'static str = "RotationEndPayload";
    type Subject = Rotation;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, self.expected_version, Transition::End)
    }

    async fn apply(&self, context: &mut CommandContext<'_, Rotation>) -> CommandResult<StepRecord> {
        let on = validate::not_in_future("endOn", self.end_on, context.today())?;
        validate::later_than("endOn", on, context.subject.row.start_on)?;
        let remark = validate::remark_if("remark", self.remark.as_deref())?;
        let number = self.placement.as_ref().and_then(|placement| placement.decision_no.as_deref());
        let number = validate::number_if("placement.decisionNo", number)?;

        (context.subject.row.end_on, context.subject.row.end_reason) = (Some(on), Some(self.reason));
        if !ends_any_term(self.reason) {
            context.ensure_rules("endOn", |key| key == RuleKey::MinTerm).await?;
        }

        let unit = context.subject.row.to_unit_id;
        match self.disposition(context)? {
            PostDisposition::Waits => {
                context.leave(unit, None, on).await?;
            }
            PostDisposition::Stays => {
                let title = context.kept(unit, on).await?;
                let place = Place { unit, title };
                self.ensure_same_post(context, &place)?;
                context.placed(place, on, number.clone());
            }
            PostDisposition::Placed(place) => {
                let left = context.leave(unit, None, on).await?;
                context.take_up(&place, on, Some(left)).await?;
                context.placed(place, on, number.clone());
            }
        }
        Ok(StepRecord { on, document_no: number, remark })
    }
}

impl End {
    fn disposition(&self, context: &CommandContext<'_, Rotation>) -> Result<PostDisposition, Refusal> {
        let named = |placement: &Placement| {
            Place::named(context.access, PLACEMENT, (&placement.unit_code, &placement.title_code), self.end_on)
        };
        match (self.reason, &self.placement) {
            (EndReason::StabilisedAtDestination, _) => Ok(PostDisposition::Stays),
            (EndReason::Retired | EndReason::Discipline, Some(_)) => Err(no_placement_allowed(self.reason)),
            (EndReason::Retired | EndReason::Discipline, None) => Ok(PostDisposition::Waits),
            (_, Some(placement)) => Ok(PostDisposition::Placed(named(placement)?)),
            (EndReason::Returned, None) => Ok(PostDisposition::Placed(context.origin(self.end_on)?)),
            (
                EndReason::TermCompleted
                | EndReason::Promoted
                | EndReason::TransferredOn
                | EndReason::UnitDissolved
                | EndReason::Other,
                None,
            ) => Ok(PostDisposition::Waits),
        }
    }

    /// Checks that the placement of a person who stays is the person's current post; another post requires another end
    /// reason.
    fn ensure_same_post(&self, context: &CommandContext<'_, Rotation>, held: &Place) -> Result<(), Refusal> {
        let Some(placement) = &self.placement else { return Ok(()) };
        let unit = context.access.reference_data().units().by_code(&placement.unit_code);
        if unit.is_none_or(|unit| unit.row.id != held.unit) {
            return Err(stays(PLACEMENT.unit));
        }
        if placement.title_code != held.title.as_str() {
            return Err(stays(PLACEMENT.title));
        }
        Ok(())
    }
}

impl CommandContext<'_, Rotation> {
    /// The unit and title that the person came from, if the person can return there.
    fn origin(&self, on: Day) -> Result<Place, Refusal> {
        let unit = self.subject.row.from_unit_id;
        let title =
            self.subject.row.from_title_code.clone().filter(|_| self.access.reaches(unit)).ok_or_else(|| {
                Refusal::input(
                    Code::InvalidPlacement,
                    "placement",
                    "Chưa ghi nhận chức danh trước luân chuyển, hoặc nơi đi nằm ngoài phạm vi được cấp; hãy nêu rõ nơi \
                     bố trí.",
                    "The previous title is not recorded, or the previous unit is out of your reach; specify the \
                     placement.",
                )
            })?;
        let place = Place { unit, title };
        place.ensure_open(self.access, Fields { unit: "placement", title: "placement" }, on)?;
        Ok(place)
    }

    /// Sets the placement in the row.
    pub(super) fn placed(&mut self, place: Place, on: Day, decision_no: Option<String>) {
        let row = &mut self.subject.row;
        row.state = RotationState::Placed;
        (row.placement_unit_id, row.placement_title_code) = (Some(place.unit), Some(place.title));
        (row.placed_on, row.placement_decision_no) = (Some(on), decision_no);
    }
}

/// Whether the reason may end a rotation before its minimum term. With any other reason, an early end needs an override
/// of that rule.
fn ends_any_term(reason: EndReason) -> bool {
    matches!(
        reason,
        EndReason::Promoted
            | EndReason::TransferredOn
            | EndReason::UnitDissolved
            | EndReason::Discipline
            | EndReason::Retired
    )
}

/// Refusal of a placement for an end reason that allows none.
pub(super) fn no_placement_allowed(reason: EndReason) -> Refusal {
    Refusal::input(
        Code::InvalidPlacement,
        "placement",
        format!("Với lý do {reason} không có bố trí sau luân chuyển; hãy bỏ phần bố trí hoặc chọn lý do khác."),
        format!("The reason {reason} excludes a placement; omit the placement or give another reason."),
    )
}

fn stays(field: &str) -> Refusal {
    Refusal::input(
        Code::InvalidPlacement,
        field,
        "Người được ổn định tại nơi đến giữ nguyên chức danh hiện tại; hãy bỏ phần bố trí hoặc chọn lý do khác.",
        "A person who stays at the destination keeps the current post; omit the placement or give another reason.",
    )
}
