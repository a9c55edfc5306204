//! Who reaches what. The connection is in here and leaves only within the domain; only a permit opens a transaction
//! that writes.

mod permit;

pub use permit::{Act, Permit, Txn};
