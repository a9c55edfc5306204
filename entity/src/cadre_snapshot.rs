//! Cards: the data of a person that are usually read together, in one row. Projection of the person, their posts and
//! qualifications.

use sea_orm::entity::prelude::*;

use crate::value::{CadreCode, CadreId};

/// The card of a person. Contains no protected data.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cadre_snapshot")]
pub struct Model {
    /// The person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub cadre_id: CadreId,
    /// Code of the person.
    #[sea_orm(unique)]
    pub code: CadreCode,
    /// Whether the person has any rotation, in any state. Most have none, so the look-up is skipped.
    pub has_rotations: bool,
    /// The other data of the card, packed.
    pub body: Vec<u8>,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
