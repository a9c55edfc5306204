//! Who is asking. A caller comes out of `Verifier::verify` and from nowhere else.

use std::{collections::BTreeSet, sync::Arc};

use entity::value::{ClientId, Day, Purpose, Scope, UnitId};

use crate::{
    auth::{
        claims::Claims,
        compact::Reason,
        register::{Grant, Snapshot},
    },
    limit::Own,
};

/// A client whose token has been verified, with the rights of its grant.
#[derive(Clone, Debug)]
pub struct Caller {
    client_id: ClientId,
    name: Arc<str>,
    scopes: BTreeSet<Scope>,
    grant: Arc<Grant>,
}

impl Caller {
    /// The client behind verified claims, if its token was not revoked, and it lives and has a grant that holds on the
    /// day; nothing if it is unknown.
    pub(super) fn admit(claims: &Claims, snapshot: &Snapshot, today: Day) -> Result<Option<Self>, Reason> {
        if snapshot.is_revoked(&claims.jti) {
            return Err(Reason::Revoked);
        }
        let Some(standing) = snapshot.client(claims.client_id) else { return Ok(None) };
        if standing.is_revoked {
            return Err(Reason::RevokedClient);
        }
        let grant = Grant::in_force(&standing.grants, today).ok_or(Reason::NoGrant)?;
        Ok(Some(Self {
            client_id: claims.client_id,
            name: standing.name.clone(),
            scopes: &grant.scopes & &claims.scopes,
            grant: grant.clone(),
        }))
    }

    /// Id of the client.
    pub fn client_id(&self) -> ClientId {
        self.client_id
    }

    /// Name of the client.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scopes that both the grant and the token hold.
    pub fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }

    /// Whether the caller holds the scope.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// The purposes that the caller may state.
    pub fn purposes(&self) -> &BTreeSet<Purpose> {
        &self.grant.purposes
    }

    /// The limits that the grant sets instead of those of the service.
    pub fn limits(&self) -> Own {
        self.grant.limits
    }

    /// The units whose subtrees are the caller's reach.
    pub fn roots(&self) -> &[UnitId] {
        &self.grant.roots
    }
}
