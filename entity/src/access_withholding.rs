//! Access log entries that are withheld from the API until a day.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, ClientId, Day};

/// Withholds a client's accesses to a person's data until a day. Of several rows for the same client and person, the
/// last one applies.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_withholding")]
pub struct Model {
    /// Sequence number.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// Time of recording.
    pub at: DateTimeUtc,
    /// Client whose accesses are withheld.
    pub client_id: ClientId,
    /// Person whose data was read.
    #[sea_orm(indexed)]
    pub cadre_id: CadreId,
    /// End of the withholding, exclusive: the first day on which the entries are visible again.
    pub until_on: Day,
    /// Number of the document that orders the withholding.
    pub document_no: String,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
