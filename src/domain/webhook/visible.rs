//! Webhooks as the administrators of their clients see them: the host and the state of the deliveries, without the
//! secret and without the path of the URL, which may contain a secret of the receiver.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{value::ClientId, webhook};
use sea_orm::{ColumnTrait, DerivePartialModel, EntityTrait, QueryFilter};

use crate::{authz::Access, domain::client::visible::VisibleClientId, error::Result};

/// State of the deliveries to a webhook (tình trạng gửi thông báo).
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum)]
pub enum WebhookState {
    /// Announcements are delivered.
    Active,
    /// The last attempt failed. The service tries again.
    Failing,
    /// Nothing is sent, because the endpoint failed for three days or answered 410. The operator can enable it again.
    Disabled,
}

/// The webhook of a client that the caller may administer.
#[derive(Clone, Debug, DerivePartialModel)]
#[sea_orm(entity = "webhook::Entity")]
pub struct VisibleWebhook {
    client_id: ClientId,
    url: String,
    /// Time of registration.
    pub created_at: DateTime<Utc>,
    /// Time from which nothing is sent.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Time since which an announcement is to be delivered.
    pub pending_since: Option<DateTime<Utc>>,
    /// Number of failures since the last delivery.
    pub failures: i32,
    next_attempt_at: DateTime<Utc>,
    /// Time of the last delivery.
    pub last_success_at: Option<DateTime<Utc>>,
    /// Time of the last failure.
    pub last_failure_at: Option<DateTime<Utc>>,
    /// Reason of the last failure: a status, or the word of a `Failure`.
    pub last_failure: Option<String>,
}

impl VisibleWebhook {
    /// Host of the endpoint, with the port if it is not the default.
    pub fn host(&self) -> &str {
        // Stored URLs are parsed and normalised: the scheme, two slashes, the host, the path.
        self.url.split('/').nth(2).unwrap_or_default()
    }

    /// State of the deliveries.
    pub fn state(&self) -> WebhookState {
        match (self.disabled_at, self.failures) {
            (Some(_), _) => WebhookState::Disabled,
            (None, 0) => WebhookState::Active,
            (None, _) => WebhookState::Failing,
        }
    }

    /// Earliest time of the next attempt; `None` if nothing is to be delivered.
    pub fn next_attempt_at(&self) -> Option<DateTime<Utc>> {
        self.pending_since.filter(|_| self.disabled_at.is_none()).map(|_| self.next_attempt_at)
    }
}

/// Reads the webhooks of clients in one statement. Clients without a webhook are absent.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer.
pub async fn of_clients(
    access: &Access,
    clients: &[VisibleClientId],
) -> Result<HashMap<VisibleClientId, VisibleWebhook>> {
    let keys: HashMap<ClientId, VisibleClientId> = clients.iter().map(|key| (key.id(), *key)).collect();
    let rows = webhook::Entity::find().filter(webhook::COLUMN.client_id.is_in(keys.keys().copied()));
    let rows: Vec<VisibleWebhook> = rows.into_partial_model().all(access.reader()).await?;
    Ok(rows.into_iter().filter_map(|row| Some((*keys.get(&row.client_id)?, row))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_url_is_not_part_of_its_host() {
        let at = |url: &str| VisibleWebhook {
            client_id: ClientId(uuid::Uuid::nil()),
            url: url.to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            disabled_at: None,
            pending_since: None,
            failures: 0,
            next_attempt_at: DateTime::UNIX_EPOCH,
            last_success_at: None,
            last_failure_at: None,
            last_failure: None,
        };
        for (url, host) in [
            ("https://nhan.example.vn/hook/s3cret?key=x", "nhan.example.vn"),
            ("https://nhan.example.vn:8443/", "nhan.example.vn:8443"),
            ("http://[::1]:9000/hook", "[::1]:9000"),
        ] {
            assert_eq!(at(url).host(), host);
        }
    }
}
