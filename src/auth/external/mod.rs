//! Tokens of external issuers: trusted issuers, their keys, and required claims.
//!
//! An issuer is trusted because the operator's file names it. Nothing in a token refers to a key location: no URL, no
//! embedded key, and `kid` only selects one of the issuer's published keys.

mod claims;
mod fetch;
mod jwks;
mod source;
mod table;

use std::{sync::Arc, time::Instant};

use futures_util::future::join_all;
use serde_json::Value;

use crate::auth::{
    external::source::Source,
    jws::{Compact, Reason},
};

#[cfg(test)]
pub(in crate::auth) mod tests;

pub(super) use claims::{Claims, Unverified};
#[cfg(test)]
pub(super) use table::Trusted;

/// Trusted external issuers with their keys.
#[derive(Debug, Default)]
pub struct Issuers(Vec<Arc<Source>>);

impl Issuers {
    /// Reads the table of issuers, whose format is described in `docs/api.md`; `public_url` is that of this service.
    /// Fetches no keys yet.
    ///
    /// # Errors
    /// A sentence that names the issuer, the field and the solution.
    pub fn read(text: &str, public_url: &str) -> Result<Self, String> {
        let fetcher = Arc::new(fetch::Fetcher::new().map_err(|error| format!("keys cannot be fetched: {error}"))?);
        let trusted = table::read(text, public_url)?;
        Ok(Self(trusted.into_iter().map(|trusted| Arc::new(Source::new(trusted, fetcher.clone()))).collect()))
    }

    /// Whether the table contains the issuer.
    pub fn names(&self, issuer: &str) -> bool {
        self.all().any(|known| known == issuer)
    }

    /// The issuers.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|source| source.trusted.issuer.as_str())
    }

    /// Fetches the keys that are due: never fetched, fetched some minutes ago, or failed last time. A failure is
    /// logged, and the old keys remain.
    pub async fn renew(&self, at: Instant) {
        join_all(self.0.iter().map(|source| source.renew_if_due(at))).await;
    }

    fn by_name(&self, issuer: &str) -> Option<&Arc<Source>> {
        self.0.iter().find(|source| source.trusted.issuer == issuer)
    }

    /// The issuer named in a token, if it is trusted. The signature is still unchecked.
    fn issuer_of(&self, token: &Compact<'_>) -> Option<&Arc<Source>> {
        if self.0.is_empty() {
            return None;
        }
        let claims = token.claims().ok()?;
        self.by_name(claims.get("iss").and_then(Value::as_str)?)
    }

    /// A token with a valid header, if it names one of these issuers.
    pub(super) fn recognize<'a>(&self, token: Compact<'a>) -> Result<Recognized<'a>, Reason> {
        match self.issuer_of(&token) {
            None => Ok(Recognized::Other(token)),
            Some(source) => Ok(Recognized::Theirs(Unverified::of(token, source.clone())?)),
        }
    }
}

/// A token by its unverified issuer.
pub(super) enum Recognized<'a> {
    /// Of an external issuer.
    Theirs(Unverified<'a>),
    /// Of any other issuer.
    Other(Compact<'a>),
}
