//! The access log (nhật ký truy cập): who read whose protected data, and for what.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, ClientId, Purpose};

/// What one request read of one person's protected data.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_entry")]
pub struct Model {
    /// Place in the chain of the logs.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// When.
    pub at: DateTimeUtc,
    /// Client that asked.
    pub client_id: ClientId,
    /// Person for whom it asked; none: for itself.
    pub on_behalf_of: Option<String>,
    /// Person whose data was read.
    #[sea_orm(indexed)]
    pub cadre_id: CadreId,
    /// Categories of the data, separated by blanks.
    pub categories: String,
    /// Purpose that was stated.
    pub purpose: Purpose,
    /// Legal basis of the grant, where one is recorded.
    pub legal_basis: Option<String>,
    /// SHA-256 of the document that was run, as hexadecimal text.
    pub operation: String,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
