//! Acts on training: what they take is an input of the domain, what they give is the object or why not.

mod class;
mod enrolment;
mod plan;
mod quota;

pub use class::ClassMutation;
pub use enrolment::EnrolmentMutation;
pub use plan::PlanMutation;
pub use quota::QuotaMutation;
