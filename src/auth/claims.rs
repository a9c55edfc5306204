//! What an access token must say (RFC 9068) and how it must be written (RFC 7515, RFC 7519): pure rules.
//!
//! The signature is checked between `Compact::read` and `Policy::claims`, elsewhere. Nothing that a token says goes
//! into a `Reason`, so a reason can be logged.

use std::{collections::BTreeSet, fmt};

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use entity::value::{ClientId, Scope};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};

/// A longer token is refused unread.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// How long a token lives at most, and how long ours live.
pub const LIFETIME_SECONDS: i64 = 600;

/// How far the issuer's clock may run ahead of ours (RFC 7519, section 4.1.5). An end gets no such grace.
const LEEWAY_SECONDS: i64 = 30;

/// RFC 9068, section 4, has a resource server accept these two spellings and reject every other.
const TYPES: [&str; 2] = ["at+jwt", "application/at+jwt"];

/// Header parameters that bring a key, point to one, or demand an extension (RFC 7515, section 4.1; RFC 7797). Our
/// keys come from our table alone and we implement no extension.
const REFUSED_PARAMETERS: [&str; 8] = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"];

/// Why a token is refused; for the log, never for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Over `MAX_TOKEN_BYTES`.
    #[error("too long")]
    Length,
    /// Not exactly three parts with something in each.
    #[error("not three parts")]
    Parts,
    /// A part is not base64url in its one spelling: no padding, no blanks, no stray bits.
    #[error("not base64url")]
    Encoding,
    /// Header or claims are not one JSON object in which each name stands once.
    #[error("not a JSON object with unique names")]
    Json,
    /// `typ` is not that of an access token.
    #[error("typ")]
    Type,
    /// `alg` is not ES256.
    #[error("alg")]
    Algorithm,
    /// The header holds a parameter that is refused by name.
    #[error("header parameter {0}")]
    Parameter(&'static str),
    /// `kid` is missing or names none of our keys.
    #[error("kid")]
    Key,
    /// The signature does not fit.
    #[error("signature")]
    Signature,
    /// A claim is missing, has another JSON type, or holds what the policy does not want.
    #[error("claim {0}")]
    Claim(&'static str),
    /// `exp` has come.
    #[error("expired")]
    Expired,
    /// `iat` or `nbf` lies in the future.
    #[error("not valid yet")]
    NotYet,
    /// It would live longer than any token of ours, or not at all.
    #[error("lifetime")]
    Lifetime,
    /// No such client.
    #[error("unknown client")]
    UnknownClient,
    /// The client was revoked.
    #[error("revoked client")]
    RevokedClient,
    /// The client has no grant that holds today.
    #[error("no grant in force")]
    NoGrant,
}

/// A token in the compact serialization (RFC 7515, section 7.1) whose header is acceptable; its signature is not
/// checked yet, so the claims are not looked at.
pub(super) struct Compact<'a> {
    /// The key that is said to have signed.
    pub kid: String,
    /// What was signed: the exact bytes that were received.
    pub message: &'a str,
    /// The signature, still encoded.
    pub signature: &'a str,
    payload: Vec<u8>,
}

impl<'a> Compact<'a> {
    /// Splits a token and holds its header against the policy.
    pub fn read(token: &'a str) -> Result<Self, Reason> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Reason::Length);
        }
        let parts: Vec<&str> = token.splitn(4, '.').collect();
        let [header, payload, signature] = parts[..] else { return Err(Reason::Parts) };
        if parts.iter().any(|part| part.is_empty()) {
            return Err(Reason::Parts);
        }
        let message = &token[..header.len() + 1 + payload.len()];
        decode(signature)?;
        let kid = acceptable_key_id(&object(&decode(header)?)?)?;
        Ok(Self { kid, message, signature, payload: decode(payload)? })
    }
}

fn acceptable_key_id(header: &Map<String, Value>) -> Result<String, Reason> {
    if let Some(refused) = REFUSED_PARAMETERS.into_iter().find(|name| header.contains_key(*name)) {
        return Err(Reason::Parameter(refused));
    }
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    if !text("typ").is_some_and(|typ| TYPES.contains(&typ)) {
        return Err(Reason::Type);
    }
    if text("alg") != Some("ES256") {
        return Err(Reason::Algorithm);
    }
    text("kid").map(str::to_owned).ok_or(Reason::Key)
}

