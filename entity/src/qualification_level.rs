//! Levels of a subject, lowest first (mức trình độ): a reference list included in the service.

use sea_orm::entity::prelude::*;

use crate::value::{LevelCode, SubjectCode};

/// A level of a subject.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qualification_level")]
pub struct Model {
    /// Subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_code: SubjectCode,
    /// Code within the subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: LevelCode,
    /// Rank: a level is above those of lower rank in its subject.
    pub rank: i16,
    /// Vietnamese label.
    pub label_vi: String,
    /// English label.
    pub label_en: String,
    /// The subject.
    #[sea_orm(belongs_to, from = "subject_code", to = "code")]
    pub subject: BelongsTo<super::qualification_subject::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
