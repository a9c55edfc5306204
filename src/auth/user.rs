//! Names of clients and persons at external issuers.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::Arc,
};

use entity::{
    acting_person, acting_person_unit, external_client,
    value::{CadreId, ClientId, PersonId, Purpose, Scope, UnitId},
};
use sea_orm::{DatabaseConnection, EntityTrait, QueryFilter};

use crate::error::Result;

/// An acting person (người dùng), for whom a client acts. Formatted for logs as the issuer, a space, and the person's
/// name at the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    id: PersonId,
    issuer: String,
    subject: String,
    cadre_id: Option<CadreId>,
    pub(super) scopes: BTreeSet<Scope>,
    pub(super) purposes: BTreeSet<Purpose>,
    roots: Vec<UnitId>,
}

impl User {
    /// Id of the person.
    pub fn id(&self) -> PersonId {
        self.id
    }

    /// The cadre that is this person, if known.
    pub fn cadre_id(&self) -> Option<CadreId> {
        self.cadre_id
    }

    /// Root units of the person's reach.
    pub fn roots(&self) -> &[UnitId] {
        &self.roots
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.issuer, self.subject)
    }
}

/// Values by issuer, then by the name at the issuer.
type ByName<T> = HashMap<String, HashMap<String, T>>;

/// Clients and active persons by their names at external issuers.
#[derive(Debug, Default)]
pub(super) struct ExternalNames {
    clients: ByName<ClientId>,
    persons: ByName<Arc<User>>,
}

impl ExternalNames {
    /// Reads the names. Persons are read before their units; both are written in one transaction.
    pub async fn read(connection: &DatabaseConnection) -> Result<Self> {
        let client_names = external_client::Entity::find().all(connection).await?;
        let persons = acting_person::Entity::find().filter(acting_person::COLUMN.revoked_at.is_null());
        let persons = persons.all(connection).await?;
        let units =
            if persons.is_empty() { Vec::new() } else { acting_person_unit::Entity::find().all(connection).await? };

        let mut roots: HashMap<PersonId, Vec<UnitId>> = HashMap::new();
        for root in units {
            roots.entry(root.person_id).or_default().push(root.unit_id);
        }
        let mut names = Self::default();
        for row in client_names {
            names.clients.entry(row.issuer).or_default().insert(row.external_id, row.client_id);
        }
        for row in persons {
            let person = User {
                id: row.id,
                cadre_id: row.cadre_id,
                scopes: row.scopes().collect(),
                purposes: row.purposes().collect(),
                roots: roots.remove(&row.id).unwrap_or_default(),
                issuer: row.issuer.clone(),
                subject: row.subject.clone(),
            };
            names.persons.entry(row.issuer).or_default().insert(row.subject, Arc::new(person));
        }
        Ok(names)
    }

    /// The client with this name at the issuer.
    pub fn client(&self, issuer: &str, id: &str) -> Option<ClientId> {
        self.clients.get(issuer)?.get(id).copied()
    }

    /// The active person with this name at the issuer.
    pub fn person(&self, issuer: &str, subject: &str) -> Option<&Arc<User>> {
        self.persons.get(issuer)?.get(subject)
    }
}
