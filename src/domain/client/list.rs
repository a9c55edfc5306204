//! Clients as an administrator among the clients sees them: those whose every grant it could have given itself.
//!
//! Clients are few and every process reads all of them every other second, so a list is made in memory.

use std::collections::HashMap;

use entity::{
    client, client_grant, grant_unit,
    value::{ClientId, Day, GrantId, Scope, UnitId},
};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    domain::{
        access::Access,
        page::{BoundedCount, Page, PageArgs, Position, Way},
    },
    error::{Error, Result},
    limit::Own,
};

/// A client (hệ thống kết nối) that the caller may administer.
#[derive(Clone, Debug)]
pub struct VisibleClient {
    row: client::Model,
    grants: Vec<VisibleGrant>,
}

/// A grant (phạm vi được cấp) that the caller could have given: its units are within reach, its scopes are held.
#[derive(Clone, Debug)]
pub struct VisibleGrant {
    row: client_grant::Model,
    units: Vec<UnitId>,
}

/// Every client that the caller may administer, oldest first.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct ClientList;

impl VisibleClient {
    /// The client.
    pub fn row(&self) -> &client::Model {
        &self.row
    }

    /// Every grant that it has had, oldest first.
    pub fn grants(&self) -> &[VisibleGrant] {
        &self.grants
    }

    /// A client that has a grant, and none that the caller could not have given: what is in the history counts too,
    /// since it is shown.
    fn of(access: &Access, row: client::Model, grants: Vec<VisibleGrant>) -> Option<Self> {
        let is_within = |grant: &VisibleGrant| {
            grant.units.iter().all(|unit| access.reaches(*unit)) && grant.row.scopes().all(|s| access.caller().has(s))
        };
        (!grants.is_empty() && grants.iter().all(is_within)).then_some(Self { row, grants })
    }
}

impl VisibleGrant {
    /// The grant.
    pub fn row(&self) -> &client_grant::Model {
        &self.row
    }

    /// The units whose subtrees it reaches.
    pub fn units(&self) -> &[UnitId] {
        &self.units
    }

    /// Limits of its own.
    pub fn limits(&self) -> Own {
        Own::of_columns(self.row.requests_per_second, self.row.cost_per_minute)
    }

    /// Whether it holds on a day.
    pub fn is_in_force(&self, day: Day) -> bool {
        self.row.is_valid_on(day)
    }
}

impl ClientList {
    /// A page of the list, in three statements.
    ///
    /// # Errors
    /// `Forbidden` without `clients:admin`; `Invalid` for bad paging arguments and foreign cursors.
    pub async fn page(self, access: &Access, args: &PageArgs) -> Result<Page<VisibleClient>> {
        let cursors = access.cursors(&("clients", self));
        let window = cursors.window(args)?;
        let position = |client: &VisibleClient| Position { keys: Vec::new(), id: client.row.id.0 };
        let mut clients = visible(access, access.reader(), None).await?;
        clients.retain(|client| {
            let id = client.row.id.0;
            window.after.as_ref().is_none_or(|after| after.id < id)
                && window.before.as_ref().is_none_or(|before| id < before.id)
        });
        if window.way == Way::Backward {
            clients.reverse();
        }
        clients.truncate(window.size + 1);
        Ok(cursors.page(&window, clients, position))
    }

    /// How many there are, at most `max`.
    ///
    /// # Errors
    /// `Forbidden` without `clients:admin`.
    pub async fn count(self, access: &Access, max: u64) -> Result<BoundedCount> {
        Ok(BoundedCount::of(visible(access, access.reader(), None).await?.len() as u64, max))
    }
}

/// A client that the caller may administer.
///
/// # Errors
/// `Forbidden` without `clients:admin`; `NotFound` if there is none or the caller may not administer it.
pub(super) async fn look_up(access: &Access, connection: &impl ConnectionTrait, id: ClientId) -> Result<VisibleClient> {
    visible(access, connection, Some(id)).await?.pop().ok_or(Error::NotFound)
}

async fn visible(
    access: &Access,
    connection: &impl ConnectionTrait,
    id: Option<ClientId>,
) -> Result<Vec<VisibleClient>> {
    access.require(Scope::ClientsAdmin, "Query.clients")?;
    let of = |column: Option<_>| Condition::all().add_option(column);
    let clients = client::Entity::find().filter(of(id.map(|id| client::COLUMN.id.eq(id))));
    let clients = clients.order_by_asc(client::COLUMN.id).all(connection).await?;
    let grants = client_grant::Entity::find().filter(of(id.map(|id| client_grant::COLUMN.client_id.eq(id))));
    let grants = grants.order_by_asc(client_grant::COLUMN.id).all(connection).await?;
    let ids = grants.iter().map(|row| row.id);
    let roots = grant_unit::Entity::find().filter(of(id.map(|_| grant_unit::COLUMN.grant_id.is_in(ids))));

    let mut units: HashMap<GrantId, Vec<UnitId>> = HashMap::new();
    for root in roots.all(connection).await? {
        units.entry(root.grant_id).or_default().push(root.unit_id);
    }
    let mut granted: HashMap<ClientId, Vec<VisibleGrant>> = HashMap::new();
    for row in grants {
        let units = units.remove(&row.id).unwrap_or_default();
        granted.entry(row.client_id).or_default().push(VisibleGrant { row, units });
    }
    let visible = |row: client::Model| {
        let grants = granted.remove(&row.id).unwrap_or_default();
        VisibleClient::of(access, row, grants)
    };
    Ok(clients.into_iter().filter_map(visible).collect())
}
