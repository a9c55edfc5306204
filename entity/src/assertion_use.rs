//! Used client assertions: each is accepted once by the token endpoint (RFC 7523, section 3).

use sea_orm::entity::prelude::*;

use crate::value::ClientId;

/// A used assertion.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "assertion_use")]
pub struct Model {
    /// Client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: ClientId,
    /// SHA-256 of the assertion's `jti`, in hexadecimal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub jti_hash: String,
    /// Expiry of the assertion; it is refused as expired from then on.
    #[sea_orm(indexed)]
    pub expires_at: DateTimeUtc,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
