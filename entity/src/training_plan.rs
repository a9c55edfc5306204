//! Training plans (kế hoạch đào tạo, bồi dưỡng) of units for a year or a period.

use sea_orm::entity::prelude::*;

use crate::value::{PlanCode, PlanId, PlanState, UnitId};

/// A plan.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "training_plan")]
pub struct Model {
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PlanId,
    /// Code.
    #[sea_orm(unique)]
    pub code: PlanCode,
    /// Unit of the plan.
    #[sea_orm(indexed)]
    pub unit_id: UnitId,
    /// First calendar year, inclusive.
    pub year_from: i32,
    /// Last calendar year, inclusive.
    pub year_to: i32,
    /// Number of its document.
    pub document_no: Option<String>,
    /// Name.
    pub name: String,
    /// State of the plan.
    pub state: PlanState,
    /// Increases with every change.
    pub version: i32,
    /// The unit.
    #[sea_orm(belongs_to, from = "unit_id", to = "id")]
    pub unit: BelongsTo<super::unit::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
