//! Quotas (chỉ tiêu): seats of a programme that a plan gives to a unit, and that the unit hands on.

use sea_orm::entity::prelude::*;

use crate::value::{Measure, PlanId, ProgrammeCode, QuotaId, QuotaState, StudyMode, UnitId};

/// A quota. What it handed on and what was used never exceed its seats; the database holds this too.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quota")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QuotaId,
    /// Plan.
    pub plan_id: PlanId,
    /// Unit that holds it.
    #[sea_orm(indexed)]
    pub unit_id: UnitId,
    /// Programme.
    pub programme_code: ProgrammeCode,
    /// Mode; none: any.
    pub mode: Option<StudyMode>,
    /// What it counts.
    pub measure: Measure,
    /// Seats.
    pub seats: i32,
    /// Whether the seats are a lower bound ("more than"): such a quota is never exhausted.
    pub is_lower_bound: bool,
    /// Classes that the plan foresees.
    pub classes: Option<i32>,
    /// Seats handed on to units below.
    pub allocated: i32,
    /// Seats used by enrolments, of acts and imports alike. Imported history may exceed the seats.
    pub used: i32,
    /// Seats by which imported history exceeds those that there are; the check of the table permits as many.
    #[sea_orm(default_value = 0)]
    pub excess: i32,
    /// Quota that it was handed on from; none: from the plan itself.
    #[sea_orm(indexed)]
    pub parent_id: Option<QuotaId>,
    /// Where it stands.
    pub state: QuotaState,
    /// Rises with every change.
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
    /// Seats that can still be handed on or used; below zero where history used more than there were.
    pub fn remaining(&self) -> i32 {
        self.seats - self.allocated - self.used
    }
}
