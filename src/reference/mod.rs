//! Reference data: units with their history, and the lists that records refer to. It is small, read by every request and
//! changed by few commands, so it is kept in memory.

pub mod appraisal_rules;
mod data;
pub mod documents;
pub mod duties;
pub mod lists;
pub mod rules;
pub mod standards;
pub mod title_steps;
pub mod units;

pub use data::{ReferenceData, Subject};

/// Subject of programmes that include every programme of their plan.
pub(crate) const ANY_PROGRAMME: &str = "ANY";
