//! The webhook of a client, for its administrators.

use async_graphql::Object;

use crate::{
    domain::webhook::{VisibleWebhook, WebhookState},
    graphql::instant::Instant,
};

/// The webhook of a client (địa chỉ nhận thông báo): the endpoint to which the service announces that there may be
/// changes, and the state of the deliveries.
pub struct ClientWebhook(pub VisibleWebhook);

/// The webhook of a client (địa chỉ nhận thông báo): the endpoint to which the service announces that there may be
/// changes, and the state of the deliveries.
#[Object]
impl ClientWebhook {
    /// Host of the endpoint, with the port if it is not the default. The rest of the URL is not shown.
    async fn host(&self) -> &str {
        self.0.host()
    }

    /// State of the deliveries (tình trạng gửi thông báo).
    async fn state(&self) -> WebhookState {
        self.0.state()
    }

    /// Time of registration.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// Time from which nothing is sent; null unless the state is `DISABLED`.
    async fn disabled_at(&self) -> Option<Instant> {
        self.0.disabled_at.map(Instant)
    }

    /// Time since which an announcement is to be delivered; null if there is none.
    async fn pending_since(&self) -> Option<Instant> {
        self.0.pending_since.map(Instant)
    }

    /// Earliest time of the next attempt; null if nothing is to be delivered.
    async fn next_attempt_at(&self) -> Option<Instant> {
        self.0.next_attempt_at().map(Instant)
    }

    /// Time of the last delivery (lần gửi thành công gần nhất); null before the first.
    async fn last_delivered_at(&self) -> Option<Instant> {
        self.0.last_success_at.map(Instant)
    }

    /// Number of failed attempts since the last delivery.
    async fn failures(&self) -> i32 {
        self.0.failures
    }

    /// Time of the last failed attempt (lần gửi lỗi gần nhất); null if there was none.
    async fn last_failed_at(&self) -> Option<Instant> {
        self.0.last_failure_at.map(Instant)
    }

    /// Reason of the last failed attempt: the status of the response such as `500`, or `CONNECTION`, `TIMEOUT`,
    /// `BROKEN` or `HOST`.
    async fn last_failure(&self) -> Option<&str> {
        self.0.last_failure.as_deref()
    }
}
