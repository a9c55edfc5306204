//! Public keys of clients (khóa công khai): registration, list and revocation. A client signs its assertions with the
//! private keys.

use chrono::{DateTime, Utc};
use entity::{
    client, client_key,
    value::{ChangeKind, ClientId, KeyAlgorithm},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, SqlErr,
    sea_query::Expr,
};

use crate::{
    auth::{MAX_OF_CLIENT, PublicKey, Unusable},
    authz::Permit,
    clock::Clock,
    db::Database,
    domain::client::row::{kind, lock_active},
    error::{Error, Result},
    language::Sentence,
};

/// Maximum number of keys of a client that are not revoked.
const MAX_KEYS: u64 = MAX_OF_CLIENT as u64;

/// Maximum length of a key id, in bytes.
const LONGEST_KID: usize = 100;

/// Input for registering a public key.
#[derive(Clone, Debug)]
pub struct Add {
    /// Client that owns the key.
    pub client: ClientId,
    /// The key, in PEM or as a JWK.
    pub text: String,
    /// Key id; `None`: the id of the JWK, or the SHA-256 of the key.
    pub kid: Option<String>,
    /// Signature algorithm; `None`: the algorithm of the JWK, or PS256 for an RSA key.
    pub algorithm: Option<KeyAlgorithm>,
}

/// A public key for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Key id.
    pub kid: String,
    /// Signature algorithm.
    pub algorithm: KeyAlgorithm,
    /// Time of registration.
    pub created_at: DateTime<Utc>,
    /// Time of revocation; `None` if the key is active.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Registers a public key of a client (đăng ký khóa công khai).
///
/// # Errors
/// `Invalid` if the text contains no acceptable key; `NotFound` if the client does not exist; `Conflict` if it was
/// revoked, has or had a key with this id, or has the maximum number of keys.
pub async fn add(database: &Database, clock: Clock, add: Add) -> Result<Listed> {
    let key = PublicKey::read(&add.text, add.algorithm).map_err(unusable)?;
    let kid = ensure_kid(add.kid.unwrap_or(key.kid))?;

    let detail = format!("{kid} {}", key.algorithm);
    let permit = Permit::operator(database, clock, kind("client.key-add"));
    let txn = permit.begin(Some(add.client.to_string()), Some(detail)).await?;
    let connection = txn.connection();
    lock_active(&txn, add.client).await?;
    let living = client_key::Entity::find().filter(client_key::COLUMN.client_id.eq(add.client));
    if living.filter(client_key::COLUMN.revoked_at.is_null()).count(connection).await? >= MAX_KEYS {
        return Err(Error::Conflict(Sentence::new(
            format!("hệ thống kết nối đã có {MAX_KEYS} khóa; hãy thu hồi một khóa trước"),
            format!("the client already has {MAX_KEYS} keys; revoke one first"),
        )));
    }
    let row = client_key::ActiveModel {
        client_id: Set(add.client),
        kid: Set(kid.clone()),
        algorithm: Set(key.algorithm),
        public_key: Set(key.der),
        created_at: Set(clock.now()),
        revoked_at: Set(None),
    };
    let row = row.insert(connection).await.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => kid_is_taken(),
        _ => error.into(),
    })?;
    txn.record(ChangeKind::Created, "client_key", object(add.client, &kid)).await?;
    txn.commit().await?;
    Ok(listed(row))
}

/// Lists the keys of a client, active and revoked, oldest first.
///
/// # Errors
/// `NotFound` if the client does not exist.
pub async fn list(database: &Database, client: ClientId) -> Result<Vec<Listed>> {
    client::Entity::find_by_id(client).one(database.reader()).await?.ok_or(Error::NotFound)?;
    let keys = client_key::Entity::find().filter(client_key::COLUMN.client_id.eq(client));
    let keys = keys.order_by_asc(client_key::COLUMN.created_at).order_by_asc(client_key::COLUMN.kid);
    Ok(keys.all(database.reader()).await?.into_iter().map(listed).collect())
}

/// Revokes a public key (thu hồi khóa): assertions signed with it are rejected from now on. Issued tokens stay valid;
/// revoke the client to end them.
///
/// # Errors
/// `NotFound` if the client has no such key; `Conflict` if it was already revoked.
pub async fn revoke(database: &Database, clock: Clock, client: ClientId, kid: &str) -> Result<()> {
    let permit = Permit::operator(database, clock, kind("client.key-revoke"));
    let txn = permit.begin(Some(client.to_string()), Some(kid.to_owned())).await?;
    let row = client_key::Entity::find_by_id((client, kid.to_owned())).one(txn.connection()).await?;
    row.ok_or(Error::NotFound)?;
    let changed = client_key::Entity::update_many()
        .col_expr(client_key::Column::RevokedAt, Expr::value(clock.now()))
        .filter(client_key::COLUMN.client_id.eq(client))
        .filter(client_key::COLUMN.kid.eq(kid))
        .filter(client_key::COLUMN.revoked_at.is_null())
        .exec(txn.connection())
        .await?;
    if changed.rows_affected == 0 {
        return Err(Error::Conflict(Sentence::new("khóa này đã bị thu hồi", "this key is already revoked")));
    }
    txn.record(ChangeKind::Ended, "client_key", object(client, kid)).await?;
    txn.commit().await
}

fn listed(row: client_key::Model) -> Listed {
    let client_key::Model { kid, algorithm, created_at, revoked_at, .. } = row;
    Listed { kid, algorithm, created_at, revoked_at }
}

fn object(client: ClientId, kid: &str) -> String {
    format!("{client} {kid}")
}

fn ensure_kid(kid: String) -> Result<String> {
    if (1..=LONGEST_KID).contains(&kid.len()) && kid.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(kid);
    }
    Err(Error::invalid(
        "kid",
        "mã khóa phải có từ 1 đến 100 ký tự ASCII, không có khoảng trắng",
        "a key id must have 1 to 100 ASCII characters and no blanks",
    ))
}

fn kid_is_taken() -> Error {
    Error::Conflict(Sentence::new(
        "hệ thống kết nối đã có hoặc từng có khóa với mã này; hãy chọn mã khác bằng --kid",
        "the client has or had a key with this id; choose another id with --kid",
    ))
}

fn unusable(why: Unusable) -> Error {
    let (vi, en) = match why {
        Unusable::Form => (
            "tệp phải chứa đúng một khóa công khai ở dạng PEM (PUBLIC KEY) hoặc JWK",
            "the file must contain exactly one public key, in PEM (PUBLIC KEY) or as a JWK",
        ),
        Unusable::Private => (
            "tệp chứa khóa bí mật; chỉ được đăng ký khóa công khai, và phải tạo cặp khóa mới nếu khóa bí mật đã được \
             chép khỏi máy của hệ thống kết nối",
            "the file contains a private key; register only the public key, and create a new pair if the private key \
             was copied from the client's machine",
        ),
        Unusable::Kind => (
            "khóa phải là khóa ký P-256, Ed25519, hoặc RSA từ 2048 đến 8192 bit",
            "the key must be a signature key: P-256, Ed25519, or RSA of 2048 to 8192 bits",
        ),
        Unusable::Algorithm => (
            "khóa không dùng được với thuật toán này; P-256 dùng ES256, Ed25519 dùng EdDSA, RSA dùng PS256 hoặc RS256",
            "the key cannot be used with this algorithm; P-256 keys use ES256, Ed25519 keys EdDSA, RSA keys PS256 or \
             RS256",
        ),
    };
    Error::invalid("file", vi, en)
}
