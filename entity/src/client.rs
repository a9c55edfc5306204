//! API clients (hệ thống kết nối).

use sea_orm::entity::prelude::*;

use crate::value::ClientId;

/// A client that authenticates with a secret or a key.
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
    /// Time of registration.
    pub created_at: DateTimeUtc,
    /// Time of revocation; `None` if the client is active.
    pub revoked_at: Option<DateTimeUtc>,
    /// Increases with every change.
    #[sea_orm(default_value = 1)]
    pub version: i32,
    /// The administrator client that registered this client or issued its grant, and whose limits apply to it; `None`
    /// for the operator.
    pub administrator_id: Option<ClientId>,
}

impl ActiveModelBehavior for ActiveModel {}
