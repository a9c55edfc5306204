//! The client credentials grant (RFC 6749, section 4.4): a proof of who the client is against an access token.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use entity::{
    client, client_grant,
    value::{ClientId, Scope},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    auth::{AccessToken, AuthenticatedClient, ClientCredential, Reason, Tokens, snapshot::Grant},
    error::Error,
};

/// Why no token is issued; the names are those of RFC 6749, section 5.2.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Unknown client, wrong secret or revoked client: the client cannot tell which.
    #[error("invalid_client")]
    InvalidClient,
    /// Too many attempts with a secret have failed; the time until the next one is looked at.
    #[error("too many attempts")]
    TooManyAttempts(Duration),
    /// The assertion does not prove who the client is; the reason is for the log only.
    #[error("invalid_client: {0}")]
    InvalidAssertion(#[from] Reason),
    /// The client has no grant that holds today, or the token is another client's.
    #[error("unauthorized_client")]
    UnauthorizedClient,
    /// A scope is unknown or not granted.
    #[error("invalid_scope")]
    InvalidScope,
    /// The database cannot answer, or a fault of ours.
    #[error("no answer")]
    Failed(#[from] Error),
}

impl Tokens {
    /// A token for a client that proves who it is; `scope` asks for a part of the grant.
    pub async fn exchange(
        &self,
        credential: ClientCredential<'_>,
        scope: Option<&str>,
    ) -> Result<AccessToken, Refused> {
        let AuthenticatedClient(client) = self.authenticate(credential).await?;
        self.issue(&client, scope).await
    }

    /// A token for the operator at the keyboard, who holds the database itself and needs no secret.
    pub async fn for_operator(&self, id: ClientId, scope: Option<&str>) -> Result<AccessToken, Refused> {
        let live = self.client(id).await?.filter(|row| row.revoked_at.is_none()).ok_or(Refused::InvalidClient)?;
        self.issue(&live, scope).await
    }

    async fn issue(&self, client: &client::Model, scope: Option<&str>) -> Result<AccessToken, Refused> {
        let grant = self.grant(client.id).await?;
        let scopes = requested(scope, &grant.scopes).ok_or(Refused::InvalidScope)?;
        // Keys rotate: a node that nobody has asked for long must not sign with what it read then.
        self.register.current(Instant::now()).await?;
        Ok(self.issuer.issue(client, &scopes, self.clock.now())?)
    }

    /// The grant of a client that holds today, without its units.
    pub(super) async fn grant(&self, id: ClientId) -> Result<Grant, Refused> {
        let rows = client_grant::Entity::find().filter(client_grant::COLUMN.client_id.eq(id));
        let rows = rows.all(self.database.reader()).await.map_err(Error::from)?;
        let grants: Vec<_> = rows.into_iter().map(|row| Grant::of(row, Vec::new())).collect();
        Grant::in_force(&grants, self.clock.today()).cloned().ok_or(Refused::UnauthorizedClient)
    }
}

/// The part of the grant that is asked for, all of it when nothing is; nothing if it is no part of it.
fn requested(scope: Option<&str>, granted: &BTreeSet<Scope>) -> Option<BTreeSet<Scope>> {
    let Some(scope) = scope else { return Some(granted.clone()) };
    scope.split(' ').map(|word| word.parse().ok().filter(|scope| granted.contains(scope))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_gets_a_part_of_the_grant_and_never_more() {
        let granted = BTreeSet::from([Scope::CadreRead, Scope::StatsRead]);
        for (asked, given) in [
            (None, Some(granted.clone())),
            (Some("cadre:read"), Some(BTreeSet::from([Scope::CadreRead]))),
            (Some("stats:read cadre:read"), Some(granted.clone())),
            (Some("cadre:read cadre:read"), Some(BTreeSet::from([Scope::CadreRead]))),
            (Some("cadre:read cadre:write"), None),
            (Some("cadre:read everything"), None),
            (Some("CADRE:READ"), None),
            (Some("cadre:read  stats:read"), None),
            (Some("cadre:read\tstats:read"), None),
            (Some(""), None),
        ] {
            assert_eq!(requested(asked, &granted), given, "{asked:?}");
        }
    }
}
