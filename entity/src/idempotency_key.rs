//! Completed commands by the client's idempotency key: a repeated key returns the same result.

use sea_orm::entity::prelude::*;

use crate::value::ClientId;

/// A command with its key. Written in the transaction of the command, so the row exists exactly if the command was
/// committed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    /// Client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: ClientId,
    /// Idempotency key of the client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// SHA-256 of the command and its input, in hexadecimal.
    pub request: String,
    /// Id of the created or changed object; of an import, its report as JSON.
    pub object: String,
    /// Time of the command.
    pub at: DateTimeUtc,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
