//! How a signed token is written (RFC 7515, RFC 7519): pure rules, the same for access tokens and client assertions.
//!
//! Nothing that a token says goes into a `Reason`, so a reason can be logged.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};

/// A longer token is refused unread.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// How far the issuer's clock may run ahead of ours (RFC 7519, section 4.1.5). An end gets no such grace.
pub(super) const LEEWAY_SECONDS: i64 = 30;

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
    /// `typ` is not that of such a token.
    #[error("typ")]
    Type,
    /// `alg` is not that of the key.
    #[error("alg")]
    Algorithm,
    /// The header holds a parameter that is refused by name.
    #[error("header parameter {0}")]
    Parameter(&'static str),
    /// `kid` is missing or names no key of the issuer.
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
    /// It would live longer than such a token may, or not at all.
    #[error("lifetime")]
    Lifetime,
    /// The secret is not one of the client's.
    #[error("secret")]
    Secret,
    /// An assertion that was used before.
    #[error("used before")]
    Used,
    /// The token was revoked.
    #[error("revoked")]
    Revoked,
    /// No such client.
    #[error("unknown client")]
    UnknownClient,
    /// The client was revoked.
    #[error("revoked client")]
    RevokedClient,
    /// No living person has this name at the issuer.
    #[error("unknown person")]
    UnknownPerson,
    /// The client has no grant that holds today.
    #[error("no grant in force")]
    NoGrant,
}

/// A token in the compact serialization (RFC 7515, section 7.1) that demands nothing we do not do; its signature is not
/// checked yet.
pub(super) struct Compact<'a> {
    /// The header.
    pub header: Map<String, Value>,
    /// What was signed: the exact bytes that were received.
    pub message: &'a str,
    /// The signature, still encoded.
    pub signature: &'a str,
    payload: Vec<u8>,
}

impl<'a> Compact<'a> {
    /// Splits a token.
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
        let header = object(&decode(header)?)?;
        if let Some(refused) = REFUSED_PARAMETERS.into_iter().find(|name| header.contains_key(*name)) {
            return Err(Reason::Parameter(refused));
        }
        Ok(Self { header, message, signature, payload: decode(payload)? })
    }

    /// What it says.
    pub fn claims(&self) -> Result<Map<String, Value>, Reason> {
        object(&self.payload)
    }
}

/// A claim that is a text.
pub(super) fn text<'a>(said: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, Reason> {
    said.get(name).and_then(Value::as_str).ok_or(Reason::Claim(name))
}

/// A NumericDate in whole seconds, as we write it; fractions and text are refused.
pub(super) fn seconds(said: &Map<String, Value>, name: &'static str) -> Result<i64, Reason> {
    said.get(name).and_then(Value::as_i64).ok_or(Reason::Claim(name))
}

/// The decoder takes one spelling per value: it refuses padding, blanks and trailing bits that are not zero.
fn decode(part: &str) -> Result<Vec<u8>, Reason> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Reason::Encoding)
}

/// A JSON object in which each name stands once.
pub(super) fn object(json: &[u8]) -> Result<Map<String, Value>, Reason> {
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
