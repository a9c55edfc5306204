//! Starts a published rotation: the person leaves one post and takes up the other on the same day.

use async_graphql::ID;
use entity::{
    rotation,
    value::{RotationState, Scope},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    post::{Fields, Place},
    subject::{Rotation, StepRecord, Target, already_running},
};
use crate::domain::{
    command::{Command, CommandContext},
    refusal::{Code, CommandResult, Refusal},
    rotation::state::Transition,
};

/// The beginning of a published rotation (bắt đầu thực hiện).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "RotationStartInput")]
pub struct Start {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the rotation.
    pub rotation_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
}

const DESTINATION: Fields = Fields { unit: "rotationId", title: "rotationId" };

impl Command for Start {
    const NAME: &'static str = "rotation.start";
    const SCOPE: Scope = Scope::RotationWrite;
    const PAYLOAD: &'static str = "RotationStartPayload";
    type Subject = Rotation;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.rotation_id, self.expected_version, Transition::Start)
    }

    async fn apply(&self, context: &mut CommandContext<'_, Rotation>) -> CommandResult<StepRecord> {
        let on = context.subject.row.start_on;
        if context.today() < on {
            return Err(Refusal::input(
                Code::NotYetDue,
                "rotationId",
                format!("Thời gian luân chuyển bắt đầu từ ngày {on}; hãy thực hiện bước này từ ngày đó trở đi."),
                format!("The rotation starts on {on}; execute this step on that day or later."),
            )
            .into());
        }
        context.ensure_not_running().await?;
        let to = context.destination(DESTINATION)?;
        let (from, title) = (context.subject.row.from_unit_id, context.subject.row.from_title_code.clone());
        let left = context.leave(from, title.as_ref(), on).await?;
        context.take_up(&to, on, Some(left)).await?;
        context.derive_route()?;
        Ok(StepRecord { on, document_no: context.subject.row.decision_no.clone(), remark: None })
    }
}

impl CommandContext<'_, Rotation> {
    /// Checks that the rotation could start on its start day with the data recorded now: a post can begin at the
    /// destination, and the person can leave the current post and holds no other primary one.
    pub(super) async fn ensure_can_start(&self, fields: Fields) -> CommandResult<()> {
        self.destination(fields)?;
        let left = self
            .find_post_to_leave(
                self.subject.row.from_unit_id,
                self.subject.row.from_title_code.as_ref(),
                self.subject.row.start_on,
            )
            .await?;
        self.ensure_free_from(self.subject.row.start_on, Some(left.id)).await
    }

    /// The destination of the rotation, if a post can begin there on its start day.
    pub(super) fn destination(&self, fields: Fields) -> Result<Place, Refusal> {
        let title = self.subject.row.to_title_code.clone().ok_or_else(|| {
            Refusal::input(
                Code::InvalidPlacement,
                fields.title,
                "Hồ sơ này không ghi chức danh luân chuyển đến; hãy đề xuất hồ sơ mới có chức danh đó.",
                "The rotation has no destination title; propose a new rotation with a title.",
            )
        })?;
        let place = Place { unit: self.subject.row.to_unit_id, title };
        place.ensure_open(self.access, fields, self.subject.row.start_on)?;
        Ok(place)
    }

    /// Checks that no other rotation of the person is running, before any post is read. The unique index enforces the
    /// same.
    async fn ensure_not_running(&self) -> CommandResult<()> {
        let running = rotation::Entity::find()
            .filter(rotation::Column::CadreId.eq(self.subject.row.cadre_id))
            .filter(rotation::Column::State.is_in([RotationState::InProgress, RotationState::Extended]))
            .one(self.txn.connection())
            .await?;
        if running.is_some() { Err(already_running().into()) } else { Ok(()) }
    }
}
