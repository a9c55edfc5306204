//! Enrolments (học viên): a person in a class, or in an external programme, in a year.

use sea_orm::entity::prelude::*;

use crate::value::{CadreId, ClassId, EnrolmentId, EnrolmentState, Grade, ProgrammeCode, QuotaId, UnitId};

/// An enrolment. It counts for the unit that sent the person at the time.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "enrolment")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EnrolmentId,
    /// Person.
    pub cadre_id: CadreId,
    /// Class; `None` for an external programme or a registration without a class.
    pub class_id: Option<ClassId>,
    /// Programme.
    pub programme_code: ProgrammeCode,
    /// Unit that sent the person.
    pub unit_id: UnitId,
    /// Calendar year in which the enrolment counts.
    pub year: i32,
    /// State of the enrolment.
    pub state: EnrolmentState,
    /// Grade.
    pub grade: Option<Grade>,
    /// Quota that a command named. All used quotas, imported or not, are in `enrolment_quota`.
    #[sea_orm(indexed)]
    pub quota_id: Option<QuotaId>,
    /// Reason of the enrolment, the dropout or the revocation, if the command required one.
    pub remark: Option<String>,
    /// Increases with every change.
    pub version: i32,
    /// The person.
    #[sea_orm(belongs_to, from = "cadre_id", to = "id")]
    pub cadre: BelongsTo<super::cadre::Entity>,
    /// The class.
    #[sea_orm(belongs_to, from = "class_id", to = "id")]
    pub class: BelongsTo<Option<super::training_class::Entity>>,
    /// The programme.
    #[sea_orm(belongs_to, from = "programme_code", to = "code")]
    pub programme: BelongsTo<super::programme::Entity>,
    /// The unit.
    #[sea_orm(belongs_to, from = "unit_id", to = "id")]
    pub unit: BelongsTo<super::unit::Entity>,
    /// The quota.
    #[sea_orm(belongs_to, from = "quota_id", to = "id")]
    pub quota: BelongsTo<Option<super::quota::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}
