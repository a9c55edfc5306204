//! Acts that were answered, by the client's idempotency key: the same key gives the same outcome.

use sea_orm::entity::prelude::*;

use crate::value::ClientId;

/// One act under one key. It stands in the act's own transaction, so that there is one where the act was done and none
/// where it was refused.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "answered")]
pub struct Model {
    /// Client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: ClientId,
    /// The client's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// SHA-256 of the act and its input, as hexadecimal text.
    pub request: String,
    /// Id of the object that the act made or changed.
    pub object: String,
    /// When.
    pub at: DateTimeUtc,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
