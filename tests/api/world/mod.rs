//! What a test stands on: a database of its own, and later the real application and its callers.

pub mod poll;
pub mod postgres;
