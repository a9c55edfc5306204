//! Qualifications (trình độ): diplomas and certificates of persons.

use sea_orm::entity::prelude::*;

use crate::value::{
    CadreId, Day, EnrolmentId, InstitutionCode, LevelCode, PartialDate, QualificationId, StudyMode, SubjectCode,
};

/// A qualification of a person.
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
    /// Date of the award, as recorded.
    pub granted_on: PartialDate,
    /// First day on which the qualification counts, inclusive: the last possible day of `granted_on`.
    pub counts_from: Day,
    /// Enrolment whose result granted the qualification, at most one for each enrolment; `None` if it was recorded from
    /// a document.
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
