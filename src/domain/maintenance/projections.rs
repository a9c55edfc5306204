//! Rebuilds the projections.

use crate::{
    authz::{Area, CommandKind, Permit},
    clock::Clock,
    db::Database,
    error::Result,
    projection,
};

const REBUILD: CommandKind = CommandKind::of_operator("read-model.rebuild", Area::Records);

/// Rebuilds all projections.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer.
pub async fn rebuild_projections(database: &Database, clock: Clock) -> Result<()> {
    let txn = Permit::operator(database, clock, REBUILD).begin(None, None).await?;
    txn.all_persons_changed();
    txn.commit().await
}

/// Rebuilds all projections if this program uses another format version.
///
/// # Errors
/// As `rebuild_projections`.
pub async fn ensure_projections(database: &Database, clock: Clock) -> Result<()> {
    match projection::is_current(database.control()).await? {
        true => Ok(()),
        false => rebuild_projections(database, clock).await,
    }
}
