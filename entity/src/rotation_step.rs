//! Steps of rotations: what was done with each, when and by whom.

use sea_orm::entity::prelude::*;

use crate::value::{Day, RotationId, RotationState};

/// One act on a rotation.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rotation_step")]
pub struct Model {
    /// Rotation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub rotation_id: RotationId,
    /// The rotation's version that the act made.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    /// The state that it left behind.
    pub state: RotationState,
    /// The day that the act speaks of.
    pub on_day: Day,
    /// Planned end after the act.
    pub planned_end_on: Option<Day>,
    /// Number of its document.
    pub document_no: Option<String>,
    /// Opinions, reasons.
    pub remark: Option<String>,
    /// When it was recorded.
    pub at: DateTimeUtc,
    /// Who recorded it: a client id.
    pub actor: String,
    /// The rotation.
    #[sea_orm(belongs_to, from = "rotation_id", to = "id")]
    pub rotation: BelongsTo<super::rotation::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
