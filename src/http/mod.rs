//! HTTP: from bytes to callers, and answers.

pub mod bearer;
pub mod oauth;
