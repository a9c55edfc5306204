//! Steps of rotations, each with its time and actor.

use sea_orm::entity::prelude::*;

use crate::value::{Day, RotationId, RotationState};

/// A command on a rotation.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rotation_step")]
pub struct Model {
    /// Rotation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub rotation_id: RotationId,
    /// Version of the rotation after the command.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    /// State after the command.
    pub state: RotationState,
    /// Effective day of the command.
    pub on_day: Day,
    /// Planned end day after the command, exclusive.
    pub planned_end_on: Option<Day>,
    /// Number of its document.
    pub document_no: Option<String>,
    /// Opinions or reasons.
    pub remark: Option<String>,
    /// Time of recording.
    pub at: DateTimeUtc,
    /// Actor: a client id.
    pub actor: String,
    /// The rotation.
    #[sea_orm(belongs_to, from = "rotation_id", to = "id")]
    pub rotation: BelongsTo<super::rotation::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
