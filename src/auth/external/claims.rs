//! Validation of tokens of external issuers (RFC 9068, with the claim names of the table): pure rules.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use chrono::{DateTime, Utc};
use entity::value::{KeyAlgorithm, Scope};
use sea_orm::DbErr;
use serde_json::{Map, Value};

use crate::{
    auth::{
        Denied,
        claims::{Validity, ensure_type, ensure_unbound},
        external::{jwks::KeySet, source::Source, table::Trusted},
        jws::{Compact, Reason, text},
    },
    error::Error,
};

/// A token with a header that its issuer's entry accepts; its signature is unchecked.
pub(in crate::auth) struct Unverified<'a> {
    source: Arc<Source>,
    kid: String,
    algorithm: KeyAlgorithm,
    token: Compact<'a>,
}

impl<'a> Unverified<'a> {
    /// Checks the header.
    pub(super) fn of(token: Compact<'a>, source: Arc<Source>) -> Result<Self, Reason> {
        ensure_type(&token)?;
        let header = |name: &str| token.header.get(name).and_then(Value::as_str);
        let algorithm = header("alg").and_then(|alg| KeyAlgorithm::of_alg(alg).ok());
        let algorithm = algorithm.filter(|algorithm| source.trusted.algorithms.contains(algorithm));
        let algorithm = algorithm.ok_or(Reason::Algorithm)?;
        let kid = header("kid").ok_or(Reason::Key)?.to_owned();
        Ok(Self { source, kid, algorithm, token })
    }

    /// Verifies the signature and validates the claims. May fetch the issuer's keys.
    ///
    /// # Errors
    /// `Unavailable` until the keys were fetched for the first time: the token may be valid.
    pub async fn verify(self, now: DateTime<Utc>, at: Instant) -> Result<Claims, Denied> {
        let keys = self.source.with(&self.kid, at).await;
        if keys.is_empty() {
            return Err(Error::Unavailable(DbErr::Custom(
                "the keys of the issuer have not been fetched yet".to_owned(),
            ))
            .into());
        }
        Ok(self.check(&keys, now)?)
    }

    fn check(self, keys: &KeySet, now: DateTime<Utc>) -> Result<Claims, Reason> {
        keys.verify(&self.kid, self.algorithm, &self.token)?;
        let claims = self.token.claims()?;
        let trusted = &self.source.trusted;
        ensure_unbound(&claims)?;
        for (name, wanted) in [("iss", &trusted.issuer), ("aud", &trusted.audience)] {
            if text(&claims, name)? != wanted {
                return Err(Reason::Claim(name));
            }
        }
        if text(&claims, "jti")?.is_empty() {
            return Err(Reason::Claim("jti"));
        }
        let client = text_claim(&claims, &trusted.client_claim).ok_or(Reason::Claim("client"))?;
        let subject = person(&claims, trusted, client)?;
        let scopes = scopes(&claims, trusted)?;
        let validity = Validity::read(&claims, trusted.longest_life)?;
        validity.ensure_current(now)?;
        Ok(Claims {
            client: client.to_owned(),
            subject: subject.map(str::to_owned),
            scopes,
            validity,
            kid: self.kid,
            source: self.source,
        })
    }
}

/// Claims of a verified token of an external issuer.
#[derive(Debug)]
pub(in crate::auth) struct Claims {
    /// Name of the client at the issuer.
    pub client: String,
    /// Name at the issuer of the person for whom the client acts; `None` if it acts for itself.
    pub subject: Option<String>,
    /// Scopes of the token; `None` if the token does not narrow the grants.
    pub scopes: Option<BTreeSet<Scope>>,
    validity: Validity,
    kid: String,
    source: Arc<Source>,
}

impl Claims {
    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.source.trusted.issuer
    }

    /// Checks that the token has not expired and its key is still published by the issuer.
    pub fn ensure_still_valid(&self, now: DateTime<Utc>) -> Result<(), Reason> {
        if !self.source.latest().has(&self.kid) {
            return Err(Reason::Key);
        }
        self.validity.ensure_current(now)
    }
}

/// The person for whom the client acts. The subject of a token without a person is the client (RFC 9068, section 2.2);
/// every other token must name the person, otherwise a person's token would get the client's own rights.
fn person<'a>(claims: &'a Map<String, Value>, trusted: &Trusted, client: &str) -> Result<Option<&'a str>, Reason> {
    let subject = text_claim(claims, "sub").ok_or(Reason::Claim("sub"))?;
    let claim = trusted.person_claim.as_str();
    if subject != client {
        return text_claim(claims, claim).map(Some).ok_or(Reason::Claim("person"));
    }
    if claim != "sub" && claims.contains_key(claim) {
        return Err(Reason::Claim("person"));
    }
    Ok(None)
}

/// The scopes, as a string (RFC 9068, section 2.2.3) or, with some issuers, as a list. A missing claim must not mean
/// all scopes, so a claim named in the table is required. Unknown words are ignored.
fn scopes(claims: &Map<String, Value>, trusted: &Trusted) -> Result<Option<BTreeSet<Scope>>, Reason> {
    let Some(claim) = &trusted.scope_claim else { return Ok(None) };
    let refused = Reason::Claim("scope");
    let words: Vec<&str> = match claims.get(claim).ok_or(refused)? {
        Value::String(text) => text.split(' ').collect(),
        Value::Array(list) => list.iter().map(Value::as_str).collect::<Option<_>>().ok_or(refused)?,
        _ => return Err(refused),
    };
    Ok(Some(words.into_iter().filter_map(|word| word.parse().ok()).collect()))
}

/// A claim that is a non-empty string.
fn text_claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}
