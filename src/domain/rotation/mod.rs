//! Rotations (luân chuyển), transfers (điều động) and secondments (biệt phái): questions, rules and acts.

mod direction;
mod flow;
mod list;
mod place;

pub use direction::{Standing, direction};
pub use flow::{FlowsAsked, RotationFlow, flows};
pub use list::{RotationList, RotationOrder, RotationOrderField, RotationWhere};

use entity::{rotation, value::Day};

use crate::{
    domain::access::{Access, VisibleRotation},
    error::Result,
};

/// A person's rotations as of a day, out of all that are known now, in their order.
///
/// # Errors
/// `Forbidden` without `rotation:read`.
pub fn history(access: &Access, rows: &[rotation::Model], day: Day) -> Result<Vec<VisibleRotation>> {
    let rotations = access.rotations()?;
    Ok(rows.iter().filter_map(|row| rotations.admitted(row.clone(), day)).collect())
}
