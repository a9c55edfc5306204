//! Opened appraisals: results and points are readable.

use entity::{appraisal, value::AppraisalRating};

/// An opened appraisal. Only `Access::open_appraisals` creates values, so a value is proof of access, and its reading is
/// recorded for the access log.
#[derive(Clone, Debug)]
pub struct VisibleAppraisal {
    pub(super) row: appraisal::Model,
    pub(super) rating: AppraisalRating,
    pub(super) points: Option<i32>,
}

impl VisibleAppraisal {
    /// Row of the appraisal.
    pub fn row(&self) -> &appraisal::Model {
        &self.row
    }

    /// Result.
    pub fn rating(&self) -> AppraisalRating {
        self.rating
    }

    /// Points in hundredths.
    pub fn points(&self) -> Option<i32> {
        self.points
    }
}
