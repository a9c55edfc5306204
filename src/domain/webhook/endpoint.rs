//! Commands of the operator on the endpoints of clients.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    client,
    value::{ChangeKind, ClientId},
    webhook,
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, QueryOrder};
use uuid::Uuid;

use crate::{
    audit::hash_chain,
    auth::{KeyStore, WebhookSecret},
    authz::{Permit, Txn},
    clock::Clock,
    domain::{
        key,
        webhook::{
            row::{self, TABLE, kind, of_client},
            send::{Answer, Failure, Sender},
        },
    },
    error::{Error, Result},
    language::Sentence,
};

/// Maximum time for which the previous secret signs too.
const LONGEST_OVERLAP: TimeDelta = TimeDelta::days(30);

/// A registered endpoint.
pub struct Added {
    /// The secret that signs announcements. It is stored encrypted and never shown again.
    pub secret: String,
    /// The public key of the service that signs them too.
    pub public_key: String,
}

impl fmt::Debug for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Added").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}

/// An endpoint for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Client.
    pub client: ClientId,
    /// URL.
    pub url: String,
    /// Time from which nothing is sent any more.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Time since which an announcement is to be delivered.
    pub pending_since: Option<DateTime<Utc>>,
    /// Time of the next attempt at the earliest.
    pub next_attempt_at: DateTime<Utc>,
    /// Time of the last delivery.
    pub last_success_at: Option<DateTime<Utc>>,
    /// Time and reason of the last failure.
    pub last_failure: Option<(DateTime<Utc>, String)>,
    /// Time until which the previous secret signs too.
    pub previous_secret_until: Option<DateTime<Utc>>,
}

/// Registers the endpoint of a client (đăng ký địa chỉ nhận thông báo). Later changes are announced to it.
///
/// # Errors
/// `Invalid` for a URL that is not allowed; `NotFound` if the client does not exist; `Conflict` if it was revoked, or
/// has an endpoint.
pub async fn add(store: &KeyStore, sender: &Sender, clock: Clock, (client, url): (ClientId, &str)) -> Result<Added> {
    let url = sender.destinations.parse(url)?;
    key::ensure_for_webhooks(store, clock).await?;
    let public_key = public_key(store).await?.ok_or(Error::NotFound)?;
    let secret = WebhookSecret::draw()?;

    let txn = begin(store, clock, "webhook.add", client).await?;
    match client::Entity::find_by_id(client).one(txn.connection()).await? {
        None => return Err(Error::NotFound),
        Some(client) if client.revoked_at.is_some() => {
            return Err(conflict("hệ thống kết nối này đã bị thu hồi", "this client has been revoked"));
        }
        Some(_) => {}
    }
    if webhook::Entity::find_by_id(client).one(txn.connection()).await?.is_some() {
        return Err(conflict(
            "hệ thống kết nối này đã có địa chỉ nhận thông báo; hãy gỡ địa chỉ đó trước",
            "this client has a webhook already; remove it first",
        ));
    }
    let row = webhook::ActiveModel {
        client_id: Set(client),
        url: Set(url.to_string()),
        secret: Set(secret.encrypt(&store.encryption, client)?),
        previous_secret: Set(None),
        previous_secret_until: Set(None),
        created_at: Set(txn.at()),
        disabled_at: Set(None),
        announced_position: Set(hash_chain::end(txn.connection()).await?),
        pending_id: Set(None),
        pending_since: Set(None),
        pending_position: Set(None),
        failures: Set(0),
        failing_since: Set(None),
        next_attempt_at: Set(txn.at()),
        last_success_at: Set(None),
        last_failure_at: Set(None),
        last_failure: Set(None),
        version: Set(1),
    };
    row.insert(txn.connection()).await?;
    finish(txn, ChangeKind::Created, client).await?;

    Ok(Added { secret: secret.text(), public_key })
}

/// Lists all endpoints.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer.
pub async fn list(store: &KeyStore) -> Result<Vec<Listed>> {
    let rows = webhook::Entity::find().order_by_asc(webhook::COLUMN.client_id);
    let rows = rows.all(store.database.reader()).await?;
    let listed = |row: webhook::Model| Listed {
        client: row.client_id,
        url: row.url,
        disabled_at: row.disabled_at,
        pending_since: row.pending_since,
        next_attempt_at: row.next_attempt_at,
        last_success_at: row.last_success_at,
        last_failure: row.last_failure_at.zip(row.last_failure),
        previous_secret_until: row.previous_secret_until,
    };
    Ok(rows.into_iter().map(listed).collect())
}

/// The public key that verifies the announcements of the service; `None` before the first endpoint.
///
/// # Errors
/// `Internal` if the key cannot be decrypted.
pub async fn public_key(store: &KeyStore) -> Result<Option<String>> {
    Ok(row::signer(store).await?.map(|signer| signer.public_key()))
}

