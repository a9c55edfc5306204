//! Visible records that refer to units. A unit named by a visible record is shown with it, even if it is out of reach.

use entity::value::UnitId;

use crate::{
    authz::{VisibleAppraisal, VisibleClass, VisibleEnrolment, VisiblePlan, VisibleQuota, VisibleRotation},
    reference::duties::Duty,
};

/// A visible record that refers to units. The trait is sealed: no other code can open a unit out of reach.
pub trait ReferencesUnit: sealed::Sealed {
    /// Whether the record refers to a unit.
    fn refers_to(&self, unit: UnitId) -> bool;
}

mod sealed {
    /// Prevents implementations outside this module.
    pub trait Sealed {}

    impl Sealed for super::VisibleRotation {}
    impl Sealed for super::VisiblePlan {}
    impl Sealed for super::VisibleClass {}
    impl Sealed for super::VisibleEnrolment {}
    impl Sealed for super::VisibleQuota {}
    impl Sealed for super::VisibleAppraisal {}
    impl Sealed for super::Duty {}
}

impl ReferencesUnit for VisibleRotation {
    fn refers_to(&self, unit: UnitId) -> bool {
        let row = self.row();
        let named = [Some(row.from_unit_id), Some(row.to_unit_id), row.placement_unit_id, row.preparing_unit_id];
        named.contains(&Some(unit))
    }
}

impl ReferencesUnit for VisiblePlan {
    fn refers_to(&self, unit: UnitId) -> bool {
        self.row().unit_id == unit
    }
}

impl ReferencesUnit for VisibleClass {
    fn refers_to(&self, unit: UnitId) -> bool {
        self.row().organiser_id == unit
    }
}

impl ReferencesUnit for VisibleEnrolment {
    fn refers_to(&self, unit: UnitId) -> bool {
        self.row().unit_id == unit
    }
}

impl ReferencesUnit for VisibleQuota {
    fn refers_to(&self, unit: UnitId) -> bool {
        self.row().unit_id == unit
    }
}

impl ReferencesUnit for VisibleAppraisal {
    fn refers_to(&self, unit: UnitId) -> bool {
        self.row().unit_id == unit
    }
}

/// Duties are reference data: all callers may see which unit issued one.
impl ReferencesUnit for Duty {
    fn refers_to(&self, unit: UnitId) -> bool {
        self.issuer() == Some(unit)
    }
}
