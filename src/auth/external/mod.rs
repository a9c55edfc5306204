//! Tokens of external issuers: whose are taken, by which keys, and what they must say.
//!
//! An issuer is trusted because a file of the operator names it. Nothing in a token leads to a key: no URL, no embedded
//! key, and a `kid` only chooses among the keys that the issuer has published.

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

/// The issuers whose tokens are taken beside those of this service, with their keys.
#[derive(Debug, Default)]
pub struct Issuers(Vec<Arc<Source>>);

impl Issuers {
    /// Reads the table of issuers, whose form stands in `docs/api.md`; `public_url` is that of this service. No key is
    /// fetched yet.
    ///
    /// # Errors
    /// A sentence that names the issuer, the field and the way out.
    pub fn read(text: &str, public_url: &str) -> Result<Self, String> {
        let fetcher = Arc::new(fetch::Fetcher::new().map_err(|error| format!("keys cannot be fetched: {error}"))?);
        let trusted = table::read(text, public_url)?;
        Ok(Self(trusted.into_iter().map(|trusted| Arc::new(Source::new(trusted, fetcher.clone()))).collect()))
    }

    /// Whether it names an issuer.
    pub fn names(&self, issuer: &str) -> bool {
        self.all().any(|known| known == issuer)
    }

    /// The issuers.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|source| source.trusted.issuer.as_str())
    }

    /// Fetches the keys that are due: those never fetched, those fetched some minutes ago, and those that could not be
    /// had. What cannot be had is logged and stays as it was.
    pub async fn renew(&self, at: Instant) {
        join_all(self.0.iter().map(|source| source.renew_if_due(at))).await;
    }

    fn by_name(&self, issuer: &str) -> Option<&Arc<Source>> {
        self.0.iter().find(|source| source.trusted.issuer == issuer)
    }

    /// The issuer that a token says it comes from, if it is one of these. The signature will tell.
    fn said_by(&self, token: &Compact<'_>) -> Option<&Arc<Source>> {
        if self.0.is_empty() {
            return None;
        }
        let said = token.claims().ok()?;
        self.by_name(said.get("iss").and_then(Value::as_str)?)
    }

    /// A token with an acceptable header, if it says that it comes from one of these issuers.
    pub(super) fn recognize<'a>(&self, token: Compact<'a>) -> Result<Recognized<'a>, Reason> {
        match self.said_by(&token) {
            None => Ok(Recognized::Other(token)),
            Some(source) => Ok(Recognized::Theirs(Unverified::of(token, source.clone())?)),
        }
    }
}

/// Whose a token is, by its own words.
pub(super) enum Recognized<'a> {
    /// One of an external issuer.
    Theirs(Unverified<'a>),
    /// Any other.
    Other(Compact<'a>),
}
