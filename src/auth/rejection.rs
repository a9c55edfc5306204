//! Reasons of rejected credentials, for the log only. Clients never see them.

use std::{num::NonZeroU32, sync::LazyLock};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::auth::Reason;

/// Maximum burst of warnings, and their number per minute. Any client can cause them.
const WARNINGS: NonZeroU32 = NonZeroU32::new(300).expect("not zero");

/// Logs why a credential was rejected: as a warning, or at INFO after too many warnings.
pub fn log(credential: &'static str, reason: Reason) {
    static LIMIT: LazyLock<DefaultDirectRateLimiter> =
        LazyLock::new(|| RateLimiter::direct(Quota::per_minute(WARNINGS)));
    match LIMIT.check() {
        Ok(()) => tracing::warn!(auth.credential = credential, auth.reason = %reason, "credential rejected"),
        Err(_) => tracing::info!(auth.credential = credential, auth.reason = %reason, "credential rejected"),
    }
}
