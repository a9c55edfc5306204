//! Functions of commands on the row of a client: they lock it and set its administrator.

use entity::{client, value::ClientId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use crate::{
    authz::{Area, CommandKind, Txn},
    domain::command::{Versioned, raise_version},
    error::{Error, Result},
    language::Sentence,
};

/// The kind of a command of the operator on clients.
pub(super) const fn kind(name: &'static str) -> CommandKind {
    CommandKind::of_operator(name, Area::Administration)
}

impl Versioned for client::Entity {
    const ID: client::Column = client::Column::Id;
    const VERSION: client::Column = client::Column::Version;

    fn version(row: &client::Model) -> i32 {
        row.version
    }
}

/// Locks a client by incrementing its version and reads it. Concurrent commands on one client are thus serialised.
pub(super) async fn bump_version(txn: &Txn, id: ClientId) -> Result<client::Model> {
    let (_, row) = raise_version::<client::Entity>(txn, id, None).await?;
    row.ok_or(Error::NotFound)
}

/// Same as `bump_version`, for a client that must not be revoked.
pub(super) async fn lock_active(txn: &Txn, id: ClientId) -> Result<client::Model> {
    let client = bump_version(txn, id).await?;
    if client.revoked_at.is_some() { Err(has_been_revoked()) } else { Ok(client) }
}

fn has_been_revoked() -> Error {
    Error::Conflict(Sentence::new(
        "hệ thống kết nối này đã bị thu hồi; hãy đăng ký hệ thống mới",
        "this client is revoked; register a new one",
    ))
}

/// Sets the administrator whose limits apply to a client; `None` for the operator.
pub(super) async fn set_administrator(txn: &Txn, id: ClientId, administrator: Option<ClientId>) -> Result<()> {
    client::Entity::update_many()
        .col_expr(client::Column::AdministratorId, Expr::value(administrator))
        .filter(client::COLUMN.id.eq(id))
        .exec(txn.connection())
        .await?;
    Ok(())
}