/// Removes the endpoint of a client (gỡ địa chỉ nhận thông báo).
///
/// # Errors
/// `NotFound` if the client has none.
pub async fn remove(store: &KeyStore, clock: Clock, client: ClientId) -> Result<()> {
    let txn = begin(store, clock, "webhook.remove", client).await?;
    if webhook::Entity::delete_by_id(client).exec(txn.connection()).await?.rows_affected == 0 {
        return Err(Error::NotFound);
    }
    finish(txn, ChangeKind::Ended, client).await
}

/// Issues a new secret and returns it. The previous one signs too for `overlap`, so that the client can switch without
/// refusing an announcement.
///
/// # Errors
/// `NotFound` if the client has no endpoint; `Invalid` if the overlap is negative or over 30 days.
pub async fn rotate_secret(store: &KeyStore, clock: Clock, client: ClientId, overlap: TimeDelta) -> Result<String> {
    if !(TimeDelta::zero()..=LONGEST_OVERLAP).contains(&overlap) {
        return Err(Error::invalid(
            "overlap",
            "mã cũ còn dùng được không quá 30 ngày",
            "an old secret lives on for 30 days at most",
        ));
    }
    let secret = WebhookSecret::draw()?;
    let encrypted = secret.encrypt(&store.encryption, client)?;
    change(store, clock, ("webhook.rotate-secret", client), |row, at| {
        Ok(webhook::ActiveModel {
            secret: Set(encrypted),
            previous_secret: Set(Some(row.secret.clone())),
            previous_secret_until: Set(Some(at + overlap)),
            ..Default::default()
        })
    })
    .await?;
    Ok(secret.text())
}

/// Announces now, whether there are changes or not. A pending announcement is attempted now.
///
/// # Errors
/// `NotFound` if the client has no endpoint; `Conflict` if it is disabled.
pub async fn replay(store: &KeyStore, clock: Clock, client: ClientId) -> Result<()> {
    let end = hash_chain::end(store.database.reader()).await?;
    change(store, clock, ("webhook.replay", client), |row, at| match row.disabled_at {
        Some(_) => Err(conflict(
            "địa chỉ nhận thông báo này đã bị tắt; hãy bật lại trước (cadre-api webhook enable)",
            "this webhook is disabled; enable it first (cadre-api webhook enable)",
        )),
        None => Ok(webhook::ActiveModel {
            pending_id: Set(Some(row.pending_id.unwrap_or_else(Uuid::now_v7))),
            pending_since: Set(Some(row.pending_since.unwrap_or(at))),
            pending_position: Set(Some(row.pending_position.unwrap_or(end))),
            next_attempt_at: Set(at),
            ..Default::default()
        }),
    })
    .await
}

/// Enables an endpoint that was disabled after failures. The pending announcement is attempted now.
///
/// # Errors
/// `NotFound` if the client has no endpoint; `Conflict` if it is not disabled.
pub async fn enable(store: &KeyStore, clock: Clock, client: ClientId) -> Result<()> {
    change(store, clock, ("webhook.enable", client), |row, at| match row.disabled_at {
        None => Err(conflict("địa chỉ nhận thông báo này đang hoạt động", "this webhook is enabled already")),
        Some(_) => Ok(webhook::ActiveModel {
            disabled_at: Set(None),
            failures: Set(0),
            failing_since: Set(None),
            next_attempt_at: Set(at),
            ..Default::default()
        }),
    })
    .await
}

/// Sends one announcement now and returns the response. The state of the endpoint does not change.
///
/// # Errors
/// `NotFound` if the client has no endpoint.
pub async fn test(
    store: &KeyStore,
    sender: &Sender,
    clock: Clock,
    client: ClientId,
) -> Result<std::result::Result<Answer, Failure>> {
    let row = of_client(store.database.reader(), client).await?;
    begin(store, clock, "webhook.test", client).await?.commit().await?;
    let at = clock.now();
    let message = row::message(store, &row, (Uuid::now_v7(), at), at).await?;
    Ok(sender.post(&row.url, message).await)
}

/// Runs a command that changes the row of an endpoint.
async fn change(
    store: &KeyStore,
    clock: Clock,
    (name, client): (&'static str, ClientId),
    changes: impl FnOnce(&webhook::Model, DateTime<Utc>) -> Result<webhook::ActiveModel>,
) -> Result<()> {
    let txn = begin(store, clock, name, client).await?;
    let row = of_client(txn.connection(), client).await?;
    let changes = changes(&row, txn.at())?;
    if !row::update(txn.connection(), &row, changes).await? {
        return Err(conflict(
            "địa chỉ nhận thông báo vừa được thay đổi ở nơi khác; hãy thử lại",
            "the webhook has just been changed by another process; try again",
        ));
    }
    finish(txn, ChangeKind::Updated, client).await
}

async fn begin(store: &KeyStore, clock: Clock, name: &'static str, client: ClientId) -> Result<Txn> {
    Permit::operator(&store.database, clock, kind(name)).begin(Some(client.to_string()), None).await
}

async fn finish(txn: Txn, kind: ChangeKind, client: ClientId) -> Result<()> {
    txn.record(kind, TABLE, client.to_string()).await?;
    txn.commit().await
}

fn conflict(vi: &str, en: &str) -> Error {
    Error::Conflict(Sentence::new(vi, en))
}
