//! Keys of the service (khóa): made when a database has none, encrypted, renewed in turn and destroyed at their end.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    signing_key,
    value::{ChangeKind, KeyPurpose},
};
use sea_orm::{ActiveValue::Set, EntityTrait, QueryFilter, QueryOrder, TryInsertResult, sea_query::Expr};

use crate::{
    auth::{self, KeyState, KeyStore, lifetimes},
    clock::Clock,
    domain::authz::{Act, Permit},
    error::{Error, Result},
    language::Sentence,
};

/// A key of access tokens as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Key id.
    pub kid: String,
    /// Where it stands.
    pub state: KeyState,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it begins to sign.
    pub signs_from: DateTime<Utc>,
}

/// Makes the keys of access tokens, of page cursors and of checkpoints where they are missing, and encrypts those that an
/// earlier version left plain.
///
/// Nodes may start at once: the first key of a purpose always has the same key id, so the primary key lets one of them
/// in, on either database, and the other leaves nothing behind.
///
/// # Errors
/// `Conflict` if the keys are encrypted with another key encryption key.
pub async fn ensure(store: &KeyStore, clock: Clock) -> Result<()> {
    let rows = signing_key::Entity::find().all(store.database.reader()).await?;
    let is_foreign = |id: &String| id != store.encryption.id();
    if let Some(id) = rows.iter().filter_map(|row| row.encryption_key_id.as_ref()).find(|id| is_foreign(id)) {
        return Err(Error::Conflict(Sentence::new(
            format!(
                "khóa của dịch vụ đã được mã hóa bằng khóa khác (mã {id}); hãy đặt khóa đó vào CADRE_KEY_ENCRYPTION_KEY"
            ),
            format!(
                "the keys in the database are encrypted with another key encryption key (id {id}); name that one in \
                 CADRE_KEY_ENCRYPTION_KEY or CADRE_KEY_ENCRYPTION_KEY_FILE"
            ),
        )));
    }
    for row in rows.iter().filter(|row| row.encryption_key_id.is_none()) {
        encrypt(store, clock, row).await?;
    }
    for purpose in [KeyPurpose::AccessToken, KeyPurpose::Cursor, KeyPurpose::AuditCheckpoint] {
        if !rows.iter().any(|row| row.purpose == purpose) {
            make_first(store, clock, purpose).await?;
        }
    }
    Ok(())
}

/// One conditional statement, so that of two nodes at once none encrypts what the other has encrypted.
async fn encrypt(store: &KeyStore, clock: Clock, row: &signing_key::Model) -> Result<()> {
    let material = store.encryption.encrypt(&row.kid, row.purpose, &row.material)?;
    let txn = Permit::operator(&store.database, clock, Act::KeyEncrypt).begin(Some(row.kid.clone()), None).await?;
    let changed = signing_key::Entity::update_many()
        .col_expr(signing_key::Column::Material, Expr::value(material))
        .col_expr(signing_key::Column::EncryptionKeyId, Expr::value(store.encryption.id()))
        .filter(signing_key::COLUMN.kid.eq(row.kid.as_str()))
        .filter(signing_key::COLUMN.encryption_key_id.is_null())
        .exec(txn.connection())
        .await?;
    if changed.rows_affected == 0 {
        return Ok(());
    }
    txn.record(ChangeKind::Updated, "signing_key", row.kid.clone()).await?;
    txn.commit().await
}

async fn make_first(store: &KeyStore, clock: Clock, purpose: KeyPurpose) -> Result<()> {
    let key = auth::generate(&store.encryption, (purpose, 1), clock)?;
    // Where another node was first, there is nothing left to do.
    insert(store, clock, (Act::KeyMake, key)).await.map(drop)
}

