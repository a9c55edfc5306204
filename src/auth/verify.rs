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
        external::{self, Issuers, Recognized},
        jws::{Compact, Reason},
        keys::Keys,
        snapshot::Register,
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

/// Verifies access tokens of this service, and of the external issuers that are trusted.
#[derive(Debug)]
pub struct Verifier {
    public_url: Arc<str>,
    register: Arc<Register>,
    /// Whose tokens are taken besides.
    pub(super) issuers: Issuers,
    remembered: Mutex<Remembered>,
}

/// What a verified token says.
#[derive(Clone, Debug)]
pub(super) enum VerifiedClaims {
    /// One of this service.
    Ours(Arc<Claims>),
    /// One of an external issuer.
    Theirs(Arc<external::Claims>),
}

impl Verifier {
    pub(super) fn new(public_url: Arc<str>, register: Arc<Register>) -> Self {
        Self { public_url, register, issuers: Issuers::default(), remembered: Mutex::default() }
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
        let token = Unverified::of(Compact::read(bearer)?)?;
        let snapshot = self.register.current(Instant::now()).await?;
        Ok(self.check(token, snapshot.keys(), now)?)
    }

    /// The caller behind a token, and what the token says.
    pub(super) async fn admit(
        &self,
        bearer: &str,
        now: DateTime<Utc>,
        at: Instant,
    ) -> Result<(Caller, VerifiedClaims), Denied> {
        let digest: Fingerprint = Sha256::digest(bearer.as_bytes()).into();
        let known = self.remembered().get(&digest, at);
        // Rubbish is told apart before the database may be asked for anything.
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
            // We have signed for a client that the picture does not hold: it has been registered since.
            (None, VerifiedClaims::Ours(claims)) => {
                let snapshot = self.register.since(at).await?;
                let caller = Caller::admit(&claims, &snapshot, today)?.ok_or(Reason::UnknownClient)?;
                Ok((caller, VerifiedClaims::Ours(claims)))
            }
            (None, VerifiedClaims::Theirs(_)) => Err(Reason::UnknownClient.into()),
        }
    }

    /// A token with an acceptable header.
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

/// A token whose signature is not checked yet.
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

/// SHA-256 of a token, so that memory holds no token.
type Fingerprint = [u8; 32];

/// Tokens that were verified lately. When the young half is full it becomes the old one, which is forgotten: bounded,
/// and nothing is ever searched for the oldest.
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
