//! Counts of people by unit and highest level, page keys (the index of these people in the order of names), and the
//! index of titles with levels, which covers all days.
//!
//! Counts and keys cover every day from the base date on. Later changes are stored under their own day, so no job has to run at
//! midnight; the first write of a day folds elapsed deltas into the base.

mod dimensions;
pub(crate) mod levels;
mod project;
mod query;
mod rebuild;
#[cfg(test)]
mod tests;
mod titles;
mod update;
mod verify;
mod verify_titles;

pub(crate) use query::{Counted, Counts, counts};
pub(super) use rebuild::Rebuild;
pub(super) use update::{Update, is_built, rebuilt_at};
pub use verify::Difference;
pub(super) use verify::Expected;

/// Format version of the tables. A change triggers a rebuild.
pub(crate) const VERSION: i32 = 3;
