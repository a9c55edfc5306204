//! Administrators among the clients, and the comparison of other clients with them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{
    client, client_grant, client_key, external_client, grant_unit,
    value::{AllowedDocuments, ClientId, Day, GrantId, Purpose, Scope, UnitId},
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    authz::Access,
    domain::client::{
        rights::Rights,
        share::{Share, Shares},
        visible::{VisibleClient, VisibleGrant},
    },
    error::Result,
    limit::{Limits, Overrides},
    reference::units::UnitSet,
};

/// A client with its grants, keys and links, read from the database.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub row: client::Model,
    /// All grants of the client, oldest first.
    pub grants: Vec<VisibleGrant>,
    has_key: bool,
    issuers: BTreeSet<String>,
}

/// Reads the clients with these ids, or all clients, oldest first, in five statements.
pub(super) async fn read(connection: &impl ConnectionTrait, ids: Option<&[ClientId]>) -> Result<Vec<Standing>> {
    let of = |column: Option<_>| Condition::all().add_option(column);
    let ids = || ids.map(|ids| ids.iter().copied());
    let clients = client::Entity::find().filter(of(ids().map(|ids| client::COLUMN.id.is_in(ids))));
    let clients = clients.order_by_asc(client::COLUMN.id).all(connection).await?;
    let grants = client_grant::Entity::find().filter(of(ids().map(|ids| client_grant::COLUMN.client_id.is_in(ids))));
    let grants = grants.order_by_asc(client_grant::COLUMN.id).all(connection).await?;
    let of_grants = ids().map(|_| grant_unit::COLUMN.grant_id.is_in(grants.iter().map(|row| row.id)));
    let roots = grant_unit::Entity::find().filter(of(of_grants)).all(connection).await?;
    let keys = client_key::Entity::find().filter(of(ids().map(|ids| client_key::COLUMN.client_id.is_in(ids))));
    let keys = keys.filter(client_key::COLUMN.revoked_at.is_null()).all(connection).await?;
    let links = external_client::Entity::find();
    let links = links.filter(of(ids().map(|ids| external_client::COLUMN.client_id.is_in(ids)))).all(connection).await?;

    let mut units: HashMap<GrantId, Vec<UnitId>> = HashMap::new();
    for root in roots {
        units.entry(root.grant_id).or_default().push(root.unit_id);
    }
    let mut granted: HashMap<ClientId, Vec<VisibleGrant>> = HashMap::new();
    for row in grants {
        let units = units.remove(&row.id).unwrap_or_default();
        granted.entry(row.client_id).or_default().push(VisibleGrant::new(row, units));
    }
    let with_key: BTreeSet<ClientId> = keys.into_iter().map(|key| key.client_id).collect();
    let mut issuers: HashMap<ClientId, BTreeSet<String>> = HashMap::new();
    for link in links {
        issuers.entry(link.client_id).or_default().insert(link.issuer);
    }
    let standing = |row: client::Model| Standing {
        grants: granted.remove(&row.id).unwrap_or_default(),
        has_key: with_key.contains(&row.id),
        issuers: issuers.remove(&row.id).unwrap_or_default(),
        row,
    };
    Ok(clients.into_iter().map(standing).collect())
}

impl Standing {
    /// Grant in force on a day; of several, the one created last.
    fn in_force(&self, day: Day) -> Option<&VisibleGrant> {
        self.grants.iter().filter(|grant| grant.is_in_force(day)).max_by_key(|grant| grant.row().id)
    }

    /// Maximum limits over current and future grants; `None` for a revoked client.
    fn max_limits(&self, service: Limits, today: Day) -> Option<Limits> {
        let live = self.grants.iter().filter(|grant| self.row.revoked_at.is_none() && !grant.is_over(today));
        live.map(|grant| service.with(grant.limits())).reduce(Limits::max)
    }

    fn share(&self, service: Limits, today: Day) -> Share {
        let is_live = self.row.revoked_at.is_none();
        let bound = self.in_force(today).filter(|_| is_live).map(VisibleGrant::limits);
        Share {
            administrator: self.row.administrator_id,
            max_limits: self.max_limits(service, today),
            bound: bound.unwrap_or_default(),
        }
    }
}

