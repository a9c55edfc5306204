//! What was done with a rotation: its steps and appraisals.

use async_graphql::Object;
use entity::{
    rotation_appraisal, rotation_step,
    value::{AppraisalResult, Day, RotationState},
};

use crate::graphql::instant::Instant;

/// An act on a rotation (bước thực hiện).
pub struct RotationStep(pub rotation_step::Model);

/// An act on a rotation (bước thực hiện).
#[Object]
impl RotationStep {
    /// The state that it left behind.
    async fn state(&self) -> RotationState {
        self.0.state
    }

    /// The day that it speaks of.
    async fn on(&self) -> Day {
        self.0.on_day
    }

    /// First day no longer, as planned after it.
    async fn planned_end_on(&self) -> Option<Day> {
        self.0.planned_end_on
    }

    /// Number of its document (số văn bản).
    async fn document_no(&self) -> Option<&str> {
        self.0.document_no.as_deref()
    }

    /// Opinions, reasons (ý kiến, lý do).
    async fn remark(&self) -> Option<&str> {
        self.0.remark.as_deref()
    }

    /// When it was recorded.
    async fn at(&self) -> Instant {
        Instant(self.0.at)
    }
}

/// The appraisal of a year (nhận xét, đánh giá hằng năm).
pub struct RotationAppraisal(pub rotation_appraisal::Model);

/// The appraisal of a year (nhận xét, đánh giá hằng năm).
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
