//! Units (đơn vị) with their versions and successions, and both trees on any day. Not restricted to the reach of a
//! caller; `domain::unit` is.

mod area;
mod branch;
mod identifier;
mod membership;
mod subtree;
mod tree;
mod yearly;

pub use membership::Membership;
pub(crate) use membership::joined;
pub(crate) use subtree::fingerprint;
pub use subtree::{Subtree, SubtreeKey};
pub use tree::{FormerName, Reach, Unit, UnitReach, UnitSet, Units};
pub use yearly::{Branch, Predecessors, whole_years};
