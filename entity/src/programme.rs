//! Training programmes (chương trình đào tạo, bồi dưỡng).

use sea_orm::entity::prelude::*;

use crate::value::{LevelCode, ProgrammeCode, ProgrammeKind};

/// A programme.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "programme")]
pub struct Model {
    /// Code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: ProgrammeCode,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: ProgrammeKind,
    /// Subject: a subject of qualification, or another code such as `JOB_SKILLS`.
    pub subject: String,
    /// Level of the subject that completion grants; `None` if it grants no qualification.
    pub level_code: Option<LevelCode>,
    /// Hours of the programme; `None` if they are not recorded.
    pub hours: Option<i32>,
}

impl ActiveModelBehavior for ActiveModel {}
