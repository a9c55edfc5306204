//! Secrets of clients (mã bí mật): rotation with an optional overlap, and removal.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    client_key, client_secret,
    value::{ChangeKind, ClientId, SecretId},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    sea_query::Expr,
};

use crate::{
    auth::secret::Secret,
    authz::{Permit, Txn},
    clock::Clock,
    db::Database,
    domain::client::row::{kind, lock_active},
    error::{Error, Result},
    language::Sentence,
};

/// Maximum time for which an old secret may stay valid.
pub(super) const LONGEST_OVERLAP: TimeDelta = TimeDelta::days(30);
/// Name of the command that issues a new secret, by the operator or by an administrator.
pub(super) const ROTATE_SECRET: &str = "client.rotate-secret";

/// Issues a new secret to a client (cấp lại mã bí mật) and returns it. The previous secret stays valid for `overlap`,
/// by default zero; one that is already in an overlap ends at once, so at most two are valid. Issued tokens stay valid;
/// revoke the client to end them.
///
/// # Errors
/// `Invalid` if the overlap is negative or over 30 days; `NotFound` if the client does not exist; `Conflict` if it was
/// revoked.
pub async fn rotate(database: &Database, clock: Clock, id: ClientId, overlap: TimeDelta) -> Result<String> {
    if !(TimeDelta::zero()..=LONGEST_OVERLAP).contains(&overlap) {
        return Err(Error::invalid(
            "overlap",
            "mã bí mật cũ chỉ được dùng thêm không quá 30 ngày",
            "an old secret can remain valid for 30 days at most",
        ));
    }
    let secret = Secret::draw()?;

    let detail = format!("overlap {} s", overlap.num_seconds());
    let permit = Permit::operator(database, clock, kind(ROTATE_SECRET));
    let txn = permit.begin(Some(id.to_string()), Some(detail)).await?;
    lock_active(&txn, id).await?;
    renew(&txn, id, &secret, overlap).await?;
    txn.commit().await?;

    Ok(secret.into_text())
}

/// Inserts a secret that replaces the previous one, which stays valid for the overlap.
pub(super) async fn renew(txn: &Txn, id: ClientId, secret: &Secret, overlap: TimeDelta) -> Result<()> {
    let of_client = client_secret::Entity::delete_many().filter(client_secret::COLUMN.client_id.eq(id));
    if overlap > TimeDelta::zero() {
        of_client.filter(client_secret::COLUMN.expires_at.is_not_null()).exec(txn.connection()).await?;
        client_secret::Entity::update_many()
            .col_expr(client_secret::Column::ExpiresAt, Expr::value(txn.at() + overlap))
            .filter(client_secret::COLUMN.client_id.eq(id))
            .exec(txn.connection())
            .await?;
    } else {
        of_client.exec(txn.connection()).await?;
    }
    insert(txn.connection(), id, secret, txn.at()).await?;
    txn.record(ChangeKind::Updated, "client", id.to_string()).await
}

/// Removes all secrets of a client, which then authenticates with its keys only.
///
/// # Errors
/// `NotFound` if the client does not exist; `Conflict` if it was revoked, or has no active key.
pub async fn end(database: &Database, clock: Clock, id: ClientId) -> Result<()> {
    let txn = Permit::operator(database, clock, kind("client.end-secrets")).begin(Some(id.to_string()), None).await?;
    lock_active(&txn, id).await?;
    let keys = client_key::Entity::find().filter(client_key::COLUMN.client_id.eq(id));
    if keys.filter(client_key::COLUMN.revoked_at.is_null()).count(txn.connection()).await? == 0 {
        return Err(Error::Conflict(Sentence::new(
            "hệ thống kết nối chưa có khóa công khai; hãy đăng ký khóa trước",
            "the client has no public key; register one first",
        )));
    }
    let secrets = client_secret::Entity::delete_many().filter(client_secret::COLUMN.client_id.eq(id));
    secrets.exec(txn.connection()).await?;
    txn.record(ChangeKind::Updated, "client", id.to_string()).await?;
    txn.commit().await
}

/// Inserts a secret without expiry.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    client_id: ClientId,
    secret: &Secret,
    at: DateTime<Utc>,
) -> Result<()> {
    let row = client_secret::ActiveModel {
        id: Set(SecretId::new()),
        client_id: Set(client_id),
        hash: Set(secret.hash()),
        created_at: Set(at),
        expires_at: Set(None),
    };
    row.insert(connection).await?;
    Ok(())
}
