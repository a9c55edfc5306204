//! Acting persons (người dùng): for whom clients ask, by tokens of external issuers.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, PersonId, Purpose, Scope};

/// A person with the rights of their own; those of the client bound them.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "acting_person")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PersonId,
    /// Issuer, as its tokens spell it.
    pub issuer: String,
    /// What its tokens call the person. Of one name at most one person lives.
    pub subject: String,
    /// Scopes, separated by blanks, in the order of their declaration.
    pub scopes: String,
    /// Purposes that may be stated for the person, separated by blanks.
    pub purposes: String,
    /// The cadre who the person is, where that is known.
    #[sea_orm(indexed)]
    pub cadre_id: Option<CadreId>,
    /// When the person was registered.
    pub created_at: DateTimeUtc,
    /// When the person was revoked; none: they live.
    pub revoked_at: Option<DateTimeUtc>,
    /// The cadre.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<Option<super::cadre::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The scopes; a word that this version does not know opens nothing.
    pub fn scopes(&self) -> impl Iterator<Item = Scope> {
        self.scopes.split_ascii_whitespace().filter_map(|word| word.parse().ok())
    }

    /// The purposes; a word that this version does not know allows nothing.
    pub fn purposes(&self) -> impl Iterator<Item = Purpose> {
        self.purposes.split_ascii_whitespace().filter_map(|word| word.parse().ok())
    }
}
