//! Grants (phạm vi): permitted actions, units and period of a client. Rights are stored here, never in a token.

use sea_orm::entity::prelude::*;

use crate::value::{AllowedDocuments, ClientId, Day, GrantId};

/// A grant of a client.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "client_grant")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GrantId,
    /// Client.
    #[sea_orm(indexed)]
    pub client_id: ClientId,
    /// Scopes, separated by spaces, in the order of their declaration.
    pub scopes: String,
    /// Purposes that the client may state, separated by spaces.
    pub purposes: String,
    /// First day, inclusive; `None` if there is no start.
    pub valid_from: Option<Day>,
    /// End day, exclusive; `None` until revoked.
    pub valid_to: Option<Day>,
    /// Legal basis for reading protected data.
    pub legal_basis: Option<String>,
    /// Early end day, exclusive, if another grant replaced this one or it was ended; otherwise `None`.
    pub ended_on: Option<Day>,
    /// Limit of requests per second; `None` for the limit of the service.
    pub requests_per_second: Option<i32>,
    /// Limit of operation cost per minute; `None` for the limit of the service.
    pub cost_per_minute: Option<i32>,
    /// Documents that the client may run.
    #[sea_orm(default_value = "ANY")]
    pub documents: AllowedDocuments,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether the grant is in force on the day.
    pub fn is_valid_on(&self, day: Day) -> bool {
        let has_ended = self.ended_on.is_some_and(|end| end <= day);
        !has_ended && crate::value::Period::new(self.valid_from, self.valid_to).is_some_and(|period| period.holds(day))
    }

    /// The scopes; unknown words of other versions are ignored.
    pub fn scopes(&self) -> impl Iterator<Item = crate::value::Scope> {
        self.scopes.split_ascii_whitespace().filter_map(|word| word.parse().ok())
    }

    /// The purposes; unknown words of other versions are ignored.
    pub fn purposes(&self) -> impl Iterator<Item = crate::value::Purpose> {
        self.purposes.split_ascii_whitespace().filter_map(|word| word.parse().ok())
    }
}
