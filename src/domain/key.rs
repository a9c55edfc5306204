//! Keys of the service (khóa): created if missing, encrypted, rotated, and destroyed when ended.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    signing_key,
    value::{ChangeKind, KeyPurpose},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, TryInsertResult, sea_query::Expr};

use crate::{
    auth::{self, KeyState, KeyStore, lifetimes},
    authz::{Area, CommandKind, Permit},
    clock::Clock,
    error::{Error, Result},
    language::Sentence,
};

const MAKE: CommandKind = CommandKind::of_operator("key.make", Area::Administration);
const ENCRYPT: CommandKind = CommandKind::of_operator("key.encrypt", Area::Administration);
const ROTATE: CommandKind = CommandKind::of_operator("key.rotate", Area::Administration);
const DESTROY: CommandKind = CommandKind::of_operator("key.destroy", Area::Administration);

/// A signing key of access tokens for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Key id.
    pub kid: String,
    /// State of the key.
    pub state: KeyState,
    /// Time of creation.
    pub created_at: DateTime<Utc>,
    /// Time from which the key signs.
    pub signs_from: DateTime<Utc>,
}

/// Creates missing keys for access tokens, page cursors and checkpoints, and encrypts keys that an earlier version
/// stored in plain.
///
/// Nodes may start concurrently: the first key of a purpose always has the same key id, so the primary key constraint
/// admits one node, on either database, and the other rolls back.
///
/// # Errors
/// `Conflict` if the keys are encrypted with another key encryption key.
pub async fn ensure(store: &KeyStore, clock: Clock) -> Result<()> {
    let rows = signing_key::Entity::find().all(store.database.reader()).await?;
    let is_foreign = |id: &String| id != store.encryption.id();
    if let Some(id) = rows.iter().filter_map(|row| row.encryption_key_id.as_ref()).find(|id| is_foreign(id)) {
        return Err(Error::Conflict(Sentence::new(
            format!(
                "các khóa trong cơ sở dữ liệu được mã hóa bằng một khóa bảo vệ khóa khác (mã {id}); hãy nêu khóa đó \
                 trong CADRE_KEY_ENCRYPTION_KEY hoặc CADRE_KEY_ENCRYPTION_KEY_FILE"
            ),
            format!(
                "the keys in the database are encrypted with another key encryption key (id {id}); set \
                 CADRE_KEY_ENCRYPTION_KEY or CADRE_KEY_ENCRYPTION_KEY_FILE to that key"
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

/// Creates the key that signs announcements to webhooks, if it is missing. It is created with the first webhook, because
/// processes of older versions cannot read it.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer.
pub async fn ensure_for_webhooks(store: &KeyStore, clock: Clock) -> Result<()> {
    let keys = signing_key::Entity::find().filter(signing_key::COLUMN.purpose.eq(KeyPurpose::Webhook));
    match keys.one(store.database.reader()).await? {
        Some(_) => Ok(()),
        None => make_first(store, clock, KeyPurpose::Webhook).await,
    }
}

/// Uses one conditional statement, so that no node encrypts what a concurrent node has already encrypted.
async fn encrypt(store: &KeyStore, clock: Clock, row: &signing_key::Model) -> Result<()> {
    let material = store.encryption.encrypt(&row.kid, row.purpose, &row.material)?;
    let txn = Permit::operator(&store.database, clock, ENCRYPT).begin(Some(row.kid.clone()), None).await?;
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
    // If another node has created the key, nothing is left to do.
    insert(store, clock, (MAKE, key)).await.map(drop)
}

/// Inserts a new key. Returns whether its key id is new; if not, the transaction is rolled back with its audit entry.
async fn insert(store: &KeyStore, clock: Clock, (kind, key): (CommandKind, signing_key::ActiveModel)) -> Result<bool> {
    let Set(kid) = key.kid.clone() else { return Err(Error::internal("a new signing key has no id")) };
    let txn = Permit::operator(&store.database, clock, kind).begin(Some(kid.clone()), None).await?;
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

/// Signing keys of access tokens, the currently signing one first.
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

/// Creates the next signing key of access tokens (luân phiên khóa ký). It is published at once and signs after
/// `auth::LEAD`, so that no valid token is rejected. Of several concurrent nodes, one succeeds.
///
/// # Errors
/// `Conflict` if a next key already exists.
pub async fn rotate(store: &KeyStore, clock: Clock) -> Result<Listed> {
    let waits = || {
        Error::Conflict(Sentence::new(
            "đã có khóa tiếp theo, chưa đến thời điểm ký; hãy chờ đến thời điểm đó",
            "the next key already exists and has not begun to sign; wait until it does",
        ))
    };
    let keys = list(store, clock).await?;
    if keys.iter().any(|key| key.state == KeyState::Next) {
        return Err(waits());
    }
    let key = auth::generate(&store.encryption, (KeyPurpose::AccessToken, serial_after(&keys)), clock)?;
    if !insert(store, clock, (ROTATE, key)).await? {
        return Err(waits());
    }
    list(store, clock).await?.pop().ok_or(Error::NotFound)
}

/// Replaces all signing keys of access tokens at once, after a key has leaked (thay khóa khẩn cấp). Every token issued
/// so far is rejected within 5 seconds; during this time, a node that has not read the new key rejects new tokens too.
///
/// # Errors
/// `Conflict` if another node creates a key at the same time.
pub async fn replace(store: &KeyStore, clock: Clock) -> Result<Listed> {
    let keys = list(store, clock).await?;
    let key = auth::generate(&store.encryption, (KeyPurpose::AccessToken, serial_after(&keys)), clock)?;
    let key = signing_key::ActiveModel { signs_from: Set(Some(clock.now())), ..key };
    if !insert(store, clock, (ROTATE, key)).await? {
        return Err(Error::Conflict(Sentence::new(
            "một máy chủ khác vừa tạo khóa mới; hãy thử lại",
            "another node has just created a key; try again",
        )));
    }
    for old in keys {
        destroy(store, clock, &old.kid).await?;
    }
    list(store, clock).await?.pop().ok_or(Error::NotFound)
}

/// The newest key is never destroyed, so the next number is always new.
fn serial_after(keys: &[Listed]) -> u32 {
    let serial = |key: &Listed| key.kid.rsplit('-').next().and_then(|serial| serial.parse::<u32>().ok());
    keys.iter().filter_map(serial).max().unwrap_or(0) + 1
}

/// Creates the next key if the signing key is older than `after`. Returns whether it did. Called periodically on every
/// node; the first one creates the key.
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

/// Destroys the keys whose last token has expired. Returns their key ids.
pub async fn destroy_ended(store: &KeyStore, clock: Clock) -> Result<Vec<String>> {
    let mut destroyed = Vec::new();
    for key in list(store, clock).await?.into_iter().filter(|key| key.state == KeyState::Ended) {
        if destroy(store, clock, &key.kid).await? {
            destroyed.push(key.kid);
        }
    }
    Ok(destroyed)
}

/// Returns whether this node destroyed the key. If another node did, the transaction is rolled back with its audit
/// entry.
async fn destroy(store: &KeyStore, clock: Clock, kid: &str) -> Result<bool> {
    let txn = Permit::operator(&store.database, clock, DESTROY).begin(Some(kid.to_owned()), None).await?;
    let gone = signing_key::Entity::delete_by_id(kid.to_owned()).exec(txn.connection()).await?;
    if gone.rows_affected == 0 {
        return Ok(false);
    }
    txn.record(ChangeKind::Ended, "signing_key", kid).await?;
    txn.commit().await?;
    Ok(true)
}

/// Whether the database contains an encrypted key, which proves that a key encryption key exists.
pub async fn has_encrypted(database: &crate::db::Database) -> Result<bool> {
    let encrypted = signing_key::Entity::find().filter(signing_key::COLUMN.encryption_key_id.is_not_null());
    Ok(encrypted.one(database.reader()).await?.is_some())
}

#[cfg(test)]
mod tests;
