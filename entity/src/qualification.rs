//! Qualifications (trình độ): diplomas and certificates of persons.

use sea_orm::entity::prelude::*;

use crate::value::{
    CadreId, Day, EnrolmentId, InstitutionCode, LevelCode, PartialDate, QualificationId, StudyMode, SubjectCode,
};

/// A qualification that a person was granted.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qualification")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QualificationId,
    /// Person.
    pub cadre_id: CadreId,
    /// Subject.
    pub subject_code: SubjectCode,
    /// Level within the subject.
    pub level_code: LevelCode,
    /// Code of the field of study.
    pub field_code: Option<String>,
    /// Awarding institution.
    pub institution_code: Option<InstitutionCode>,
    /// Mode of study.
    pub mode: Option<StudyMode>,
    /// When it was granted, as the paper says.
    pub granted_on: PartialDate,
    /// The day from which it surely counts: the last day that `granted_on` can mean.
    pub counts_from: Day,
    /// Enrolment whose result granted it, which grants one alone; none: recorded from a paper.
    #[sea_orm(unique)]
    pub enrolment_id: Option<EnrolmentId>,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
    /// The level.
    #[sea_orm(belongs_to, from = "(subject_code, level_code)", to = "(subject_code, code)")]
    pub level: BelongsTo<super::qualification_level::Entity>,
    /// The institution.
    #[sea_orm(belongs_to, from = "institution_code", to = "code")]
    pub institution: BelongsTo<Option<super::institution::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}
