//! Delivers announcements. Each process calls `deliver_due` about once a second.
//!
//! A process claims an endpoint by an update of its row that succeeds in one process only, and sends without a
//! transaction. If the process ends before it stores the result, another one tries again after the claim has expired.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    client,
    value::{ChangeKind, ClientId},
    webhook,
};
use futures_util::future;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use crate::{
    audit::{change_feed, hash_chain},
    auth::KeyStore,
    authz::{ChangeType, Permit},
    clock::Clock,
    domain::webhook::{
        row::{TABLE, kind, message, update},
        send::{Answer, Failure, Sender},
    },
    error::Result,
};

/// Minimum time between two announcements to one endpoint.
const PERIOD: TimeDelta = TimeDelta::seconds(1);

/// Time after which the claim of a process expires; longer than an attempt may take.
const CLAIM: TimeDelta = TimeDelta::seconds(30);

/// Time for which an endpoint may fail before it is disabled.
const PATIENCE: TimeDelta = TimeDelta::days(3);

/// Status of an endpoint that is gone: it is disabled at once.
const GONE: u16 = 410;

/// Waiting times after the first failures; the last one is repeated.
const BACKOFF: [TimeDelta; 6] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
];

/// An attempt to deliver an announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Client.
    pub client: ClientId,
    /// Reason of the failure; `None` if the announcement was delivered.
    pub failure: Option<String>,
    /// Whether the endpoint was disabled.
    pub is_disabled: bool,
}

/// Announces to all endpoints that are due, concurrently, and returns the attempts. A failure of one endpoint does not
/// affect the others.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer.
pub async fn deliver_due(store: &KeyStore, sender: &Sender, clock: Clock) -> Result<Vec<Attempt>> {
    let now = clock.now();
    let revoked = client::Entity::find().select_only().column(client::Column::Id);
    let revoked = revoked.filter(client::Column::RevokedAt.is_not_null());
    let due = webhook::Entity::find()
        .filter(webhook::COLUMN.disabled_at.is_null())
        .filter(webhook::COLUMN.next_attempt_at.lte(now))
        .filter(webhook::Column::ClientId.not_in_subquery(revoked.into_query()))
        .all(store.database.reader())
        .await?;
    let attempts = future::join_all(due.into_iter().map(|row| attempt(store, sender, clock, row))).await;
    attempts.into_iter().filter_map(Result::transpose).collect()
}

/// Time since which the oldest announcement is to be delivered to an enabled endpoint.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer.
pub async fn oldest_pending(store: &KeyStore) -> Result<Option<DateTime<Utc>>> {
    let oldest: Option<Option<DateTime<Utc>>> = webhook::Entity::find()
        .select_only()
        .column_as(webhook::Column::PendingSince.min(), "since")
        .filter(webhook::COLUMN.disabled_at.is_null())
        .into_tuple()
        .one(store.database.reader())
        .await?;
    Ok(oldest.flatten())
}

async fn attempt(store: &KeyStore, sender: &Sender, clock: Clock, row: webhook::Model) -> Result<Option<Attempt>> {
    let now = clock.now();
    let Some(pending) = pending(store, &row, now).await? else { return Ok(None) };
    let Some(row) = claim(store, row, pending, now).await? else { return Ok(None) };
    let message = message(store, &row, (pending.id, pending.since), now).await?;

    let result = sender.post(&row.url, message).await;

    let attempt = settle(store, clock, (&row, pending), result).await?;
    let result = if attempt.failure.is_none() { "delivered" } else { "failed" };
    metrics::counter!("cadre_webhook_deliveries_total", "result" => result).increment(1);
    if let Some(failure) = &attempt.failure {
        let (client, is_disabled) = (attempt.client, attempt.is_disabled);
        tracing::warn!(%client, failure, is_disabled, "changes could not be announced to a webhook");
    }
    Ok(Some(attempt))
}

/// An announcement that is to be delivered.
#[derive(Clone, Copy, Debug)]
struct Pending {
    id: Uuid,
    since: DateTime<Utc>,
    position: i64,
}

