//! Logs (nhật ký): the hash chain over all of them, its verification, signed checkpoints, and the export of the access
//! log.

pub(crate) mod change_feed;
mod checkpoint;
mod export;
pub(crate) mod hash_chain;
pub(crate) mod last_commands;
mod verify_chain;

pub use checkpoint::{Checkpoint, Keeper, Unreadable, read as read_checkpoints};
pub use export::{Line, each};
pub use verify_chain::{Fault, Intact, Wrong, adopt, verify_chain};
