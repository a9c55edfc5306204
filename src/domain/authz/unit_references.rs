//! What a caller may know of names units. Their own facts are shown with it, also where they lie out of reach.

use entity::value::UnitId;

use crate::domain::authz::{VisibleClass, VisibleEnrolment, VisiblePlan, VisibleQuota, VisibleRotation};

/// Something that the caller may know of, and that names units. Closed: nothing outside this file opens a unit that
/// lies out of reach.
pub trait ReferencesUnit: closed::Closed {
    /// Whether it names a unit.
    fn names(&self, unit: UnitId) -> bool;
}

mod closed {
    /// What nobody else can implement, for nobody else can name it.
    pub trait Closed {}

    impl Closed for super::VisibleRotation {}
    impl Closed for super::VisiblePlan {}
    impl Closed for super::VisibleClass {}
    impl Closed for super::VisibleEnrolment {}
    impl Closed for super::VisibleQuota {}
}

impl ReferencesUnit for VisibleRotation {
    fn names(&self, unit: UnitId) -> bool {
        let row = self.row();
        let named = [Some(row.from_unit_id), Some(row.to_unit_id), row.placement_unit_id, row.preparing_unit_id];
        named.contains(&Some(unit))
    }
}

impl ReferencesUnit for VisiblePlan {
    fn names(&self, unit: UnitId) -> bool {
        self.row().unit_id == unit
    }
}

impl ReferencesUnit for VisibleClass {
    fn names(&self, unit: UnitId) -> bool {
        self.row().organiser_id == unit
    }
}

impl ReferencesUnit for VisibleEnrolment {
    fn names(&self, unit: UnitId) -> bool {
        self.row().unit_id == unit
    }
}

impl ReferencesUnit for VisibleQuota {
    fn names(&self, unit: UnitId) -> bool {
        self.row().unit_id == unit
    }
}
