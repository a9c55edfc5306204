//! Rules of law (quy định): the result of each rule for a rotation.
//!
//! The check of each key is code; value, scope, period and instrument are rows (`reference::rules`). An event is checked
//! against the rule of the day on which it happens, not of today.

mod judge;
mod sentence;
#[cfg(test)]
mod tests;
mod verdict;

pub use judge::{Facts, RuleCheck, RuleResult, blocking, judge, withheld};
