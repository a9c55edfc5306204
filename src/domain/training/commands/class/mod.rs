//! Commands on classes (lớp): plan a class, move it from state to state, change its number of seats or its sessions.

mod advance;
mod plan;
pub(super) mod seat;
mod subject;

pub use advance::{Advance, Amend};
pub use plan::{NewClass, Plan};
pub use subject::Class;
pub(super) use subject::{ensure_organised_here, visible};
