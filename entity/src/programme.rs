//! Programmes of training (chương trình đào tạo, bồi dưỡng).

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
    /// Subject: one of the subjects of qualification, or another word such as `JOB_SKILLS`.
    pub subject: String,
    /// Level of the subject that its completion grants; none: it grants no qualification.
    pub level_code: Option<LevelCode>,
}

impl ActiveModelBehavior for ActiveModel {}
