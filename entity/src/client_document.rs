//! Documents that are registered for clients (văn bản truy vấn đã đăng ký): a request names one by its hash.

use sea_orm::entity::prelude::*;

use crate::value::ClientId;

/// A registered document of a client.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "client_document")]
pub struct Model {
    /// Client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: ClientId,
    /// SHA-256 of the text, in lower-case hexadecimal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    /// Text of the document.
    pub body: String,
    /// Names of its operations; `None` if its operation has no name.
    pub name: Option<String>,
    /// Time of registration; of the last one, if the document was ended and registered again.
    pub added_at: DateTimeUtc,
    /// Time at which the operator ended the document; `None` if it is registered.
    pub ended_at: Option<DateTimeUtc>,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
