//! The authenticated caller. Only `Verifier::verify` creates one.

use std::{collections::BTreeSet, sync::Arc};

use entity::value::{AllowedDocuments, ClientId, Day, Purpose, Scope, UnitId};
use serde::Serialize;

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

/// A client with a verified token, with the rights of its grant. If the client acts for a person, the rights are the
/// intersection of both.
#[derive(Clone, Debug)]
pub struct Caller {
    client_id: ClientId,
    client_version: i32,
    name: Arc<str>,
    scopes: BTreeSet<Scope>,
    purposes: BTreeSet<Purpose>,
    grant: Arc<Grant>,
    person: Option<Arc<User>>,
}

impl Caller {
    /// The client of verified claims, if the token was not revoked, the client is active, and a grant is in force on
    /// the day; `None` if the client is unknown.
    pub(super) fn admit(claims: &Claims, snapshot: &Snapshot, today: Day) -> Result<Option<Self>, Reason> {
        if snapshot.is_revoked(&claims.jti) {
            return Err(Reason::Revoked);
        }
        let caller = Self::of_client(claims.client_id, snapshot, today)?;
        Ok(caller.map(|caller| caller.with_scopes(&claims.scopes)))
    }

    /// The client of verified claims of an external issuer, if the client is registered and active and has a grant in
    /// force on the day; with the person for whom it acts, if the claims name one.
    pub(super) fn admit_external(claims: &external::Claims, snapshot: &Snapshot, today: Day) -> Result<Self, Reason> {
        let (names, issuer) = (snapshot.external(), claims.issuer());
        let id = names.client(issuer, &claims.client).ok_or(Reason::UnknownClient)?;
        let mut caller = Self::of_client(id, snapshot, today)?.ok_or(Reason::UnknownClient)?;
        if let Some(scopes) = &claims.scopes {
            caller = caller.with_scopes(scopes);
        }
        if let Some(subject) = &claims.subject {
            let person = names.person(issuer, subject).ok_or(Reason::UnknownPerson)?;
            caller.purposes = &caller.purposes & &person.purposes;
            caller.person = Some(person.clone());
            caller = caller.with_scopes(&person.scopes);
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
            client_version: entry.version,
            name: entry.name.clone(),
            scopes: grant.scopes.clone(),
            purposes: grant.purposes.clone(),
            grant: grant.clone(),
            person: None,
        }))
    }

    fn with_scopes(self, scopes: &BTreeSet<Scope>) -> Self {
        Self { scopes: &self.scopes & scopes, ..self }
    }

    /// Id of the client.
    pub fn client_id(&self) -> ClientId {
        self.client_id
    }

    /// Text form of everything that decides which data the caller sees, except the purpose of a request.
    pub fn rights(&self) -> impl Serialize + '_ {
        let person = self.on_behalf_of().map(|person| (person.id(), person.cadre_id(), person.roots()));
        (self.client_id, self.client_version, self.grant.id(), &self.scopes, person)
    }

    /// Version of the client in the snapshot.
    pub(super) fn client_version(&self) -> i32 {
        self.client_version
    }

    /// Name of the client.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The person for whom the client acts; `None` if it acts for itself.
    pub fn on_behalf_of(&self) -> Option<&User> {
        self.person.as_deref()
    }

    /// The actor as a text for logs: the client's id, then a space and the person for whom it acts.
    pub fn actor(&self) -> String {
        self.on_behalf_of().map_or_else(|| self.client_id.to_string(), |person| format!("{} {person}", self.client_id))
    }

    /// Scopes that the grant, the token and the person have in common.
    pub fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }

    /// Whether the caller has the scope.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Purposes that the caller may state.
    pub fn purposes(&self) -> &BTreeSet<Purpose> {
        &self.purposes
    }

    /// Legal basis that the grant records for reading protected data.
    pub fn legal_basis(&self) -> Option<&str> {
        self.grant.legal_basis()
    }

    /// Documents that the grant allows.
    pub fn documents(&self) -> AllowedDocuments {
        self.grant.documents()
    }

    /// Whether the rights to read are those of another caller.
    pub fn has_rights_of(&self, other: &Self) -> bool {
        let rights = |of: &Self| (of.client_id, of.scopes.clone(), of.purposes.clone(), of.grant.roots.clone());
        let roots = |of: &Self| of.person.as_ref().map(|person| (person.id(), person.roots().to_vec()));
        rights(self) == rights(other) && roots(self) == roots(other)
    }

    /// Limits of the grant, which override those of the service.
    pub fn limits(&self) -> Overrides {
        self.grant.limits
    }

    /// Root units of the client's reach; the reach of a person is limited by both these and the person's own roots.
    pub fn roots(&self) -> &[UnitId] {
        &self.grant.roots
    }
}
