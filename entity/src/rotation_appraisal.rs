//! Yearly appraisals of rotated persons (nhận xét, đánh giá hằng năm).

use sea_orm::entity::prelude::*;

use crate::value::{AppraisalResult, Day, RotationId};

/// The appraisal of one year.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rotation_appraisal")]
pub struct Model {
    /// Rotation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub rotation_id: RotationId,
    /// Calendar year.
    #[sea_orm(primary_key, auto_increment = false)]
    pub year: i32,
    /// Result.
    pub result: AppraisalResult,
    /// Day of the appraisal.
    pub appraised_on: Day,
    /// Number of its document.
    pub document_no: Option<String>,
    /// The rotation.
    #[sea_orm(belongs_to, from = "rotation_id", to = "id")]
    pub rotation: BelongsTo<super::rotation::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