/// What a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    /// The key that signed it.
    pub kid: String,
    /// The client it was issued to.
    pub client_id: ClientId,
    /// The scopes it was issued for; they can only narrow the client's grant.
    pub scopes: BTreeSet<Scope>,
    starts: i64,
    expires: i64,
}

impl Claims {
    /// Whether the token is in its time (RFC 7519, sections 4.1.4 to 4.1.6).
    pub fn ensure_current(&self, now: DateTime<Utc>) -> Result<(), Reason> {
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

/// Whose tokens are taken: issuer and audience are the same one string, the public URL of this service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy<'a> {
    /// Public URL.
    pub public_url: &'a str,
}

impl Policy<'_> {
    /// The claims of a token whose signature has been verified.
    pub fn claims(&self, token: Compact<'_>, now: DateTime<Utc>) -> Result<Claims, Reason> {
        let said = object(&token.payload)?;
        // A token bound to a key (RFC 7800) is worth nothing without the proof, and we ask for no proofs.
        if said.contains_key("cnf") {
            return Err(Reason::Claim("cnf"));
        }
        // A list of audiences may name us beside others who could then replay the token here: one string only.
        for name in ["iss", "aud"] {
            if text(&said, name)? != self.public_url {
                return Err(Reason::Claim(name));
            }
        }
        let client_id = text(&said, "client_id")?;
        // Where no person takes part, the subject is the client (RFC 9068, section 2.2); nobody else can ask here yet.
        if text(&said, "sub")? != client_id {
            return Err(Reason::Claim("sub"));
        }
        if text(&said, "jti")?.is_empty() {
            return Err(Reason::Claim("jti"));
        }
        let (starts, expires) = interval(&said)?;
        let claims = Claims {
            kid: token.kid,
            client_id: client_id.parse().map_err(|_| Reason::Claim("client_id"))?,
            // Silence must not mean everything, so the claim is required. A word that is not known opens nothing.
            scopes: text(&said, "scope")?.split(' ').filter_map(|word| word.parse().ok()).collect(),
            starts,
            expires,
        };
        claims.ensure_current(now)?;
        Ok(claims)
    }
}

/// First and last second of a token that lives no longer than ours do.
fn interval(said: &Map<String, Value>) -> Result<(i64, i64), Reason> {
    let (issued, expires) = (seconds(said, "iat")?, seconds(said, "exp")?);
    let starts = if said.contains_key("nbf") { seconds(said, "nbf")?.max(issued) } else { issued };
    match expires.checked_sub(issued) {
        Some(1..=LIFETIME_SECONDS) => Ok((starts, expires)),
        _ => Err(Reason::Lifetime),
    }
}

fn text<'a>(said: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, Reason> {
    said.get(name).and_then(Value::as_str).ok_or(Reason::Claim(name))
}

/// A NumericDate in whole seconds, as we write it; fractions and text are refused.
fn seconds(said: &Map<String, Value>, name: &'static str) -> Result<i64, Reason> {
    said.get(name).and_then(Value::as_i64).ok_or(Reason::Claim(name))
}

/// The decoder takes one spelling per value: it refuses padding, blanks and trailing bits that are not zero.
fn decode(part: &str) -> Result<Vec<u8>, Reason> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Reason::Encoding)
}

fn object(json: &[u8]) -> Result<Map<String, Value>, Reason> {
    serde_json::from_slice::<Unique>(json).map(|object| object.0).map_err(|_| Reason::Json)
}

/// A JSON object in which no name stands twice (RFC 7519, section 4, lets a reader reject the others). Two readers of
/// one token must not see different claims.
struct Unique(Map<String, Value>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Unique;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unique, A::Error> {
                let mut object = Map::new();
                while let Some((name, value)) = entries.next_entry::<String, Value>()? {
                    if object.insert(name, value).is_some() {
                        return Err(A::Error::custom("a name stands twice"));
                    }
                }
                Ok(Unique(object))
            }
        }

        deserializer.deserialize_map(Names)
    }
}
