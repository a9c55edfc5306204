//! Webhooks (địa chỉ nhận thông báo): the service announces to the endpoint of a client that the change feed may have
//! changes. An announcement contains no data; the client reads the feed.

mod address;
mod deliver;
mod endpoint;
mod row;
mod send;
mod visible;

pub use address::Destinations;
pub use deliver::{Attempt, deliver_due, oldest_pending};
pub use endpoint::{Added, Listed, add, enable, list, public_key, remove, replay, rotate_secret, test};
pub use send::{Answer, Failure, Sender};
pub use visible::{VisibleWebhook, WebhookState, of_clients};
