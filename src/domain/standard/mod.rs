//! Standards of titles (tiêu chuẩn chức danh): the requirements of a title, and people who do not meet them.
//!
//! Standards are rows (`reference::standards`). `judge` selects those that apply to a post and compares a person with
//! them; `standing` does this for one person, `gap` for the people of a unit.

pub(in crate::domain) mod exemption;
mod gap;
pub mod judge;
mod list;
mod people;
pub(in crate::domain) mod profile;
mod standing;
#[cfg(test)]
mod tests;

pub use gap::{Gap, GapAsked, RequirementGap, Tally, gap};
pub use judge::{Exemption, StandardResult};
pub use list::{StandardWhere, find, list};
pub use standing::{RequirementCheck, Standing, standing};
