//! Cards: what is read of a person together, in one row. Derived from the person, their posts and qualifications.

use sea_orm::entity::prelude::*;

use crate::value::{CadreCode, CadreId};

/// The card of a person. Holds nothing of what is protected.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cadre_card")]
pub struct Model {
    /// The person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub cadre_id: CadreId,
    /// Code of the person.
    #[sea_orm(unique)]
    pub code: CadreCode,
    /// Whether there is a rotation of the person, of whatever state. Most have none, and need not be looked for there.
    pub has_rotations: bool,
    /// What else the card says, packed.
    pub body: Vec<u8>,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
