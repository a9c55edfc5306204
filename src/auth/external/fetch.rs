//! Fetches the keys of issuers, with limits on size, time and location.

use std::time::Duration;

use reqwest::{Client, Url, redirect};
use serde::Deserialize;

use crate::auth::external::{
    jwks::KeySet,
    table::{Place, Trusted, is_safe, is_this_machine},
};

/// Time limit of a response, including its body.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum size of a response.
const MAX_BYTES: usize = 64 * 1024;

/// Why there are no keys; for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// No response, or not in time.
    #[error("no answer")]
    Unanswered(#[from] reqwest::Error),
    /// A status other than 200, including redirects.
    #[error("answer {0}")]
    Status(u16),
    /// Longer than `MAX_BYTES`.
    #[error("the response is too long")]
    Length,
    /// The metadata is invalid, belongs to another issuer, or names an unsafe URL.
    #[error("metadata")]
    Metadata,
    /// The response contains no usable key.
    #[error("the response contains no usable key")]
    Keys,
}

/// The members of OpenID Connect Discovery 1.0, section 3, that are used.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// HTTPS client with the trusted certificates of this machine.
#[derive(Debug)]
pub(super) struct Fetcher(Client);

impl Fetcher {
    /// A client with the time limit of the service.
    pub fn new() -> Result<Self, reqwest::Error> {
        Self::with_timeout(TIMEOUT)
    }

    /// A client with another time limit. Connections are not reused, because requests are minutes apart.
    pub(super) fn with_timeout(timeout: Duration) -> Result<Self, reqwest::Error> {
        let client = Client::builder().redirect(redirect::Policy::none()).timeout(timeout).pool_max_idle_per_host(0);
        client.user_agent(concat!("cadre-api/", env!("CARGO_PKG_VERSION"))).build().map(Self)
    }

    /// Fetches the current keys of an issuer.
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

/// URL of the keys in the metadata of the issuer (OpenID Connect Discovery 1.0, section 4.3). Metadata from another
/// host must not refer to this machine.
fn keys_of(metadata: &[u8], trusted: &Trusted, from: &Url) -> Result<Url, Failure> {
    let metadata: Metadata = serde_json::from_slice(metadata).map_err(|_| Failure::Metadata)?;
    let keys = Url::parse(&metadata.jwks_uri).map_err(|_| Failure::Metadata)?;
    let is_allowed = is_this_machine(from) || !is_this_machine(&keys);
    if metadata.issuer != trusted.issuer || !is_safe(&keys) || !is_allowed {
        return Err(Failure::Metadata);
    }
    Ok(keys)
}
