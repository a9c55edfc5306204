//! Page keys: persons by unit and highest level, in the order of names. Projection of posts and qualifications;
//! contains no original data.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, Day, SubjectCode, UnitId};

/// A person holds a post in the unit and this highest level of the subject, from `from_on` (inclusive) to `until_on`
/// (exclusive).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "level_index")]
pub struct Model {
    /// Unit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
    /// Subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_code: SubjectCode,
    /// Rank of the level.
    #[sea_orm(primary_key, auto_increment = false)]
    pub rank: i16,
    /// Person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub cadre_id: CadreId,
    /// First day, inclusive.
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_on: Day,
    /// Branch of the tree that contains the unit; its index returns the keys of large subtrees in order.
    pub branch_id: UnitId,
    /// Collation key of the person's name.
    pub sort_key: Vec<u8>,
    /// End day, exclusive; `None` if current.
    pub until_on: Option<Day>,
}

impl ActiveModelBehavior for ActiveModel {}
