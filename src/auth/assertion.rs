//! Validation of client assertions (RFC 7521, section 4.2; RFC 7523, section 3; OpenID Connect Core, section 9): pure
//! rules. Replay detection is in `authenticate`.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use entity::{
    client_key,
    value::{ClientId, KeyAlgorithm},
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::auth::{
    jws::{Compact, LEEWAY_SECONDS, Reason, seconds, text},
    public_key,
};

/// Maximum lifetime of an assertion.
pub const LIFETIME_SECONDS: i64 = 300;

/// Maximum length of `jti`, in bytes.
const LONGEST_JTI: usize = 255;

/// Accepted values of `typ`, which is optional: the one recommended by RFC 7519, section 5.1, and the specific one for
/// assertions. An access token has another type.
const TYPES: [&str; 2] = ["JWT", "client-authentication+jwt"];

/// A well-formed assertion with an unchecked signature. Of its claims only the subject may be used, to find the
/// client's keys.
pub(super) struct Assertion<'a> {
    client_id: ClientId,
    kid: Option<String>,
    algorithm: KeyAlgorithm,
    claims: Map<String, Value>,
    token: Compact<'a>,
}

/// A valid assertion, not yet checked for replay.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ValidAssertion {
    /// SHA-256 of the assertion's `jti`, in hexadecimal.
    pub jti_hash: String,
    /// Expiry of the assertion.
    pub expires_at: DateTime<Utc>,
}

impl<'a> Assertion<'a> {
    /// Parses an assertion and checks its header.
    pub fn read(assertion: &'a str) -> Result<Self, Reason> {
        let token = Compact::read(assertion)?;
        let header = |name: &str| token.header.get(name).map(|value| value.as_str().unwrap_or_default());
        if header("typ").is_some_and(|typ| !TYPES.contains(&typ)) {
            return Err(Reason::Type);
        }
        let algorithm = header("alg").and_then(|alg| KeyAlgorithm::of_alg(alg).ok()).ok_or(Reason::Algorithm)?;
        let kid = header("kid").map(str::to_owned);
        let claims = token.claims()?;
        let client_id = text(&claims, "sub")?.parse().map_err(|_| Reason::Claim("sub"))?;
        Ok(Self { client_id, kid, algorithm, claims, token })
    }

    /// The client named by the assertion.
    pub fn client_id(&self) -> ClientId {
        self.client_id
    }

    /// Verifies the signature with the client's active keys and validates the claims. The key determines the algorithm;
    /// a header with another one is refused. If the header names no key, each key is tried.
    pub fn validate(
        &self,
        keys: &[client_key::Model],
        issuer: &str,
        now: DateTime<Utc>,
    ) -> Result<ValidAssertion, Reason> {
        let has_kid = |key: &&client_key::Model| self.kid.as_ref().is_none_or(|kid| *kid == key.kid);
        let active = keys.iter().filter(|key| key.client_id == self.client_id && key.revoked_at.is_none());
        let candidates: Vec<_> = active.filter(has_kid).collect();
        let with_algorithm: Vec<_> = candidates.iter().filter(|key| key.algorithm == self.algorithm).collect();
        if !with_algorithm.iter().any(|key| public_key::has_signed(key, &self.token)) {
            self.verify_with_decoys(with_algorithm.len());
            return Err(match (candidates.len(), with_algorithm.len()) {
                (0, _) => Reason::Key,
                (_, 0) => Reason::Algorithm,
                _ => Reason::Signature,
            });
        }
        self.claims(issuer, now)
    }

    /// Verifies the signature with a decoy key until as many keys were tried as a client may have. The response time
    /// then reveals neither whether the client exists nor how many keys it has.
    fn verify_with_decoys(&self, verified: usize) {
        let most = if self.kid.is_some() { 1 } else { public_key::MAX_OF_CLIENT };
        for _ in verified..most {
            std::hint::black_box(public_key::verifies(self.algorithm, public_key::decoy(self.algorithm), &self.token));
        }
    }

    fn claims(&self, issuer: &str, now: DateTime<Utc>) -> Result<ValidAssertion, Reason> {
        if text(&self.claims, "iss")? != text(&self.claims, "sub")? {
            return Err(Reason::Claim("iss"));
        }
        // A list of audiences may name another server, which could then replay the assertion here: one string only.
        if text(&self.claims, "aud")? != issuer {
            return Err(Reason::Claim("aud"));
        }
        let jti = text(&self.claims, "jti")?;
        if !(1..=LONGEST_JTI).contains(&jti.len()) {
            return Err(Reason::Claim("jti"));
        }
        let expires_at = self.end(now.timestamp())?;
        Ok(ValidAssertion { jti_hash: HEXLOWER.encode(&Sha256::digest(jti.as_bytes())), expires_at })
    }

    fn end(&self, now: i64) -> Result<DateTime<Utc>, Reason> {
        let optional = |name| self.claims.contains_key(name).then(|| seconds(&self.claims, name)).transpose();
        let (expires, issued, starts) = (seconds(&self.claims, "exp")?, optional("iat")?, optional("nbf")?);
        if expires <= now {
            return Err(Reason::Expired);
        }
        if issued.max(starts).is_some_and(|starts| starts > now.saturating_add(LEEWAY_SECONDS)) {
            return Err(Reason::NotYet);
        }
        match expires.checked_sub(issued.unwrap_or(now)) {
            Some(1..=LIFETIME_SECONDS) => DateTime::from_timestamp(expires, 0).ok_or(Reason::Lifetime),
            _ => Err(Reason::Lifetime),
        }
    }
}
