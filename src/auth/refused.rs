//! Why a client gets no token.

use std::time::Duration;

use crate::{auth::Reason, error::Error};

/// Why no token is issued; the names are those of RFC 6749, section 5.2.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Unknown client, wrong secret or revoked client; the response is the same for all three.
    #[error("invalid_client")]
    InvalidClient,
    /// Too many attempts with a secret have failed; the time until the next one is accepted.
    #[error("too many attempts")]
    TooManyAttempts(Duration),
    /// The assertion does not authenticate the client; the reason is for the log only.
    #[error("invalid_client: {0}")]
    InvalidAssertion(#[from] Reason),
    /// No grant of the client is in force today, or the token belongs to another client.
    #[error("unauthorized_client")]
    UnauthorizedClient,
    /// A scope is unknown or not granted.
    #[error("invalid_scope")]
    InvalidScope,
    /// The database is unavailable, or an internal error.
    #[error("no answer")]
    Failed(#[from] Error),
}
