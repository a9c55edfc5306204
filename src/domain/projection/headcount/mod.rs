//! Counts of people by unit and highest level, and page keys: who they are, in the order of names.
//!
//! Both speak of each day from the folded day on. What begins or ends later stands there with its day, so that nothing
//! has to be done at midnight; the first act of a day adds what has come to what was there.

mod dimensions;
mod project;
mod query;
mod rebuild;
#[cfg(test)]
mod tests;
mod update;
mod verify;

pub(super) use project::Person;
pub(in crate::domain) use query::{Counted, Counts, Lookup, counts};
pub(super) use rebuild::Rebuild;
pub(super) use update::{Update, is_made, made_at};
pub use verify::Difference;
pub(super) use verify::{Expected, HEAPS, heap_of};

/// The form that the tables are kept in. Another number makes them anew.
pub(in crate::domain) const VERSION: i32 = 2;
