//! Acting persons (người dùng), for whom clients act with tokens of external issuers.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, PersonId, Purpose, Scope};

/// A person and the person's rights, which are limited by the rights of the client.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "acting_person")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PersonId,
    /// Issuer, as its tokens spell it.
    pub issuer: String,
    /// Name of the person at the issuer. At most one active person has the same name.
    pub subject: String,
    /// Scopes, separated by spaces, in the order of their declaration.
    pub scopes: String,
    /// Purposes that may be stated for the person, separated by spaces.
    pub purposes: String,
    /// The cadre that is this person, if known.
    #[sea_orm(indexed)]
    pub cadre_id: Option<CadreId>,
    /// Time of registration.
    pub created_at: DateTimeUtc,
    /// Time of revocation; `None` if the person is active.
    pub revoked_at: Option<DateTimeUtc>,
    /// The cadre.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<Option<super::cadre::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The scopes; unknown words of other versions are ignored.
    pub fn scopes(&self) -> impl Iterator<Item = Scope> {
        self.scopes.split_ascii_whitespace().filter_map(|word| word.parse().ok())
    }

    /// The purposes; unknown words of other versions are ignored.
    pub fn purposes(&self) -> impl Iterator<Item = Purpose> {
        self.purposes.split_ascii_whitespace().filter_map(|word| word.parse().ok())
    }
}
