//! Clients visible to an administrator: those without a right that the administrator lacks.
//!
//! There are few clients, and every process reads all of them every two seconds, so lists are made in memory.

use entity::value::{ClientId, Scope};
use sea_orm::ConnectionTrait;

use crate::{
    authz::Access,
    domain::client::{
        administrator::{self, Administrator},
        visible::VisibleClient,
    },
    error::{Error, Result},
    page::{BoundedCount, Page, PageArgs, Position, Way},
};

/// All clients that the caller may administer, oldest first.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct ClientList;

impl ClientList {
    /// A page of the list, in five statements.
    ///
    /// # Errors
    /// `Forbidden` without `clients:admin`; `Invalid` for wrong paging arguments and foreign cursors.
    pub async fn page(self, access: &Access, args: &PageArgs) -> Result<Page<VisibleClient>> {
        let cursors = access.cursors(&("clients", self));
        let window = cursors.window(args)?;
        let position = |client: &VisibleClient| Position { keys: Vec::new(), id: client.row().id.0 };
        let mut clients = visible(access, access.reader()).await?;
        clients.retain(|client| {
            let id = client.row().id.0;
            window.after.as_ref().is_none_or(|after| after.id < id)
                && window.before.as_ref().is_none_or(|before| id < before.id)
        });
        if window.way == Way::Backward {
            clients.reverse();
        }
        clients.truncate(window.size + 1);
        Ok(cursors.page(&window, clients, position))
    }

    /// Number of clients, at most `max`.
    ///
    /// # Errors
    /// `Forbidden` without `clients:admin`.
    pub async fn count(self, access: &Access, max: u64) -> Result<BoundedCount> {
        Ok(BoundedCount::of(visible(access, access.reader()).await?.len() as u64, max))
    }
}

/// Selector of a client.
#[derive(Clone, Debug, async_graphql::OneofObject)]
pub enum ClientKey {
    /// Its id, the `client_id` of OAuth.
    Id(async_graphql::ID),
}

/// A client that the caller may administer.
///
/// # Errors
/// `NotFound`; `Forbidden` without `clients:admin`.
pub async fn by_key(access: &Access, ClientKey::Id(id): &ClientKey) -> Result<VisibleClient> {
    let id: ClientId = id.parse().map_err(|_| Error::NotFound)?;
    look_up(access, access.reader(), id).await
}

/// Clients by id, in no particular order. Those that the caller may not administer are omitted.
///
/// # Errors
/// `Forbidden` without `clients:admin`.
pub async fn by_ids(access: &Access, ids: &[ClientId]) -> Result<Vec<VisibleClient>> {
    let mut clients = visible(access, access.reader()).await?;
    clients.retain(|client| ids.contains(&client.row().id));
    Ok(clients)
}

/// Finds a client that the caller may administer.
///
/// # Errors
/// `Forbidden` without `clients:admin`; `NotFound` if it does not exist or the caller may not administer it.
pub(super) async fn look_up(access: &Access, connection: &impl ConnectionTrait, id: ClientId) -> Result<VisibleClient> {
    access.require(Scope::ClientsAdmin, "Query.clients")?;
    let standings = administrator::read(connection, Some(&[id, access.caller().client_id()])).await?;
    let administrator = Administrator::of(access, &standings);
    let named = standings.into_iter().find(|standing| standing.row.id == id);
    named.and_then(|standing| administrator.administers(standing)).ok_or(Error::NotFound)
}

async fn visible(access: &Access, connection: &impl ConnectionTrait) -> Result<Vec<VisibleClient>> {
    access.require(Scope::ClientsAdmin, "Query.clients")?;
    let standings = administrator::read(connection, None).await?;
    let administrator = Administrator::of(access, &standings);
    Ok(standings.into_iter().filter_map(|standing| administrator.administers(standing)).collect())
}
