//! Opened appraisals: results and points are readable.

use std::fmt;

use entity::{appraisal, value::AppraisalRating};

/// An opened appraisal. Only `Access::open_appraisals` creates values, so a value is proof of access, and its reading is
/// recorded for the access log.
#[derive(Clone)]
pub struct VisibleAppraisal {
    pub(super) row: appraisal::Model,
    pub(super) rating: AppraisalRating,
    pub(super) points: Option<i32>,
}

/// Without result and points, which must not get into logs.
impl fmt::Debug for VisibleAppraisal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VisibleAppraisal").field(&self.row.id).finish()
    }
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
