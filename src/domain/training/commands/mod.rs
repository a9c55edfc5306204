//! Commands on training: quotas, classes, enrolments, plans. Each number of seats is changed by one conditional
//! statement, so a request without a free seat changes nothing. Check constraints of the tables enforce the same
//! limits.
//!
//! Rows are locked in one order: plan, person (several persons by their ids), class, quotas from parent to child,
//! enrolment.

pub mod class;
pub mod enrolment;
pub mod plan;
pub mod quota;
mod session;
