//! Words of names by unit: where a search begins. Derived from names and posts; nothing is recorded here alone.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, UnitId};

/// The folded name of a person who held, holds or will hold a post in the unit, from one of its words on.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, Hash, DeriveEntityModel)]
#[sea_orm(table_name = "cadre_word")]
pub struct Model {
    /// Unit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
    /// A word of the name and then the others, each after a blank, folded as in `cadre.search_key`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub words: String,
    /// Person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub cadre_id: CadreId,
}

impl ActiveModelBehavior for ActiveModel {}
