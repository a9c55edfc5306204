//! Steps and appraisals of rotations.

use async_graphql::{ID, Object};
use entity::{
    rotation_appraisal, rotation_step,
    value::{AppraisalResult, Day, RotationState, StepId},
};

use crate::graphql::instant::Instant;

/// A step of a rotation (bước thực hiện).
pub struct RotationStep(pub rotation_step::Model);

/// A step of a rotation (bước thực hiện).
#[Object]
impl RotationStep {
    /// Opaque id.
    async fn id(&self) -> ID {
        StepId(self.0.rotation_id, self.0.version).into()
    }

    /// State after the step.
    async fn state(&self) -> RotationState {
        self.0.state
    }

    /// Effective day of the step.
    async fn on(&self) -> Day {
        self.0.on_day
    }

    /// Planned end day after the step, exclusive.
    async fn planned_end_on(&self) -> Option<Day> {
        self.0.planned_end_on
    }

    /// Number of its document (số văn bản).
    async fn document_no(&self) -> Option<&str> {
        self.0.document_no.as_deref()
    }

    /// Opinions or reasons (ý kiến, lý do).
    async fn remark(&self) -> Option<&str> {
        self.0.remark.as_deref()
    }

    /// Time of recording.
    async fn at(&self) -> Instant {
        Instant(self.0.at)
    }
}

/// A yearly appraisal (nhận xét, đánh giá hằng năm).
pub struct RotationAppraisal(pub rotation_appraisal::Model);

/// A yearly appraisal (nhận xét, đánh giá hằng năm).
#[Object]
impl RotationAppraisal {
    /// Calendar year.
    async fn year(&self) -> i32 {
        self.0.year
    }

    /// Result (xếp loại).
    async fn result(&self) -> AppraisalResult {
        self.0.result
    }

    /// Day of the appraisal.
    async fn appraised_on(&self) -> Day {
        self.0.appraised_on
    }

    /// Number of its document (số văn bản).
    async fn document_no(&self) -> Option<&str> {
        self.0.document_no.as_deref()
    }
}
