//! Mutations of training: the input is a type of the domain, the result is the object or the reasons of the refusal.

mod class;
mod enrolment;
mod plan;
mod quota;

pub use class::ClassMutation;
pub use enrolment::EnrolmentMutation;
pub use plan::PlanMutation;
pub use quota::QuotaMutation;
