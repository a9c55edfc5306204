//! Classes (lớp) of programmes.

use sea_orm::entity::prelude::*;

use crate::value::{ClassCategory, ClassCode, ClassId, ClassState, Day, PlanId, ProgrammeCode, StudyMode, UnitId};

/// A class.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "training_class")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClassId,
    /// Code.
    #[sea_orm(unique)]
    pub code: ClassCode,
    /// Plan of the class.
    #[sea_orm(indexed)]
    pub plan_id: Option<PlanId>,
    /// Programme.
    pub programme_code: ProgrammeCode,
    /// Organising unit.
    pub organiser_id: UnitId,
    /// Number of the intake (khóa).
    pub intake: Option<String>,
    /// Category.
    pub category: ClassCategory,
    /// Mode.
    pub mode: Option<StudyMode>,
    /// First day, inclusive.
    pub start_on: Day,
    /// Last day, inclusive: a class of one day begins and ends on the same day.
    pub end_on: Day,
    /// Seats; `None` if unlimited.
    pub capacity: Option<i32>,
    /// Seats taken.
    pub enrolled: i32,
    /// Reported number of learners, if names are not recorded or in addition to them.
    pub reported_learners: Option<i32>,
    /// State of the class.
    pub state: ClassState,
    /// Increases with every change.
    pub version: i32,
    /// The plan.
    #[sea_orm(belongs_to, from = "plan_id", to = "id")]
    pub plan: BelongsTo<Option<super::training_plan::Entity>>,
    /// The programme.
    #[sea_orm(belongs_to, from = "programme_code", to = "code")]
    pub programme: BelongsTo<super::programme::Entity>,
    /// The organising unit.
    #[sea_orm(belongs_to, from = "organiser_id", to = "id")]
    pub organiser: BelongsTo<super::unit::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
