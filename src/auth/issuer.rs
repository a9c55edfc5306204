//! Issues access tokens (RFC 9068) to clients.

use std::{collections::BTreeSet, fmt, sync::Arc};

use chrono::{DateTime, Utc};
use entity::{client, value::Scope};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    auth::{claims::LIFETIME_SECONDS, snapshot::Register},
    error::Result,
};

/// Issues the tokens of this service.
#[derive(Debug)]
pub struct Issuer {
    public_url: Arc<str>,
    register: Arc<Register>,
}

/// An access token, as the token endpoint returns it (RFC 6749, section 5.1).
#[derive(Clone)]
pub struct AccessToken {
    /// The token.
    pub token: String,
    /// Seconds until the token expires.
    pub expires_in: i64,
    /// Scopes of the token, separated by spaces.
    pub scope: String,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("scope", &self.scope).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    scope: &'a str,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

impl Issuer {
    pub(super) fn new(public_url: Arc<str>, register: Arc<Register>) -> Self {
        Self { public_url, register }
    }

    /// Issuer and audience of the tokens.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Issues a token to an authenticated client. The scopes must have been checked against its grant.
    pub fn issue(&self, client: &client::Model, scopes: &BTreeSet<Scope>, now: DateTime<Utc>) -> Result<AccessToken> {
        let id = client.id.to_string();
        let scope = scopes.iter().map(Scope::to_string).collect::<Vec<_>>().join(" ");
        let claims = Claims {
            iss: &self.public_url,
            aud: &self.public_url,
            sub: &id,
            client_id: &id,
            scope: &scope,
            iat: now.timestamp(),
            exp: now.timestamp() + LIFETIME_SECONDS,
            jti: Uuid::now_v7(),
        };
        let token = self.register.latest().keys().sign(&claims, now)?;
        Ok(AccessToken { token, expires_in: LIFETIME_SECONDS, scope })
    }
}
