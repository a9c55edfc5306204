//! The shape that clients see; no SQL and no rules.

pub mod operation;
