//! Logs (nhật ký): readings of protected data, withheld readings, and verification that no log was changed.

mod access_log_export;
mod checkpoint;
mod log;
mod verify_chain;
mod withhold;

pub use access_log_export::{Line, each};
pub use checkpoint::{Checkpoint, Keeper, Unreadable, read as read_checkpoints};
pub use log::{AccessLog, Reading};
pub use verify_chain::{Fault, Intact, Wrong, adopt, verify_chain};
pub use withhold::{Withhold, withhold};
