//! Names of clients at external issuers.

use sea_orm::entity::prelude::*;

use crate::value::ClientId;

/// Name of a client at an external issuer.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "external_client")]
pub struct Model {
    /// Issuer, as its tokens spell it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub issuer: String,
    /// Client id at the issuer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub external_id: String,
    /// Client.
    #[sea_orm(indexed)]
    pub client_id: ClientId,
    /// Time of linking.
    pub created_at: DateTimeUtc,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
