//! Revocation (RFC 7009) and introspection (RFC 7662) of access tokens by authenticated clients.

use std::time::Instant;

use chrono::DateTime;
use entity::{
    revoked_token,
    value::{ClientId, Scope},
};
use sea_orm::{ActiveValue::Set, EntityTrait};

use crate::{
    auth::{ClientCredential, Denied, Refused, Tokens, verify::VerifiedClaims},
    error::Error,
};

/// An active token and its effective scopes.
#[derive(Debug)]
pub struct Active {
    /// Id of the token.
    pub jti: String,
    /// The client that the token was issued to.
    pub client_id: ClientId,
    /// Scopes that the token and the client's grant have in common, separated by spaces.
    pub scope: String,
    /// Time of issue, in seconds since 1970.
    pub issued: i64,
    /// Expiry, in seconds since 1970.
    pub expires: i64,
}

impl Tokens {
    /// Revokes a token of the client. An invalid or expired token needs no revocation (RFC 7009, section 2.2). Takes
    /// effect on this instance at once, and on all others with their next snapshot: within 5 seconds.
    ///
    /// # Errors
    /// `UnauthorizedClient` if the token was issued to another client (section 2.1).
    pub async fn revoke(&self, credential: ClientCredential<'_>, token: &str) -> Result<(), Refused> {
        let client = self.authenticate(credential).await?;
        let claims = match self.verifier.claims(token, self.clock.now()).await {
            Ok(claims) => claims,
            Err(Denied::Invalid(_)) => return Ok(()),
            Err(Denied::Unavailable(error)) => return Err(error.into()),
        };
        if claims.client_id != client.id() {
            return Err(Refused::UnauthorizedClient);
        }
        let expires_at = DateTime::from_timestamp(claims.validity.expires, 0);
        let expires_at = expires_at.ok_or_else(|| Error::internal("the expiry of a verified token is out of range"))?;
        let row = revoked_token::ActiveModel { jti: Set(claims.jti), expires_at: Set(expires_at) };
        let insert = revoked_token::Entity::insert(row).on_conflict_do_nothing_on([revoked_token::Column::Jti]);
        insert.exec_without_returning(self.database.writer()).await.map_err(Error::from)?;
        self.register.since(Instant::now()).await?;
        Ok(())
    }

    /// The state of a token; `None` if it is not active, or the client may not see it. A client may see its own tokens,
    /// and with `clients:admin` all tokens.
    pub async fn introspect(&self, credential: ClientCredential<'_>, token: &str) -> Result<Option<Active>, Refused> {
        let client = self.authenticate(credential).await?;
        let (caller, claims) = match self.verifier.admit(token, self.clock.now(), Instant::now()).await {
            Ok((caller, VerifiedClaims::Ours(claims))) => (caller, claims),
            // Tokens of external issuers are introspected by those issuers only.
            Ok((_, VerifiedClaims::Theirs(_))) | Err(Denied::Invalid(_)) => return Ok(None),
            Err(Denied::Unavailable(error)) => return Err(error.into()),
        };
        if claims.client_id != client.id() && !self.administers_clients(client.id()).await? {
            return Ok(None);
        }
        let scope = caller.scopes().iter().map(Scope::to_string).collect::<Vec<_>>().join(" ");
        let (client_id, issued, expires) = (claims.client_id, claims.issued, claims.validity.expires);
        Ok(Some(Active { jti: claims.jti.clone(), client_id, scope, issued, expires }))
    }

    async fn administers_clients(&self, id: ClientId) -> Result<bool, Refused> {
        match self.grant(id).await {
            Ok(grant) => Ok(grant.scopes.contains(&Scope::ClientsAdmin)),
            Err(Refused::UnauthorizedClient) => Ok(false),
            Err(refused) => Err(refused),
        }
    }
}
