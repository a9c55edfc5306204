//! The keys of one issuer, as last fetched.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;

use crate::auth::external::{fetch::Fetcher, jwks::KeySet, table::Trusted};

/// Minimum time between two attempts to fetch an issuer's keys, regardless of the number of requests with unknown keys.
const MIN_INTERVAL: Duration = Duration::from_secs(60);

/// Age from which keys are fetched again.
const REFETCH_AGE: Duration = Duration::from_secs(300);

/// An issuer and its keys. The last valid set is used until it is replaced, so an outage of the issuer does not affect
/// tokens signed with known keys.
#[derive(Debug)]
pub(super) struct Source {
    pub trusted: Trusted,
    fetcher: Arc<Fetcher>,
    keys: ArcSwapOption<KeySet>,
    /// Lock for fetching.
    fetch_state: Mutex<FetchState>,
}

#[derive(Debug, Default)]
struct FetchState {
    attempted: Option<Instant>,
    has_failed: bool,
}

impl Source {
    pub fn new(trusted: Trusted, fetcher: Arc<Fetcher>) -> Self {
        Self { trusted, fetcher, keys: ArcSwapOption::empty(), fetch_state: Mutex::default() }
    }

    /// The keys as last fetched; empty before the first fetch.
    pub fn latest(&self) -> Arc<KeySet> {
        self.keys.load_full().unwrap_or_default()
    }

    /// The keys, fetched again if none has this id and the last attempt is long enough ago. Concurrent requests wait
    /// for the fetch.
    pub async fn with(self: &Arc<Self>, kid: &str, at: Instant) -> Arc<KeySet> {
        let keys = self.latest();
        if keys.has(kid) {
            return keys;
        }
        // A separate task, because an attempt counts and must complete even if the request is cancelled.
        let source = Arc::clone(self);
        let fetch = tokio::spawn(async move { source.renew_if_older(MIN_INTERVAL, at).await });
        let _fetched = fetch.await;
        self.latest()
    }

    /// Fetches the keys if they are due.
    pub async fn renew_if_due(&self, at: Instant) {
        let fails = self.fetch_state.lock().await.has_failed;
        self.renew_if_older(if fails { MIN_INTERVAL } else { REFETCH_AGE }, at).await;
    }

    async fn renew_if_older(&self, age: Duration, at: Instant) {
        let mut fetch_state = self.fetch_state.lock().await;
        if fetch_state.attempted.is_some_and(|attempted| at.saturating_duration_since(attempted) < age) {
            return;
        }
        fetch_state.attempted = Some(at);
        let issuer = &self.trusted.issuer;
        match self.fetcher.keys(&self.trusted).await {
            Ok(keys) => {
                fetch_state.has_failed = false;
                self.keys.store(Some(Arc::new(keys)));
                metrics::counter!("cadre_issuer_key_fetches_total", "failed" => "false").increment(1);
            }
            Err(failure) => {
                fetch_state.has_failed = true;
                metrics::counter!("cadre_issuer_key_fetches_total", "failed" => "true").increment(1);
                let failure = &failure as &dyn std::error::Error;
                tracing::warn!(
                    error = failure,
                    issuer,
                    "the keys of an issuer could not be fetched; the previous ones remain in use"
                );
            }
        }
    }
}
