//! API clients (hệ thống kết nối).

use sea_orm::entity::prelude::*;

use crate::value::ClientId;

/// A client that authenticates with a secret or with a key of its own.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "client")]
pub struct Model {
    /// Id; its text is the `client_id` of OAuth.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClientId,
    /// Name.
    #[sea_orm(unique)]
    pub name: String,
    /// When it was registered.
    pub created_at: DateTimeUtc,
    /// When it was revoked; none: it lives.
    pub revoked_at: Option<DateTimeUtc>,
    /// Rises with every change.
    #[sea_orm(default_value = 1)]
    pub version: i32,
    /// The administrator whose limits bound those of the client, by which it was registered or granted to; none: the
    /// operator.
    pub administrator_id: Option<ClientId>,
}

impl ActiveModelBehavior for ActiveModel {}
