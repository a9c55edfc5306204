//! Acts on training: quotas, classes and enrolments, plans. Numbers of seats are changed by one conditional statement
//! each, so that who comes too late changes nothing, and the tables hold the same by their checks.
//!
//! Rows are locked in one order: plan, person (of several by their ids), class, quotas from above to below, enrolment.

pub mod class;
pub mod enrolment;
pub mod plan;
pub mod quota;
mod session;
