//! Rotations (luân chuyển), transfers (điều động) and secondments (biệt phái): questions, rules and acts.

mod direction;

pub use direction::{Standing, direction};
