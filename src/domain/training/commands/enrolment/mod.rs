//! Commands on enrolments (học viên): enrol a person, confirm one on the waiting list, drop one, record a result.

mod confirm;
mod enrol;
mod overlap;
mod result;
mod subject;

pub use confirm::{Confirm, Drop};
pub use enrol::{Enrol, Enrolled, NewEnrolment};
pub use overlap::Warning;
pub use result::{Complete, Revoke};
pub use subject::Enrolment;