/// Shares of the clients in the limits of their administrators.
pub(super) fn shares(standings: &[Standing], service: Limits, today: Day) -> Shares {
    Shares(
        standings.iter().map(|standing| (standing.row.id, standing.share(service, today))).collect::<BTreeMap<_, _>>(),
    )
}

/// A client with `clients:admin`, with its current rights, restricted to the rights of the request.
#[derive(Debug)]
pub(super) struct Administrator<'a> {
    access: &'a Access,
    /// Limits in the administrator's own grant.
    pub named: Overrides,
    /// Rights of the administrator; `None` if it is revoked or has no grant in force.
    own: Option<Rights>,
}

impl<'a> Administrator<'a> {
    /// The caller of the request, looked up among the clients.
    pub fn of(access: &'a Access, standings: &[Standing]) -> Self {
        let id = access.caller().client_id();
        let row = standings.iter().find(|standing| standing.row.id == id && standing.row.revoked_at.is_none());
        let found = row.and_then(|standing| Some((standing, standing.in_force(access.today())?)));
        let named = found.map(|(_, grant)| grant.limits()).unwrap_or_default();
        let mut administrator = Self { access, named, own: None };
        administrator.own =
            found.map(|(standing, grant)| administrator.restrict_to_request(administrator.rights(standing, grant)));
        administrator
    }

    /// Reads the caller from the database.
    pub async fn read(access: &'a Access, connection: &impl ConnectionTrait) -> Result<Self> {
        let standings = read(connection, Some(&[access.caller().client_id()])).await?;
        Ok(Self::of(access, &standings))
    }

    /// Rights of the administrator; `None` if it lost them since the request was accepted.
    pub fn own(&self) -> Option<&Rights> {
        self.own.as_ref()
    }

    /// Returns the client if the administrator may administer it: the client has a grant, and no right that the
    /// administrator lacks. Ended grants count too, because they are shown, but their limits do not.
    pub fn administers(&self, standing: Standing) -> Option<VisibleClient> {
        let own = self.own.as_ref()?;
        let is_covered = |grant: &VisibleGrant| {
            // Cheaper than the full comparison, which computes the whole reach of the grant.
            grant.units().iter().all(|unit| own.units.contains(unit)) && own.cover(&self.rights(&standing, grant))
        };
        let is_administered = !standing.grants.is_empty() && standing.grants.iter().all(is_covered);
        is_administered.then(|| VisibleClient::new(standing.row, standing.grants))
    }

    /// Rights of a new grant alone, without the rights of an existing client.
    pub fn rights_of_terms(&self, terms: &super::grant::Terms) -> Rights {
        Rights {
            scopes: terms.scopes.iter().copied().collect(),
            purposes: terms.purposes.iter().copied().collect(),
            units: self.reach_of(&terms.units),
            limits: Some(self.access.service_limits().with(terms.limits)),
            ends_on: terms.valid_to,
            documents: terms.documents,
            has_key: false,
            issuers: BTreeSet::new(),
        }
    }

    fn rights(&self, standing: &Standing, grant: &VisibleGrant) -> Rights {
        let today = self.access.today();
        let is_over = grant.is_over(today);
        Rights {
            scopes: grant.row().scopes().collect(),
            purposes: grant.row().purposes().collect(),
            units: self.reach_of(grant.units()),
            limits: (!is_over).then(|| self.access.service_limits().with(grant.limits())),
            ends_on: if is_over { Some(today) } else { grant.ends_on() },
            // No request can use the documents of an ended grant.
            documents: if is_over { AllowedDocuments::Registered } else { grant.row().documents },
            has_key: standing.has_key,
            issuers: standing.issuers.clone(),
        }
    }

    /// Restricts rights to those of the request: its token may have fewer scopes, and the user on whose behalf it acts
    /// fewer rights of any kind.
    fn restrict_to_request(&self, mut rights: Rights) -> Rights {
        let (scopes, purposes): (&BTreeSet<Scope>, &BTreeSet<Purpose>) =
            (self.access.caller().scopes(), self.access.caller().purposes());
        rights.scopes.retain(|scope| scopes.contains(scope));
        rights.purposes.retain(|purpose| purposes.contains(purpose));
        rights.units.retain(|unit| self.access.reaches(*unit));
        rights
    }

    fn reach_of(&self, roots: &[UnitId]) -> UnitSet {
        self.access.reference_data().units().reach_of(roots, self.access.today())
    }
}
