//! Search index: words of names by unit. Projection of names and posts; contains no original data.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, UnitId};

/// A suffix of the folded name of a person with a past, current or future post in the unit; it begins at a word.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, Hash, DeriveEntityModel)]
#[sea_orm(table_name = "name_index")]
pub struct Model {
    /// Unit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
    /// A word of the name and the following words, each after a blank, folded as in `cadre.search_key`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub words: String,
    /// Person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub cadre_id: CadreId,
}

impl ActiveModelBehavior for ActiveModel {}