/// The pending announcement of an endpoint, or a new one if something has changed since the last.
async fn pending(store: &KeyStore, row: &webhook::Model, now: DateTime<Utc>) -> Result<Option<Pending>> {
    if let (Some(id), Some(since), Some(position)) = (row.pending_id, row.pending_since, row.pending_position) {
        return Ok(Some(Pending { id, since, position }));
    }
    let reader = store.database.reader();
    let end = hash_chain::end(reader).await?;
    if end <= row.announced_position {
        return Ok(None);
    }
    let searched = change_feed::search_public(reader, row.announced_position, &ChangeType::tables()).await?;
    if searched.has_changes {
        return Ok(Some(Pending { id: Uuid::now_v7(), since: now, position: end.max(searched.end) }));
    }
    if searched.end > row.announced_position {
        let changes = webhook::ActiveModel { announced_position: Set(searched.end), ..Default::default() };
        // If another process has changed the row, the next search starts from its position.
        update(store.database.writer(), row, changes).await?;
    }
    Ok(None)
}

/// Claims an endpoint for this process; `None` if another process or a command was faster.
async fn claim(
    store: &KeyStore,
    row: webhook::Model,
    pending: Pending,
    now: DateTime<Utc>,
) -> Result<Option<webhook::Model>> {
    let changes = webhook::ActiveModel {
        pending_id: Set(Some(pending.id)),
        pending_since: Set(Some(pending.since)),
        pending_position: Set(Some(pending.position)),
        next_attempt_at: Set(now + CLAIM),
        ..Default::default()
    };
    let is_claimed = update(store.database.writer(), &row, changes).await?;
    Ok(is_claimed.then(|| webhook::Model { version: row.version + 1, ..row }))
}

/// Stores the result of an attempt.
async fn settle(
    store: &KeyStore,
    clock: Clock,
    (row, pending): (&webhook::Model, Pending),
    result: std::result::Result<Answer, Failure>,
) -> Result<Attempt> {
    let now = clock.now();
    let client = row.client_id;
    let failure = match result {
        Ok(Answer { status: 200..=299, .. }) => {
            let changes = webhook::ActiveModel {
                announced_position: Set(pending.position),
                pending_id: Set(None),
                pending_since: Set(None),
                pending_position: Set(None),
                failures: Set(0),
                failing_since: Set(None),
                next_attempt_at: Set(now + PERIOD),
                last_success_at: Set(Some(now)),
                ..Default::default()
            };
            update(store.database.writer(), row, changes).await?;
            return Ok(Attempt { client, failure: None, is_disabled: false });
        }
        Ok(answer) => answer.status.to_string(),
        Err(failure) => failure.word().to_owned(),
    };
    let failing_since = row.failing_since.unwrap_or(now);
    let is_disabled = failure == GONE.to_string() || now - failing_since >= PATIENCE;
    let changes = webhook::ActiveModel {
        disabled_at: Set(is_disabled.then_some(now)),
        failures: Set(row.failures.saturating_add(1)),
        failing_since: Set(Some(failing_since)),
        next_attempt_at: Set(now + wait(row.failures)),
        last_failure_at: Set(Some(now)),
        last_failure: Set(Some(failure.clone())),
        ..Default::default()
    };
    match is_disabled {
        true => disable(store, clock, row, changes).await?,
        false => drop(update(store.database.writer(), row, changes).await?),
    }
    Ok(Attempt { client, failure: Some(failure), is_disabled })
}

/// Disables an endpoint, as a command in the logs.
async fn disable(store: &KeyStore, clock: Clock, row: &webhook::Model, changes: webhook::ActiveModel) -> Result<()> {
    let client = row.client_id.to_string();
    let txn =
        Permit::operator(&store.database, clock, kind("webhook.disable")).begin(Some(client.clone()), None).await?;
    if update(txn.connection(), row, changes).await? {
        txn.record(ChangeKind::Updated, TABLE, client).await?;
        txn.commit().await?;
    }
    Ok(())
}

/// Waiting time after a failure that follows this number of failures.
fn wait(failures: i32) -> TimeDelta {
    let index = usize::try_from(failures).unwrap_or_default().min(BACKOFF.len() - 1);
    BACKOFF[index]
}
