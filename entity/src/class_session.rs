//! Sessions of classes (buổi học): the days of a class, as far as they are known.

use sea_orm::entity::prelude::*;

use crate::value::{ClassId, Day};

/// A session day, between the first and the last day of the class (both inclusive).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "class_session")]
pub struct Model {
    /// Class.
    #[sea_orm(primary_key, auto_increment = false)]
    pub class_id: ClassId,
    /// Day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub on_day: Day,
    /// The class.
    #[sea_orm(belongs_to, from = "class_id", to = "id")]
    pub class: BelongsTo<super::training_class::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
