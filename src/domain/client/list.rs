//! Clients as an administrator among the clients sees them: those without a right that it lacks itself.
//!
//! Clients are few and every process reads all of them every other second, so a list is made in memory.

use entity::{
    client, client_grant,
    value::{ClientId, Day, Scope, UnitId},
};
use sea_orm::ConnectionTrait;

use crate::{
    domain::{
        authz::Access,
        client::administrator::{self, Administrator},
        page::{BoundedCount, Page, PageArgs, Position, Way},
    },
    error::{Error, Result},
    limit::{Limits, Overrides},
};

/// A client (hệ thống kết nối) that the caller may administer.
#[derive(Clone, Debug)]
pub struct VisibleClient {
    row: client::Model,
    grants: Vec<VisibleGrant>,
}

/// A grant (phạm vi được cấp) of a client that the caller may administer.
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

    pub(super) fn new(row: client::Model, grants: Vec<VisibleGrant>) -> Self {
        Self { row, grants }
    }
}

impl VisibleGrant {
    pub(super) fn new(row: client_grant::Model, units: Vec<UnitId>) -> Self {
        Self { row, units }
    }

    /// The grant.
    pub fn row(&self) -> &client_grant::Model {
        &self.row
    }

    /// The units whose subtrees it reaches.
    pub fn units(&self) -> &[UnitId] {
        &self.units
    }

    /// Limits of its own.
    pub fn limits(&self) -> Overrides {
        Overrides::of_columns(self.row.requests_per_second, self.row.cost_per_minute)
    }

    /// Whether it holds on a day.
    pub fn is_in_force(&self, day: Day) -> bool {
        self.row.is_valid_on(day)
    }

    /// First day on which it is no longer valid, as granted or because another took its place; none: no end.
    pub(super) fn ends_on(&self) -> Option<Day> {
        self.row.valid_to.into_iter().chain(self.row.ended_on).min()
    }

    /// Whether it is neither in force nor to come on a day.
    pub(super) fn is_over(&self, day: Day) -> bool {
        // A grant that was replaced before its first day never comes.
        let never = self.ends_on().zip(self.row.valid_from).is_some_and(|(end, from)| end <= from);
        never || self.ends_on().is_some_and(|end| end <= day)
    }
}

impl ClientList {
    /// A page of the list, in five statements. `service` are the limits of a client whose grant names none.
    ///
    /// # Errors
    /// `Forbidden` without `clients:admin`; `Invalid` for bad paging arguments and foreign cursors.
    pub async fn page(self, access: &Access, service: Limits, args: &PageArgs) -> Result<Page<VisibleClient>> {
        let cursors = access.cursors(&("clients", self));
        let window = cursors.window(args)?;
        let position = |client: &VisibleClient| Position { keys: Vec::new(), id: client.row.id.0 };
        let mut clients = visible(access, service, access.reader()).await?;
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
    pub async fn count(self, access: &Access, service: Limits, max: u64) -> Result<BoundedCount> {
        Ok(BoundedCount::of(visible(access, service, access.reader()).await?.len() as u64, max))
    }
}

/// A client that the caller may administer.
///
/// # Errors
/// `Forbidden` without `clients:admin`; `NotFound` if there is none or the caller may not administer it.
pub(super) async fn look_up(
    access: &Access,
    service: Limits,
    connection: &impl ConnectionTrait,
    id: ClientId,
) -> Result<VisibleClient> {
    access.require(Scope::ClientsAdmin, "Query.clients")?;
    let standings = administrator::read(connection, Some(&[id, access.caller().client_id()])).await?;
    let administrator = Administrator::of(access, service, &standings);
    let named = standings.into_iter().find(|standing| standing.row.id == id);
    named.and_then(|standing| administrator.administers(standing)).ok_or(Error::NotFound)
}

async fn visible(access: &Access, service: Limits, connection: &impl ConnectionTrait) -> Result<Vec<VisibleClient>> {
    access.require(Scope::ClientsAdmin, "Query.clients")?;
    let standings = administrator::read(connection, None).await?;
    let administrator = Administrator::of(access, service, &standings);
    Ok(standings.into_iter().filter_map(|standing| administrator.administers(standing)).collect())
}
