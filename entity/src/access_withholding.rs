//! What of the access log is withheld from the API until a day.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, ClientId, Day};

/// A client's readings of a person's data are not told until a day. Of several for both, the last one counts.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_withholding")]
pub struct Model {
    /// Place in the order in which they were recorded.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// When it was recorded.
    pub at: DateTimeUtc,
    /// Client whose readings are withheld.
    pub client_id: ClientId,
    /// Person whose data it read.
    #[sea_orm(indexed)]
    pub cadre_id: CadreId,
    /// First day on which they are told again.
    pub until_on: Day,
    /// Number of the document that orders it.
    pub document_no: String,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
