//! Writes of rows and changes in the loading transaction.

use entity::value::ChangeKind;
use sea_orm::{ActiveModelTrait, IntoActiveModel, ModelTrait};

use crate::{authz::Txn, db::bulk, error::Result};

/// Inserts rows.
pub(super) async fn insert<M, A>(txn: &Txn, rows: impl IntoIterator<Item = M>) -> Result<()>
where
    M: ModelTrait + IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = M::Entity>,
{
    Ok(bulk::insert(txn.connection(), rows.into_iter().map(IntoActiveModel::into_active_model)).await?)
}

/// Writes one change per object.
pub(super) async fn record(txn: &Txn, kind: ChangeKind, table: &str, objects: Vec<String>) -> Result<()> {
    let rows = objects.into_iter().map(|object| txn.line(kind, table, (object, None)));
    Ok(bulk::insert(txn.connection(), rows).await?)
}
