//! Validation of the claims of an access token (RFC 9068): pure rules.
//!
//! The signature is checked elsewhere, between `Unverified::read` and `Policy::claims`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::value::{ClientId, Scope};
use serde_json::{Map, Value};

use crate::auth::jws::{Compact, LEEWAY_SECONDS, Reason, seconds, text};

/// Maximum lifetime of a token, and the lifetime of tokens of this service.
pub const LIFETIME_SECONDS: i64 = 600;

/// The two spellings that a resource server must accept; it must reject all others (RFC 9068, section 4).
const TYPES: [&str; 2] = ["at+jwt", "application/at+jwt"];

/// An access token with a valid header; its signature is unchecked, so its claims must not be used yet.
pub(super) struct Unverified<'a> {
    /// Id of the key that signed the token, according to its header.
    pub kid: String,
    /// The token.
    pub token: Compact<'a>,
}

impl<'a> Unverified<'a> {
    /// Checks the header of a token.
    pub fn of(token: Compact<'a>) -> Result<Self, Reason> {
        ensure_type(&token)?;
        let text = |name: &str| token.header.get(name).and_then(Value::as_str);
        if text("alg") != Some("ES256") {
            return Err(Reason::Algorithm);
        }
        let kid = text("kid").ok_or(Reason::Key)?.to_owned();
        Ok(Self { kid, token })
    }
}

/// Claims of a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    /// Id of the key that signed the token.
    pub kid: String,
    /// Id of the token (RFC 7519, section 4.1.7).
    pub jti: String,
    /// The client that the token was issued to.
    pub client_id: ClientId,
    /// Scopes of the token; they can only narrow the client's grant.
    pub scopes: BTreeSet<Scope>,
    /// Time of issue, in seconds since 1970.
    pub issued: i64,
    /// Validity period of the token.
    pub validity: Validity,
}

/// Accepted issuer and audience: both are the same string, the public URL of this service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy<'a> {
    /// Public URL.
    pub public_url: &'a str,
}

impl Policy<'_> {
    /// The claims of a token whose signature has been verified.
    pub fn claims(&self, token: Unverified<'_>, now: DateTime<Utc>) -> Result<Claims, Reason> {
        let claims = token.token.claims()?;
        ensure_unbound(&claims)?;
        // A list of audiences may name other servers, which could then replay the token here: one string only.
        for name in ["iss", "aud"] {
            if text(&claims, name)? != self.public_url {
                return Err(Reason::Claim(name));
            }
        }
        let client_id = text(&claims, "client_id")?;
        // The subject of a token without a person is the client (RFC 9068, section 2.2); this service issues no others.
        if text(&claims, "sub")? != client_id {
            return Err(Reason::Claim("sub"));
        }
        let jti = text(&claims, "jti")?;
        if jti.is_empty() {
            return Err(Reason::Claim("jti"));
        }
        let validity = Validity::read(&claims, LIFETIME_SECONDS)?;
        let claims = Claims {
            kid: token.kid,
            jti: jti.to_owned(),
            client_id: client_id.parse().map_err(|_| Reason::Claim("client_id"))?,
            // A missing claim must not mean all scopes, so it is required. Unknown words are ignored.
            scopes: text(&claims, "scope")?.split(' ').filter_map(|word| word.parse().ok()).collect(),
            issued: seconds(&claims, "iat")?,
            validity,
        };
        claims.validity.ensure_current(now)?;
        Ok(claims)
    }
}

/// Checks that a token is an access token.
pub(super) fn ensure_type(token: &Compact<'_>) -> Result<(), Reason> {
    let typ = token.header.get("typ").and_then(Value::as_str);
    if typ.is_some_and(|typ| TYPES.contains(&typ)) { Ok(()) } else { Err(Reason::Type) }
}

/// Checks that a token is not bound to a key (RFC 7800): such a token requires a proof of possession, which is not
/// supported.
pub(super) fn ensure_unbound(claims: &Map<String, Value>) -> Result<(), Reason> {
    if claims.contains_key("cnf") { Err(Reason::Claim("cnf")) } else { Ok(()) }
}

/// Validity period of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    starts: i64,
    /// Expiry, in seconds since 1970.
    pub expires: i64,
}

impl Validity {
    /// Reads the validity period, from the later of `iat` and `nbf` (inclusive) to `exp` (exclusive), and checks the
    /// lifetime.
    pub fn read(claims: &Map<String, Value>, longest: i64) -> Result<Self, Reason> {
        let (issued, expires) = (seconds(claims, "iat")?, seconds(claims, "exp")?);
        let starts = if claims.contains_key("nbf") { seconds(claims, "nbf")?.max(issued) } else { issued };
        match expires.checked_sub(issued) {
            Some(validity) if (1..=longest).contains(&validity) => Ok(Self { starts, expires }),
            _ => Err(Reason::Lifetime),
        }
    }

    /// Checks that the token is valid now (RFC 7519, sections 4.1.4 to 4.1.6).
    pub fn ensure_current(self, now: DateTime<Utc>) -> Result<(), Reason> {
        let now = now.timestamp();
        if self.expires <= now {
            return Err(Reason::Expired);
        }
        if self.starts > now.saturating_add(LEEWAY_SECONDS) {
            return Err(Reason::NotYet);
        }
        Ok(())
    }
}
