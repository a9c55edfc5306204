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

/// Time for which a verified signature is cached. Expiry, key and client are checked for every request.
const CACHE_TIME: Duration = Duration::from_secs(60);

/// Maximum number of tokens in the cache, in two generations.
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
    token_cache: Mutex<TokenCache>,
}

/// Claims of a verified token.
#[derive(Clone, Debug)]
pub(super) enum VerifiedClaims {
    /// Claims of a token of this service.
    Ours(Arc<Claims>),
    /// Claims of a token of an external issuer.
    Theirs(Arc<external::Claims>),
}

impl Verifier {
    pub(super) fn new(public_url: Arc<str>, register: Arc<Register>) -> Self {
        Self { public_url, register, issuers: Issuers::default(), token_cache: Mutex::default() }
    }

    /// The caller of a bearer token at this moment.
    pub async fn verify(&self, bearer: &str, now: DateTime<Utc>) -> Result<Caller, Denied> {
        self.verify_at(bearer, now, Instant::now()).await
    }

    /// Like `verify`. `at` measures the age of cache entries; unlike `now` it is monotonic.
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
        let known = self.token_cache().get(&digest, at);
        // Malformed tokens are rejected before any database access.
        let token = if known.is_none() { Some(self.read(bearer)?) } else { None };
        let snapshot = self.register.current(at).await?;
        let claims = match (known, token) {
            (Some(claims), _) => ensure_still_valid(claims, snapshot.keys(), now)?,
            (None, Some(token)) => {
                let claims = match token {
                    Token::Ours(token) => VerifiedClaims::Ours(Arc::new(self.check(token, snapshot.keys(), now)?)),
                    Token::Theirs(token) => VerifiedClaims::Theirs(Arc::new(token.verify(now, at).await?)),
                };
                self.token_cache().put(digest, claims.clone(), at);
                claims
            }
            (None, None) => return Err(Reason::Parts.into()),
        };

        let today = Clock::Fixed(now).today();
        let caller = match &claims {
            VerifiedClaims::Theirs(claims) => Some(Caller::admit_external(claims, &snapshot, today)?),
            VerifiedClaims::Ours(claims) => Caller::admit(claims, &snapshot, today)?,
        };
        match (caller, claims) {
            (Some(caller), claims) => Ok((caller, claims)),
            // The service signed this token, but the snapshot does not contain the client: the client was registered
            // later.
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

    fn token_cache(&self) -> std::sync::MutexGuard<'_, TokenCache> {
        self.token_cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token with an unchecked signature.
enum Token<'a> {
    Ours(Unverified<'a>),
    Theirs(external::Unverified<'a>),
}

fn ensure_still_valid(claims: VerifiedClaims, keys: &Keys, now: DateTime<Utc>) -> Result<VerifiedClaims, Reason> {
    match &claims {
        VerifiedClaims::Ours(claims) if !keys.knows(&claims.kid) => return Err(Reason::Key),
        VerifiedClaims::Ours(claims) => claims.validity.ensure_current(now)?,
        VerifiedClaims::Theirs(claims) => claims.ensure_still_valid(now)?,
    }
    Ok(claims)
}

/// SHA-256 of a token; the cache contains no tokens.
type Fingerprint = [u8; 32];

/// Recently verified tokens, in two generations. When the young generation is full, it replaces the old one, which is
/// dropped. The size is thus bounded without a search for the oldest entry.
#[derive(Debug, Default)]
struct TokenCache {
    young: HashMap<Fingerprint, (VerifiedClaims, Instant)>,
    old: HashMap<Fingerprint, (VerifiedClaims, Instant)>,
}

impl TokenCache {
    fn get(&self, token: &Fingerprint, at: Instant) -> Option<VerifiedClaims> {
        let (claims, since) = self.young.get(token).or_else(|| self.old.get(token))?;
        (at.saturating_duration_since(*since) < CACHE_TIME).then(|| claims.clone())
    }

    fn put(&mut self, token: Fingerprint, claims: VerifiedClaims, at: Instant) {
        if self.young.len() >= CAPACITY / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, (claims, at));
    }
}
