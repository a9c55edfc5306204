//! Quotas (chỉ tiêu): seats of a programme that a plan issues to a unit, which may allocate them to units below.

use sea_orm::entity::prelude::*;

use crate::value::{Measure, PlanId, ProgrammeCode, QuotaId, QuotaState, StudyMode, UnitId};

/// A quota. Unless the seats are a lower bound, allocated and used seats together never exceed `seats + excess`; the
/// database enforces this too.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quota")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QuotaId,
    /// Plan.
    pub plan_id: PlanId,
    /// Unit of the quota.
    #[sea_orm(indexed)]
    pub unit_id: UnitId,
    /// Programme.
    pub programme_code: ProgrammeCode,
    /// Mode of study; `None` for any.
    pub mode: Option<StudyMode>,
    /// Unit of counting.
    pub measure: Measure,
    /// Seats.
    pub seats: i32,
    /// Whether the seats are a lower bound ("more than"): such a quota is never exhausted.
    pub is_lower_bound: bool,
    /// Planned number of classes.
    pub classes: Option<i32>,
    /// Seats allocated to units below.
    pub allocated: i32,
    /// Seats used by enrolments, both of commands and imports. Imported history may exceed the seats.
    pub used: i32,
    /// Number of seats by which imported history exceeds the available ones; the check constraint permits this excess.
    #[sea_orm(default_value = 0)]
    pub excess: i32,
    /// Quota that the seats were allocated from; `None` if the plan itself issued it.
    #[sea_orm(indexed)]
    pub parent_id: Option<QuotaId>,
    /// State of the quota.
    pub state: QuotaState,
    /// Increases with every change.
    pub version: i32,
    /// The plan.
    #[sea_orm(belongs_to, from = "plan_id", to = "id")]
    pub plan: BelongsTo<super::training_plan::Entity>,
    /// The unit.
    #[sea_orm(belongs_to, from = "unit_id", to = "id")]
    pub unit: BelongsTo<super::unit::Entity>,
    /// The programme.
    #[sea_orm(belongs_to, from = "programme_code", to = "code")]
    pub programme: BelongsTo<super::programme::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Seats that can still be allocated or used; negative if imported history used more seats than were available.
    pub fn remaining(&self) -> i32 {
        self.seats - self.allocated - self.used
    }
}
