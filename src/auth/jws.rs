//! Parsing of signed tokens (RFC 7515, RFC 7519): pure rules for access tokens and client assertions.
//!
//! A `Reason` contains nothing from the token, so it can be logged.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};

/// Maximum length of a token; a longer one is refused without being parsed.
pub const MAX_TOKEN_BYTES: usize = 4096;

/// Tolerance for an issuer's clock that is ahead of this one (RFC 7519, section 4.1.5). The expiry has no such
/// tolerance.
pub(super) const LEEWAY_SECONDS: i64 = 30;

/// Header parameters that contain a key, refer to one, or require an extension (RFC 7515, section 4.1; RFC 7797). Keys
/// are taken only from configured sources, and no extension is supported.
const REFUSED_PARAMETERS: [&str; 8] = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"];

/// Why a token is refused; for the log, never for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Longer than `MAX_TOKEN_BYTES`.
    #[error("too long")]
    Length,
    /// Not exactly three non-empty parts.
    #[error("not three parts")]
    Parts,
    /// A part is not canonical base64url: no padding, no blanks, no stray bits.
    #[error("not base64url")]
    Encoding,
    /// Header or claims are not one JSON object with unique names.
    #[error("not a JSON object with unique names")]
    Json,
    /// `typ` has another value than required.
    #[error("typ")]
    Type,
    /// `alg` differs from the algorithm of the key.
    #[error("alg")]
    Algorithm,
    /// The header contains a forbidden parameter.
    #[error("header parameter {0}")]
    Parameter(&'static str),
    /// `kid` is missing or names no key of the issuer.
    #[error("kid")]
    Key,
    /// The signature is invalid.
    #[error("signature")]
    Signature,
    /// A claim is missing, has the wrong JSON type, or an unacceptable value.
    #[error("claim {0}")]
    Claim(&'static str),
    /// `exp` has passed.
    #[error("expired")]
    Expired,
    /// `iat` or `nbf` is in the future.
    #[error("not valid yet")]
    NotYet,
    /// The lifetime is too long, or not positive.
    #[error("lifetime")]
    Lifetime,
    /// The secret is not one of the client's.
    #[error("secret")]
    Secret,
    /// The assertion was used before.
    #[error("used before")]
    Used,
    /// The token was revoked.
    #[error("revoked")]
    Revoked,
    /// The client does not exist.
    #[error("unknown client")]
    UnknownClient,
    /// The client was revoked.
    #[error("revoked client")]
    RevokedClient,
    /// The person is unknown at this issuer, or was revoked.
    #[error("unknown person")]
    UnknownPerson,
    /// No grant of the client is in force today.
    #[error("no grant in force")]
    NoGrant,
}

/// A token in the compact serialization (RFC 7515, section 7.1) without unsupported requirements; its signature is
/// unchecked.
pub(super) struct Compact<'a> {
    /// The header.
    pub header: Map<String, Value>,
    /// The signed text: the exact bytes received.
    pub message: &'a str,
    /// The signature, still encoded.
    pub signature: &'a str,
    payload: Vec<u8>,
}

impl<'a> Compact<'a> {
    /// Parses a token.
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

    /// The claims of the token.
    pub fn claims(&self) -> Result<Map<String, Value>, Reason> {
        object(&self.payload)
    }
}

/// A claim of type string.
pub(super) fn text<'a>(claims: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, Reason> {
    claims.get(name).and_then(Value::as_str).ok_or(Reason::Claim(name))
}

/// A date claim in whole seconds; fractions and strings are refused.
pub(super) fn seconds(claims: &Map<String, Value>, name: &'static str) -> Result<i64, Reason> {
    claims.get(name).and_then(Value::as_i64).ok_or(Reason::Claim(name))
}

/// Accepts only the canonical encoding: no padding, no blanks, and no trailing bits other than zero.
fn decode(part: &str) -> Result<Vec<u8>, Reason> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Reason::Encoding)
}

/// A JSON object with unique names.
pub(super) fn object(json: &[u8]) -> Result<Map<String, Value>, Reason> {
    serde_json::from_slice::<Unique>(json).map(|object| object.0).map_err(|_| Reason::Json)
}

/// A JSON object with unique names (RFC 7519, section 4, allows rejecting duplicates). Two parsers of one token must
/// not see different claims.
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
                        return Err(A::Error::custom("a name occurs twice"));
                    }
                }
                Ok(Unique(object))
            }
        }

        deserializer.deserialize_map(Names)
    }
}
