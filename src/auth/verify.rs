//! From a bearer token to its caller.

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
        compact::Reason,
        keys::Keys,
        register::Register,
    },
    clock::Clock,
    error::Error,
};

/// How long a verified token need not be verified again; its end, its key and its client are asked every time.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Tokens remembered at most, in two halves.
const CAPACITY: usize = 8192;

/// Why there is no caller.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// The token is worth nothing; the reason is for the log only (`invalid_token` of RFC 6750, section 3.1).
    #[error("token refused: {0}")]
    Invalid(#[from] Reason),
    /// Nobody can tell now who may do what.
    #[error("rights cannot be read")]
    Unavailable(#[from] Error),
}

/// Verifies access tokens of this service.
#[derive(Debug)]
pub struct Verifier {
    public_url: Arc<str>,
    register: Arc<Register>,
    remembered: Mutex<Remembered>,
}

impl Verifier {
    pub(super) fn new(public_url: Arc<str>, register: Arc<Register>) -> Self {
        Self { public_url, register, remembered: Mutex::default() }
    }

    /// The caller behind a bearer token at this moment.
    pub async fn verify(&self, bearer: &str, now: DateTime<Utc>) -> Result<Caller, Denied> {
        self.verify_at(bearer, now, Instant::now()).await
    }

    /// `at` measures the ages of what is remembered; it does not step as `now` may.
    pub(super) async fn verify_at(&self, bearer: &str, now: DateTime<Utc>, at: Instant) -> Result<Caller, Denied> {
        self.admit(bearer, now, at).await.map(|(caller, _)| caller)
    }

    /// What a token of ours says, whether or not its client may still use it.
    pub(super) async fn claims(&self, bearer: &str, now: DateTime<Utc>) -> Result<Claims, Denied> {
        let token = Unverified::read(bearer)?;
        let snapshot = self.register.current(Instant::now()).await?;
        Ok(self.check(token, snapshot.keys(), now)?)
    }

    /// The caller behind a token, and what the token says.
    pub(super) async fn admit(
        &self,
        bearer: &str,
        now: DateTime<Utc>,
        at: Instant,
    ) -> Result<(Caller, Arc<Claims>), Denied> {
        let digest: Fingerprint = Sha256::digest(bearer.as_bytes()).into();
        let known = self.remembered().get(&digest, at);
        // Rubbish is told apart before the database may be asked for anything.
        let token = if known.is_none() { Some(Unverified::read(bearer)?) } else { None };
        let snapshot = self.register.current(at).await?;
        let claims = match (known, token) {
            (Some(claims), _) => still_good(claims, snapshot.keys(), now)?,
            (None, Some(token)) => {
                let claims = Arc::new(self.check(token, snapshot.keys(), now)?);
                self.remembered().put(digest, claims.clone(), at);
                claims
            }
            (None, None) => return Err(Reason::Parts.into()),
        };

        let today = Clock::Fixed(now).today();
        if let Some(caller) = Caller::admit(&claims, &snapshot, today)? {
            return Ok((caller, claims));
        }
        // We have signed for a client that the picture does not hold: it has been registered since.
        let snapshot = self.register.since(at).await?;
        let caller = Caller::admit(&claims, &snapshot, today)?.ok_or(Denied::Invalid(Reason::UnknownClient))?;
        Ok((caller, claims))
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

fn still_good(claims: Arc<Claims>, keys: &Keys, now: DateTime<Utc>) -> Result<Arc<Claims>, Reason> {
    if !keys.knows(&claims.kid) {
        return Err(Reason::Key);
    }
    claims.ensure_current(now)?;
    Ok(claims)
}

/// SHA-256 of a token, so that memory holds no token.
type Fingerprint = [u8; 32];

/// Tokens that were verified lately. When the young half is full it becomes the old one, which is forgotten: bounded,
/// and nothing is ever searched for the oldest.
#[derive(Debug, Default)]
struct Remembered {
    young: HashMap<Fingerprint, (Arc<Claims>, Instant)>,
    old: HashMap<Fingerprint, (Arc<Claims>, Instant)>,
}

impl Remembered {
    fn get(&self, token: &Fingerprint, at: Instant) -> Option<Arc<Claims>> {
        let (claims, since) = self.young.get(token).or_else(|| self.old.get(token))?;
        (at.saturating_duration_since(*since) < REMEMBERED).then(|| claims.clone())
    }

    fn put(&mut self, token: Fingerprint, claims: Arc<Claims>, at: Instant) {
        if self.young.len() >= CAPACITY / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, (claims, at));
    }
}
