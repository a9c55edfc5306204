//! Counts of people by unit and highest level, and page keys: who they are, in the order of names.
//!
//! Both speak of each day from the folded day on. What begins or ends later stands there with its day, so that nothing
//! has to be done at midnight; the first act of a day adds what has come to what was there.

mod anew;
mod ask;
mod basis;
mod derive;
mod keep;
#[cfg(test)]
mod tests;
mod verify;

pub(super) use anew::Making;
pub(in crate::domain) use ask::{Counted, Counts, Told, counts};
pub(super) use derive::Person;
pub(super) use keep::{Keeping, is_made, made_at};
pub use verify::Difference;
pub(super) use verify::{Expected, HEAPS, heap_of};

/// The form that the tables are kept in. Another number makes them anew.
pub(in crate::domain) const VERSION: i32 = 2;
