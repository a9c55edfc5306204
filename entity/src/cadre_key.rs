//! Page keys: who of a unit holds which level highest, in the order of names. Derived from posts and qualifications;
//! nothing is recorded here alone.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, Day, SubjectCode, UnitId};

/// A person holds a post in the unit and this level as the highest of the subject, from `from_on` to the day before
/// `until_on`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cadre_key")]
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
    /// First day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_on: Day,
    /// The branch of the tree that the unit belongs to: where keys of a large part of the tree are found in order.
    pub branch_id: UnitId,
    /// The person's place in the order of names.
    pub sort_key: Vec<u8>,
    /// First day no longer; none: until now.
    pub until_on: Option<Day>,
}

impl ActiveModelBehavior for ActiveModel {}
