//! The logs (nhật ký): who read whose protected data, what of that is withheld, and whether anything was changed.

mod checkpoint;
mod log;
mod recount;
mod register;
mod withhold;

pub use checkpoint::{Checkpoint, Keeper, Unreadable, read as read_checkpoints};
pub use log::{AccessLog, Reading};
pub use recount::{Fault, Intact, Wrong, adopt, recount};
pub use register::{Line, each};
pub use withhold::{Withhold, withhold};
