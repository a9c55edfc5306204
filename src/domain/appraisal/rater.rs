//! The unit that rates a person (đơn vị đánh giá): on the day of the decision, the unit of one of the person's posts or a
//! unit above it in either tree. After a move, the new unit rates.

use entity::{
    assignment,
    value::{Day, Hierarchy, UnitId},
};

use crate::reference::units::Units;

/// Whether a unit may rate a person on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rater {
    /// The unit of a post on the day, or a unit above it.
    OfPerson,
    /// Another unit.
    Other,
    /// No post is recorded on the day.
    Unknown,
}

/// Compares a unit with the posts of a person on a day.
pub fn rater(units: &Units, posts: &[assignment::Model], (unit, day): (UnitId, Day)) -> Rater {
    let mut held = posts.iter().filter(|post| post.is_held_on(day)).map(|post| post.unit_id).peekable();
    if held.peek().is_none() {
        return Rater::Unknown;
    }
    let trees = [Hierarchy::Administrative, Hierarchy::Party];
    let is_above = |of: UnitId| of == unit || trees.iter().any(|tree| units.ancestors(of, *tree, day).contains(&unit));
    if held.any(is_above) { Rater::OfPerson } else { Rater::Other }
}
