//! Secrets of clients (mã bí mật): one that lasts, and while it takes over, the one before it.

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
    /// When it was drawn.
    pub created_at: DateTimeUtc,
    /// When it ends; none: it lasts. Of one client at most one lasts.
    pub expires_at: Option<DateTimeUtc>,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
