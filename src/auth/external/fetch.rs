//! Fetches the keys of issuers: a small answer, soon, from where the table says, or not at all.

use std::time::Duration;

use reqwest::{Client, Url, redirect};
use serde::Deserialize;

use crate::auth::external::{
    jwks::KeySet,
    table::{Place, Trusted, is_safe, is_this_machine},
};

/// How long an answer may take, to its last byte.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The longest answer that is read.
const MAX_BYTES: usize = 64 * 1024;

/// Why there are no keys; for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Nothing was received, or not in time.
    #[error("no answer")]
    Unanswered(#[from] reqwest::Error),
    /// Another answer than 200; a redirect is one.
    #[error("answer {0}")]
    Status(u16),
    /// Over `MAX_BYTES`.
    #[error("answer too long")]
    Length,
    /// The metadata is unreadable, is another issuer's, or names a place that is not safe.
    #[error("metadata")]
    Metadata,
    /// No usable key is in the answer.
    #[error("no usable key")]
    Keys,
}

/// The members of OpenID Connect Discovery 1.0, section 3, that are used.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// Fetches by HTTPS with the certificates that this machine trusts.
#[derive(Debug)]
pub(super) struct Fetcher(Client);

impl Fetcher {
    /// Has the patience of the service.
    pub fn new() -> Result<Self, reqwest::Error> {
        Self::patient(TIMEOUT)
    }

    /// Connections are not kept: minutes lie between two questions.
    pub(super) fn patient(patience: Duration) -> Result<Self, reqwest::Error> {
        let client = Client::builder().redirect(redirect::Policy::none()).timeout(patience).pool_max_idle_per_host(0);
        client.user_agent(concat!("cadre-api/", env!("CARGO_PKG_VERSION"))).build().map(Self)
    }

    /// The keys of an issuer as they are now.
    pub async fn keys(&self, trusted: &Trusted) -> Result<KeySet, Failure> {
        let text = match &trusted.place {
            Place::Keys(url) => self.get(url).await?,
            Place::Metadata(url) => {
                let keys = keys_of(&self.get(url).await?, trusted, url)?;
                self.get(&keys).await?
            }
        };
        KeySet::read(&text, &trusted.algorithms).ok_or(Failure::Keys)
    }

    async fn get(&self, url: &Url) -> Result<Vec<u8>, Failure> {
        let mut answer = self.0.get(url.clone()).header("Accept", "application/json").send().await?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(Failure::Status(answer.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if bytes.len() + chunk.len() > MAX_BYTES {
                return Err(Failure::Length);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// Where the keys are by the metadata of the issuer itself (OpenID Connect Discovery 1.0, section 4.3). Metadata from
/// elsewhere does not lead into this machine.
fn keys_of(metadata: &[u8], trusted: &Trusted, from: &Url) -> Result<Url, Failure> {
    let metadata: Metadata = serde_json::from_slice(metadata).map_err(|_| Failure::Metadata)?;
    let keys = Url::parse(&metadata.jwks_uri).map_err(|_| Failure::Metadata)?;
    let stays_outside = is_this_machine(from) || !is_this_machine(&keys);
    if metadata.issuer != trusted.issuer || !is_safe(&keys) || !stays_outside {
        return Err(Failure::Metadata);
    }
    Ok(keys)
}
