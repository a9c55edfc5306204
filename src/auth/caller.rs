//! Who is asking. A caller comes out of `Verifier::verify` and from nowhere else.

use std::{collections::BTreeSet, sync::Arc};

use entity::value::{ClientId, Day, Purpose, Scope, UnitId};

use crate::{
    auth::{
        claims::Claims,
        external,
        jws::Reason,
        snapshot::{Grant, Snapshot},
        user::User,
    },
    limit::Overrides,
};

/// A client whose token has been verified, with the rights of its grant; where it asks for a person, with what the
/// rights of both have in common.
#[derive(Clone, Debug)]
pub struct Caller {
    client_id: ClientId,
    name: Arc<str>,
    scopes: BTreeSet<Scope>,
    purposes: BTreeSet<Purpose>,
    grant: Arc<Grant>,
    person: Option<Arc<User>>,
}

impl Caller {
    /// The client behind verified claims, if its token was not revoked, and it lives and has a grant that holds on the
    /// day; nothing if it is unknown.
    pub(super) fn admit(claims: &Claims, snapshot: &Snapshot, today: Day) -> Result<Option<Self>, Reason> {
        if snapshot.is_revoked(&claims.jti) {
            return Err(Reason::Revoked);
        }
        let caller = Self::of_client(claims.client_id, snapshot, today)?;
        Ok(caller.map(|caller| caller.narrowed(&claims.scopes)))
    }

    /// The client behind the verified claims of an external issuer, if it is registered here, lives and has a grant that
    /// holds on the day; and the person for whom it asks, if they are registered.
    pub(super) fn admit_external(claims: &external::Claims, snapshot: &Snapshot, today: Day) -> Result<Self, Reason> {
        let (names, issuer) = (snapshot.external(), claims.issuer());
        let id = names.client(issuer, &claims.client).ok_or(Reason::UnknownClient)?;
        let mut caller = Self::of_client(id, snapshot, today)?.ok_or(Reason::UnknownClient)?;
        if let Some(scopes) = &claims.scopes {
            caller = caller.narrowed(scopes);
        }
        if let Some(subject) = &claims.subject {
            let person = names.person(issuer, subject).ok_or(Reason::UnknownPerson)?;
            caller.purposes = &caller.purposes & &person.purposes;
            caller.person = Some(person.clone());
            caller = caller.narrowed(&person.scopes);
        }
        Ok(caller)
    }

    fn of_client(client_id: ClientId, snapshot: &Snapshot, today: Day) -> Result<Option<Self>, Reason> {
        let Some(entry) = snapshot.client(client_id) else { return Ok(None) };
        if entry.is_revoked {
            return Err(Reason::RevokedClient);
        }
        let grant = Grant::in_force(&entry.grants, today).ok_or(Reason::NoGrant)?;
        Ok(Some(Self {
            client_id,
            name: entry.name.clone(),
            scopes: grant.scopes.clone(),
            purposes: grant.purposes.clone(),
            grant: grant.clone(),
            person: None,
        }))
    }

    fn narrowed(self, scopes: &BTreeSet<Scope>) -> Self {
        Self { scopes: &self.scopes & scopes, ..self }
    }

    /// Id of the client.
    pub fn client_id(&self) -> ClientId {
        self.client_id
    }

    /// Name of the client.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The person for whom the client asks; none: it asks for itself.
    pub fn on_behalf_of(&self) -> Option<&User> {
        self.person.as_deref()
    }

    /// Who acts, as a text for logs: the client's id, and after a blank the person for whom it asks.
    pub fn actor(&self) -> String {
        self.on_behalf_of().map_or_else(|| self.client_id.to_string(), |person| format!("{} {person}", self.client_id))
    }

    /// The scopes that the grant, the token and the person all hold.
    pub fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }

    /// Whether the caller holds the scope.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// The purposes that the caller may state.
    pub fn purposes(&self) -> &BTreeSet<Purpose> {
        &self.purposes
    }

    /// The legal basis that the grant records for readings of protected data.
    pub fn legal_basis(&self) -> Option<&str> {
        self.grant.legal_basis()
    }

    /// The limits that the grant sets instead of those of the service.
    pub fn limits(&self) -> Overrides {
        self.grant.limits
    }

    /// The units whose subtrees are the client's reach; that of a person is bounded by it and by the person's own.
    pub fn roots(&self) -> &[UnitId] {
        &self.grant.roots
    }
}
