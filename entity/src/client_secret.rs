//! Secrets of clients (mã bí mật): a permanent one, and during a rotation the previous one.

use sea_orm::entity::prelude::*;

use crate::value::{ClientId, SecretId};

/// A secret that a client authenticates with.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "client_secret")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SecretId,
    /// Client.
    #[sea_orm(indexed)]
    pub client_id: ClientId,
    /// SHA-256 of the random secret, in hexadecimal.
    #[sea_orm(indexed)]
    pub hash: String,
    /// Time of generation.
    pub created_at: DateTimeUtc,
    /// Expiry; `None` for the permanent secret. A client has at most one permanent secret.
    pub expires_at: Option<DateTimeUtc>,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