/// Writes a new key; whether it is the first of its key id. Dropped, the transaction takes its audit entry with it.
async fn insert(store: &KeyStore, clock: Clock, (act, key): (Act, signing_key::ActiveModel)) -> Result<bool> {
    let Set(kid) = key.kid.clone() else { return Err(Error::internal("a new key has no id")) };
    let txn = Permit::operator(&store.database, clock, act).begin(Some(kid.clone()), None).await?;
    let insert = signing_key::Entity::insert(key).on_conflict_do_nothing_on([signing_key::Column::Kid]);
    match insert.exec_without_returning(txn.connection()).await? {
        TryInsertResult::Inserted(1..) => {
            txn.record(ChangeKind::Created, "signing_key", kid).await?;
            txn.commit().await?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// The keys of access tokens, the one that signs first before the others.
pub async fn list(store: &KeyStore, clock: Clock) -> Result<Vec<Listed>> {
    let rows = signing_key::Entity::find().order_by_asc(signing_key::COLUMN.kid).all(store.database.reader()).await?;
    let listed = |(row, lifetime): (&signing_key::Model, auth::KeyLifetime)| Listed {
        kid: row.kid.clone(),
        state: lifetime.state(clock.now()),
        created_at: row.created_at,
        signs_from: lifetime.from,
    };
    Ok(lifetimes(&rows).into_iter().map(listed).collect())
}

/// Makes the next key of access tokens (luân phiên khóa ký). It is published at once and signs after `auth::LEAD`; no
/// valid token is refused on the way. Of several nodes that do so at once one succeeds.
///
/// # Errors
/// `Conflict` if a next key waits already.
pub async fn rotate(store: &KeyStore, clock: Clock) -> Result<Listed> {
    let waits = || {
        Error::Conflict(Sentence::new(
            "đã có khóa tiếp theo đang chờ đến lượt ký",
            "a next key waits already for its turn to sign",
        ))
    };
    let keys = list(store, clock).await?;
    if keys.iter().any(|key| key.state == KeyState::Next) {
        return Err(waits());
    }
    let key = auth::generate(&store.encryption, (KeyPurpose::AccessToken, serial_after(&keys)), clock)?;
    if !insert(store, clock, (Act::KeyRotate, key)).await? {
        return Err(waits());
    }
    list(store, clock).await?.pop().ok_or(Error::NotFound)
}

/// Replaces all keys of access tokens at once, after one has leaked (thay khóa khẩn cấp). Every token issued so far is
/// refused within 5 seconds; for as long, a node that has not read the new key refuses new ones too.
///
/// # Errors
/// `Conflict` if another node makes a key at the same moment.
pub async fn replace(store: &KeyStore, clock: Clock) -> Result<Listed> {
    let keys = list(store, clock).await?;
    let key = auth::generate(&store.encryption, (KeyPurpose::AccessToken, serial_after(&keys)), clock)?;
    let key = signing_key::ActiveModel { signs_from: Set(Some(clock.now())), ..key };
    if !insert(store, clock, (Act::KeyRotate, key)).await? {
        return Err(Error::Conflict(Sentence::new(
            "nơi khác vừa tạo khóa mới; hãy thử lại",
            "another node has just made a key; try again",
        )));
    }
    for old in keys {
        destroy(store, clock, &old.kid).await?;
    }
    list(store, clock).await?.pop().ok_or(Error::NotFound)
}

/// The newest key is never destroyed, so the number after it is new.
fn serial_after(keys: &[Listed]) -> u32 {
    let serial = |key: &Listed| key.kid.rsplit('-').next().and_then(|serial| serial.parse::<u32>().ok());
    keys.iter().filter_map(serial).max().unwrap_or(0) + 1
}

/// Makes the next key if the one that signs has done so for so long; returns whether it did. A node asks this now and
/// then, and one of them is the first.
pub async fn rotate_if_due(store: &KeyStore, clock: Clock, after: TimeDelta) -> Result<bool> {
    let keys = list(store, clock).await?;
    let is_due = keys.last().is_some_and(|newest| clock.now() >= newest.signs_from + after);
    if !is_due {
        return Ok(false);
    }
    match rotate(store, clock).await {
        Ok(_) => Ok(true),
        Err(Error::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Destroys the keys whose last token has ended; returns their key ids.
pub async fn destroy_ended(store: &KeyStore, clock: Clock) -> Result<Vec<String>> {
    let mut destroyed = Vec::new();
    for key in list(store, clock).await?.into_iter().filter(|key| key.state == KeyState::Ended) {
        if destroy(store, clock, &key.kid).await? {
            destroyed.push(key.kid);
        }
    }
    Ok(destroyed)
}

/// Whether this node did it; where another was first, the transaction is dropped and takes its audit entry with it.
async fn destroy(store: &KeyStore, clock: Clock, kid: &str) -> Result<bool> {
    let txn = Permit::operator(&store.database, clock, Act::KeyDestroy).begin(Some(kid.to_owned()), None).await?;
    let gone = signing_key::Entity::delete_by_id(kid.to_owned()).exec(txn.connection()).await?;
    if gone.rows_affected == 0 {
        return Ok(false);
    }
    txn.record(ChangeKind::Ended, "signing_key", kid).await?;
    txn.commit().await?;
    Ok(true)
}

/// Whether the database holds a key that is encrypted: then its key encryption key exists somewhere.
pub async fn has_encrypted(database: &crate::db::Database) -> Result<bool> {
    let encrypted = signing_key::Entity::find().filter(signing_key::COLUMN.encryption_key_id.is_not_null());
    Ok(encrypted.one(database.reader()).await?.is_some())
}

#[cfg(test)]
mod tests;
