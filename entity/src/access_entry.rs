//! The access log (nhật ký truy cập): accesses to protected data, with their purposes.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, ClientId, Purpose};

/// Access of one request to one person's protected data.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_entry")]
pub struct Model {
    /// Sequence number in the chain of the logs.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Time of the access.
    pub at: DateTimeUtc,
    /// Client that read the data.
    pub client_id: ClientId,
    /// Person for whom the client acted; `None` if it acted for itself.
    pub on_behalf_of: Option<String>,
    /// Person whose data was read.
    #[sea_orm(indexed)]
    pub cadre_id: CadreId,
    /// Categories of the data, separated by spaces.
    pub categories: String,
    /// Stated purpose.
    pub purpose: Purpose,
    /// Legal basis recorded in the grant, if any.
    pub legal_basis: Option<String>,
    /// SHA-256 of the executed document, in hexadecimal, or the name of an export, such as `export/cadres`.
    pub operation: String,
    /// X-Road client, if the request came through a security server.
    pub gateway_client: Option<String>,
    /// Id of the X-Road message.
    pub gateway_request: Option<String>,
    /// User of the X-Road client.
    pub gateway_user: Option<String>,
    /// Case or document of the X-Road request.
    pub gateway_issue: Option<String>,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
