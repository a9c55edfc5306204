//! Stored webhooks: their secrets, and updates that fail if the row has changed meanwhile.

use chrono::{DateTime, Utc};
use entity::{
    signing_key,
    value::{ClientId, KeyPurpose},
    webhook,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::{
    auth::{KeyStore, WebhookSecret, WebhookSigner},
    authz::{Area, CommandKind},
    domain::webhook::send::Message,
    error::{Error, Result},
};

/// Type of changes of webhooks in the change log.
pub(super) const TABLE: &str = "webhook";

/// The kind of a command on webhooks.
pub(super) const fn kind(name: &'static str) -> CommandKind {
    CommandKind::of_operator(name, Area::Administration)
}

/// Reads the webhook of a client.
///
/// # Errors
/// `NotFound` if the client has none.
pub(super) async fn of_client(connection: &impl ConnectionTrait, client: ClientId) -> Result<webhook::Model> {
    webhook::Entity::find_by_id(client).one(connection).await?.ok_or(Error::NotFound)
}

/// Updates a row if it still has the version that was read, and increments the version. Returns whether it did.
pub(super) async fn update(
    connection: &impl ConnectionTrait,
    read: &webhook::Model,
    changes: webhook::ActiveModel,
) -> Result<bool> {
    let changes = webhook::ActiveModel { version: Set(read.version + 1), ..changes };
    let updated = webhook::Entity::update_many()
        .set(changes)
        .filter(webhook::COLUMN.client_id.eq(read.client_id))
        .filter(webhook::COLUMN.version.eq(read.version))
        .exec(connection)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// The key that signs announcements; `None` before the first webhook.
pub(super) async fn signer(store: &KeyStore) -> Result<Option<WebhookSigner>> {
    let row = signing_key::Entity::find().filter(signing_key::COLUMN.purpose.eq(KeyPurpose::Webhook));
    let row = row.one(store.database.reader()).await?;
    row.map(|row| WebhookSigner::of(&row, &store.encryption)).transpose()
}

/// The announcement of a webhook at a moment, signed with all secrets that are valid then.
pub(super) async fn message(
    store: &KeyStore,
    row: &webhook::Model,
    (id, since): (uuid::Uuid, DateTime<Utc>),
    at: DateTime<Utc>,
) -> Result<Message> {
    let signer = signer(store).await?.ok_or_else(|| Error::internal("the key of webhooks is missing"))?;
    let previous = row.previous_secret.as_ref().filter(|_| row.previous_secret_until.is_some_and(|until| at < until));
    let secrets = [&row.secret].into_iter().chain(previous);
    let secrets = secrets.map(|stored| WebhookSecret::decrypt(&store.encryption, row.client_id, stored));
    let secrets = secrets.collect::<Result<Vec<_>>>()?;
    let id = format!("msg_{}", id.simple());
    let body = serde_json::json!({
        "type": "vn.cadre.changes",
        "timestamp": since.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "data": {},
    });
    let body = body.to_string();
    let signature = signer.sign(&secrets, (&id, at), &body);
    Ok(Message { id, timestamp: at.timestamp().to_string(), signature, body })
}
