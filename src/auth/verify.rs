//! Authenticates the caller of a bearer token.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::{
    auth::{
        caller::Caller,
        claims::{Claims, Policy, Unverified},
        external::{self, Issuers, Recognized},
        jws::{Compact, Reason},
        keys::Keys,
        snapshot::Register,
    },
    clock::Clock,
    error::Error,
};

/// How long a verified signature is cached; expiry, key and client are checked every time.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Tokens in the cache at most, in two generations.
const CAPACITY: usize = 8192;

/// Why authentication failed.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// The token is invalid; the reason is for the log only (`invalid_token` of RFC 6750, section 3.1).
    #[error("token refused: {0}")]
    Invalid(#[from] Reason),
    /// Authorization is unavailable now.
    #[error("the rights of callers cannot be read")]
    Unavailable(#[from] Error),
}

/// Verifies access tokens of this service and of trusted external issuers.
#[derive(Debug)]
pub struct Verifier {
    public_url: Arc<str>,
    register: Arc<Register>,
    /// Trusted external issuers.
    pub(super) issuers: Issuers,
    remembered: Mutex<Remembered>,
}

/// Claims of a verified token.
#[derive(Clone, Debug)]
pub(super) enum VerifiedClaims {
    /// Of this service.
    Ours(Arc<Claims>),
    /// Of an external issuer.
    Theirs(Arc<external::Claims>),
}

impl Verifier {
    pub(super) fn new(public_url: Arc<str>, register: Arc<Register>) -> Self {
        Self { public_url, register, issuers: Issuers::default(), remembered: Mutex::default() }
    }

    /// The caller of a bearer token at this moment.
    pub async fn verify(&self, bearer: &str, now: DateTime<Utc>) -> Result<Caller, Denied> {
        self.verify_at(bearer, now, Instant::now()).await
    }

    /// `at` measures the age of cache entries; unlike `now` it is monotonic.
    pub(super) async fn verify_at(&self, bearer: &str, now: DateTime<Utc>, at: Instant) -> Result<Caller, Denied> {
        self.admit(bearer, now, at).await.map(|(caller, _)| caller)
    }

    /// Claims of a token of this service, whether or not its client may still use it.
    pub(super) async fn claims(&self, bearer: &str, now: DateTime<Utc>) -> Result<Claims, Denied> {
        let token = Unverified::of(Compact::read(bearer)?)?;
        let snapshot = self.register.current(Instant::now()).await?;
        Ok(self.check(token, snapshot.keys(), now)?)
    }

    /// The caller of a token, and its claims.
    pub(super) async fn admit(
        &self,
        bearer: &str,
        now: DateTime<Utc>,
        at: Instant,
    ) -> Result<(Caller, VerifiedClaims), Denied> {
        let digest: Fingerprint = Sha256::digest(bearer.as_bytes()).into();
        let known = self.remembered().get(&digest, at);
        // Malformed tokens are rejected before any database access.
        let token = if known.is_none() { Some(self.read(bearer)?) } else { None };
        let snapshot = self.register.current(at).await?;
        let said = match (known, token) {
            (Some(said), _) => still_good(said, snapshot.keys(), now)?,
            (None, Some(token)) => {
                let said = match token {
                    Token::Ours(token) => VerifiedClaims::Ours(Arc::new(self.check(token, snapshot.keys(), now)?)),
                    Token::Theirs(token) => VerifiedClaims::Theirs(Arc::new(token.verify(now, at).await?)),
                };
                self.remembered().put(digest, said.clone(), at);
                said
            }
            (None, None) => return Err(Reason::Parts.into()),
        };

        let today = Clock::Fixed(now).today();
        let caller = match &said {
            VerifiedClaims::Theirs(claims) => Some(Caller::admit_external(claims, &snapshot, today)?),
            VerifiedClaims::Ours(claims) => Caller::admit(claims, &snapshot, today)?,
        };
        match (caller, said) {
            (Some(caller), said) => Ok((caller, said)),
            // We have signed for a client that is not in the snapshot: it was registered later.
            (None, VerifiedClaims::Ours(claims)) => {
                let snapshot = self.register.since(at).await?;
                let caller = Caller::admit(&claims, &snapshot, today)?.ok_or(Reason::UnknownClient)?;
                Ok((caller, VerifiedClaims::Ours(claims)))
            }
            (None, VerifiedClaims::Theirs(_)) => Err(Reason::UnknownClient.into()),
        }
    }

    /// A token with a valid header.
    fn read<'a>(&self, bearer: &'a str) -> Result<Token<'a>, Reason> {
        match self.issuers.recognize(Compact::read(bearer)?)? {
            Recognized::Theirs(token) => Ok(Token::Theirs(token)),
            Recognized::Other(token) => Unverified::of(token).map(Token::Ours),
        }
    }

    fn check(&self, token: Unverified<'_>, keys: &Keys, now: DateTime<Utc>) -> Result<Claims, Reason> {
        match keys.verify(&token.kid, token.token.message, token.token.signature) {
            None => Err(Reason::Key),
            Some(false) => Err(Reason::Signature),
            Some(true) => Policy { public_url: &self.public_url }.claims(token, now),
        }
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token with an unchecked signature.
enum Token<'a> {
    Ours(Unverified<'a>),
    Theirs(external::Unverified<'a>),
}

fn still_good(said: VerifiedClaims, keys: &Keys, now: DateTime<Utc>) -> Result<VerifiedClaims, Reason> {
    match &said {
        VerifiedClaims::Ours(claims) if !keys.knows(&claims.kid) => return Err(Reason::Key),
        VerifiedClaims::Ours(claims) => claims.validity.ensure_current(now)?,
        VerifiedClaims::Theirs(claims) => claims.ensure_still_good(now)?,
    }
    Ok(said)
}

/// SHA-256 of a token, so that memory contains no tokens.
type Fingerprint = [u8; 32];

/// Recently verified tokens, in two generations. When the young one is full, it replaces the old one, which is dropped:
/// bounded, without searching for the oldest entry.
#[derive(Debug, Default)]
struct Remembered {
    young: HashMap<Fingerprint, (VerifiedClaims, Instant)>,
    old: HashMap<Fingerprint, (VerifiedClaims, Instant)>,
}

impl Remembered {
    fn get(&self, token: &Fingerprint, at: Instant) -> Option<VerifiedClaims> {
        let (said, since) = self.young.get(token).or_else(|| self.old.get(token))?;
        (at.saturating_duration_since(*since) < REMEMBERED).then(|| said.clone())
    }

    fn put(&mut self, token: Fingerprint, said: VerifiedClaims, at: Instant) {
        if self.young.len() >= CAPACITY / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, (said, at));
    }
}
