//! The client credentials grant (RFC 6749, section 4.4): issues an access token to an authenticated client.

use std::{collections::BTreeSet, time::Instant};

use entity::{
    client, client_grant,
    value::{ClientId, Scope},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    auth::{AccessToken, AuthenticatedClient, ClientCredential, Refused, Tokens, snapshot::Grant},
    error::Error,
};

impl Tokens {
    /// Issues a token to an authenticated client; `scope` requests a subset of the grant.
    pub async fn exchange(
        &self,
        credential: ClientCredential<'_>,
        scope: Option<&str>,
    ) -> Result<AccessToken, Refused> {
        let AuthenticatedClient(client) = self.authenticate(credential).await?;
        self.issue(&client, scope).await
    }

    /// Issues a token for the operator at the command line, who has access to the database and needs no secret.
    pub async fn for_operator(&self, id: ClientId, scope: Option<&str>) -> Result<AccessToken, Refused> {
        let active = self.client(id).await?.filter(|row| row.revoked_at.is_none()).ok_or(Refused::InvalidClient)?;
        self.issue(&active, scope).await
    }

    async fn issue(&self, client: &client::Model, scope: Option<&str>) -> Result<AccessToken, Refused> {
        let grant = self.grant(client.id).await?;
        let scopes = requested_scopes(scope, &grant.scopes).ok_or(Refused::InvalidScope)?;
        // Keys rotate: an instance that was idle for a long time must not sign with an outdated key.
        self.register.current(Instant::now()).await?;
        Ok(self.issuer.issue(client, &scopes, self.clock.now())?)
    }

    /// The client's grant in force today, without its units.
    pub(super) async fn grant(&self, id: ClientId) -> Result<Grant, Refused> {
        let rows = client_grant::Entity::find().filter(client_grant::COLUMN.client_id.eq(id));
        let rows = rows.all(self.database.reader()).await.map_err(Error::from)?;
        let grants: Vec<_> = rows.into_iter().map(|row| Grant::of(row, Vec::new())).collect();
        Grant::in_force(&grants, self.clock.today()).cloned().ok_or(Refused::UnauthorizedClient)
    }
}

/// The requested subset of the granted scopes, all if none is requested; `None` if it is not a subset.
fn requested_scopes(scope: Option<&str>, granted: &BTreeSet<Scope>) -> Option<BTreeSet<Scope>> {
    let Some(scope) = scope else { return Some(granted.clone()) };
    scope.split(' ').map(|word| word.parse().ok().filter(|scope| granted.contains(scope))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_never_gets_more_scopes_than_the_grant() {
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
            assert_eq!(requested_scopes(asked, &granted), given, "{asked:?}");
        }
    }
}
