//! Writes of rows and changes in the loading transaction.

use entity::value::ChangeKind;
use sea_orm::{ActiveModelTrait, IntoActiveModel, ModelTrait};

use crate::{
    authz::{Change, Txn},
    db::bulk,
    error::Result,
};

/// Inserts rows.
pub(super) async fn insert<M, A>(txn: &Txn, rows: impl IntoIterator<Item = M>) -> Result<()>
where
    M: ModelTrait + IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = M::Entity>,
{
    Ok(bulk::insert(txn.connection(), rows.into_iter().map(IntoActiveModel::into_active_model)).await?)
}

/// Records one change per object.
pub(super) async fn record(txn: &Txn, kind: ChangeKind, table: &str, objects: Vec<String>) -> Result<()> {
    for object in objects {
        txn.record(kind, table, object).await?;
    }
    Ok(())
}

/// Records changes, unless the import is a bulk load: then the change log contains only the objects with a code.
pub(super) async fn record_unless_bulk(txn: &Txn, changes: impl Iterator<Item = Change>) -> Result<()> {
    if txn.is_bulk().await {
        return Ok(());
    }
    for change in changes {
        txn.record_change(change).await?;
    }
    Ok(())
}
