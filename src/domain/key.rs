//! Keys of the service (khóa): made once, when a database has none.

use entity::{
    signing_key,
    value::{ChangeKind, KeyPurpose},
};
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, TryInsertResult};

use crate::{
    auth,
    clock::Clock,
    db::Database,
    domain::access::{Act, Permit},
    error::Result,
};

/// Makes the keys of access tokens, of page cursors and of checkpoints where they are missing.
///
/// Nodes may start at once: the first key of a purpose always has the same key id, so the primary key lets one of them
/// in, on either database, and the other leaves nothing behind.
pub async fn ensure(database: &Database, clock: Clock) -> Result<()> {
    for purpose in [KeyPurpose::AccessToken, KeyPurpose::Cursor, KeyPurpose::AuditCheckpoint] {
        let of_purpose = signing_key::Entity::find().filter(signing_key::COLUMN.purpose.eq(purpose));
        if of_purpose.count(database.reader()).await? == 0 {
            make_first(database, clock, purpose).await?;
        }
    }
    Ok(())
}

async fn make_first(database: &Database, clock: Clock, purpose: KeyPurpose) -> Result<()> {
    let key = auth::generate(purpose, 1, clock)?;
    let ActiveValue::Set(kid) = key.kid.clone() else { return Ok(()) };
    let txn = Permit::operator(database, clock, Act::KeyMake).begin(Some(kid.clone()), None).await?;

    let insert = signing_key::Entity::insert(key).on_conflict_do_nothing_on([signing_key::Column::Kid]);
    match insert.exec_without_returning(txn.connection()).await? {
        TryInsertResult::Inserted(1..) => {
            txn.record(ChangeKind::Created, "signing_key", kid).await?;
            txn.commit().await
        }
        // Another node was first; dropped, the transaction takes its audit entry with it.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use entity::audit_entry;
    use futures_util::future::join_all;

    use super::*;
    use crate::auth::tests::world;

    #[tokio::test]
    async fn nodes_that_start_at_once_share_their_keys() {
        let (_folder, first) = world::database().await;
        let clock = world::clock();
        let url = world::url(&_folder);
        let second = Database::open(&url, crate::db::Pool::default()).await.unwrap();

        let nodes = [&first, &second, &first, &second];
        for made in join_all(nodes.map(|node| ensure(node, clock))).await {
            made.unwrap();
        }
        ensure(&first, clock).await.unwrap();

        let keys = signing_key::Entity::find().all(first.reader()).await.unwrap();
        let audited = audit_entry::Entity::find().count(first.reader()).await.unwrap();
        let mut kids: Vec<_> = keys.iter().map(|key| key.kid.as_str()).collect();
        kids.sort_unstable();
        assert_eq!(kids, ["access-1", "checkpoint-1", "cursor-1"]);
        assert_eq!(audited, 3, "who came second leaves no entry");
    }
}
