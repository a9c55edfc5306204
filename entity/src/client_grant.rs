//! Grants (phạm vi): what a client may do, where, and until when. Rights are here, never in a token.

use sea_orm::entity::prelude::*;

use crate::value::{ClientId, Day, GrantId};

/// The grant of a client.
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
    /// Scopes, separated by blanks, in the order of their declaration.
    pub scopes: String,
    /// Purposes that the client may state, separated by blanks.
    pub purposes: String,
    /// First day; none: always.
    pub valid_from: Option<Day>,
    /// First day no longer; none: until revoked.
    pub valid_to: Option<Day>,
    /// Legal basis of the readings of protected data.
    pub legal_basis: Option<String>,
    /// First day from which another grant holds in its place, or none does; none: nothing ended it before its time.
    pub ended_on: Option<Day>,
    /// Requests per second that the client may send; none: as the service is set.
    pub requests_per_second: Option<i32>,
    /// Cost of operations per minute that the client may ask for; none: as the service is set.
    pub cost_per_minute: Option<i32>,
    /// The client.
    #[sea_orm(belongs_to, from = "client_id", to = "id")]
    pub client: BelongsTo<super::client::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether the grant holds on the day.
    pub fn is_valid_on(&self, day: Day) -> bool {
        let has_ended = self.ended_on.is_some_and(|end| end <= day);
        !has_ended && crate::value::Period::new(self.valid_from, self.valid_to).is_some_and(|period| period.holds(day))
    }

    /// The scopes; a word that this version does not know opens nothing.
    pub fn scopes(&self) -> impl Iterator<Item = crate::value::Scope> {
        self.scopes.split_ascii_whitespace().filter_map(|word| word.parse().ok())
    }

    /// The purposes; a word that this version does not know allows nothing.
    pub fn purposes(&self) -> impl Iterator<Item = crate::value::Purpose> {
        self.purposes.split_ascii_whitespace().filter_map(|word| word.parse().ok())
    }
}
