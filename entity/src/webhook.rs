//! Webhooks (địa chỉ nhận thông báo): the endpoint of a client, and the state of the announcements to it.

use sea_orm::entity::prelude::*;

use crate::value::ClientId;

/// The endpoint of a client.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    /// Client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: ClientId,
    /// URL that announcements are posted to.
    pub url: String,
    /// Secret that signs announcements, encrypted.
    pub secret: Vec<u8>,
    /// The secret before the last rotation, encrypted.
    pub previous_secret: Option<Vec<u8>>,
    /// Time until which the previous secret signs too.
    pub previous_secret_until: Option<DateTimeUtc>,
    /// Time of registration.
    pub created_at: DateTimeUtc,
    /// Time from which nothing is sent any more, after too many failures or the status 410.
    pub disabled_at: Option<DateTimeUtc>,
    /// Position of the hash chain up to which changes have been announced.
    pub announced_position: i64,
    /// Id of the announcement that is not delivered yet.
    pub pending_id: Option<Uuid>,
    /// Time since which it is to be delivered.
    pub pending_since: Option<DateTimeUtc>,
    /// Position of the hash chain up to which it announces changes.
    pub pending_position: Option<i64>,
    /// Number of failures since the last success.
    pub failures: i32,
    /// Time of the first of these failures.
    pub failing_since: Option<DateTimeUtc>,
    /// Time before which nothing is sent.
    pub next_attempt_at: DateTimeUtc,
    /// Time of the last delivery.
    pub last_success_at: Option<DateTimeUtc>,
    /// Time of the last failure.
    pub last_failure_at: Option<DateTimeUtc>,
    /// Reason of the last failure: a status such as `500`, or a word such as `TIMEOUT`.
    pub last_failure: Option<String>,
    /// Increases with every change.
    pub version: i32,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
