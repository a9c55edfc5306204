//! Plans (kế hoạch đào tạo, bồi dưỡng).

use chrono::Datelike;
use entity::{
    training_plan,
    value::{Day, PlanCode, PlanId},
};
use sea_orm::{
    ColumnTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{SelectStatement, SimpleExpr},
};

use crate::{
    authz::{Access, Training, VisiblePlan},
    error::{Error, Result},
};

/// Selector of a plan.
#[derive(Clone, Debug, async_graphql::OneofObject)]
pub enum TrainingPlanKey {
    /// Its id.
    Id(async_graphql::ID),
    /// Type of the code.
    Code(String),
}

/// A plan by id or code, if the caller may know of it.
///
/// # Errors
/// `NotFound`; `Forbidden` without `training:read`.
pub async fn look_up(access: &Access, key: &TrainingPlanKey) -> Result<VisiblePlan> {
    let condition: SimpleExpr = match key {
        TrainingPlanKey::Id(id) => {
            let id: PlanId = id.parse().map_err(|_| Error::NotFound)?;
            training_plan::Column::Id.eq(id)
        }
        TrainingPlanKey::Code(code) => {
            let code: PlanCode = code.parse().map_err(|_| Error::NotFound)?;
            training_plan::Column::Code.eq(code)
        }
    };
    let training = access.training()?;
    let row = training.plans().filter(condition).one(access.reader()).await?;
    row.and_then(|row| training.admitted_plan(row)).ok_or(Error::NotFound)
}

/// Whether days, both inclusive, touch the years of a plan, both inclusive. The days of each of its classes must, in imports
/// as in acts.
pub(crate) fn touches_years((first, last): (i32, i32), (start, end): (Day, Day)) -> bool {
    start.0.year() <= last && first <= end.0.year()
}

/// The id of the plan with a code: of none, if there is none or the caller may not know of it.
pub(super) fn of_code(training: &Training<'_>, code: PlanCode) -> SelectStatement {
    training
        .plans()
        .filter(training_plan::Column::Code.eq(code))
        .select_only()
        .column(training_plan::Column::Id)
        .into_query()
}
