//! Public keys of clients (khóa công khai của hệ thống kết nối), for `private_key_jwt`.

use sea_orm::entity::prelude::*;

use crate::value::{ClientId, KeyAlgorithm};

/// A key that a client signs its assertions with.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "client_key")]
pub struct Model {
    /// Client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: ClientId,
    /// Key id, unique within the client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    /// The only accepted signature algorithm of the key.
    pub algorithm: KeyAlgorithm,
    /// SubjectPublicKeyInfo in DER (RFC 5280, section 4.1).
    pub public_key: Vec<u8>,
    /// Time of registration.
    pub created_at: DateTimeUtc,
    /// Time of revocation; `None` if the key is active.
    pub revoked_at: Option<DateTimeUtc>,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
