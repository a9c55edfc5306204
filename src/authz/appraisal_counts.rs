//! Numbers of appraisals by the units that decided them. They are counted and not opened: no person is named.

use entity::{
    appraisal,
    value::{AppraisalPeriod, AppraisalRating, AppraisalState, AppraisalSystem, Category, Day, UnitId},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, Func},
};

use crate::{
    authz::{ReachedUnits, Statistics},
    db,
    error::Result,
};

/// Number of appraisals of a unit with the same category, result and day of the decision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppraisalCount {
    /// Unit that rated.
    pub unit: UnitId,
    /// Category of the persons.
    pub category: Category,
    /// Result.
    pub rating: AppraisalRating,
    /// Day of the decision.
    pub decided_on: Day,
    /// Number of persons.
    pub persons: u64,
}

impl Statistics<'_> {
    /// Current appraisals of a year that the units decided. Each person has one at most.
    pub(crate) async fn appraisals(
        &self,
        units: &ReachedUnits,
        (system, year): (AppraisalSystem, i32),
    ) -> Result<Vec<AppraisalCount>> {
        use appraisal::Column as Of;
        let unit = Expr::col((appraisal::Entity, Of::UnitId));
        let rows: Vec<(UnitId, Category, AppraisalRating, Day, i64)> = appraisal::Entity::find()
            .filter(db::any_id(self.access().backend(), unit, units.ids()))
            .filter(Of::Year.eq(year))
            .filter(Of::System.eq(system))
            .filter(Of::Period.eq(AppraisalPeriod::Year))
            .filter(Of::State.eq(AppraisalState::Current))
            .select_only()
            .columns([Of::UnitId, Of::Category, Of::Result, Of::DecidedOn])
            .expr_as(Func::count(Expr::cust("*")), "persons")
            .group_by(Of::UnitId)
            .group_by(Of::Category)
            .group_by(Of::Result)
            .group_by(Of::DecidedOn)
            .into_tuple()
            .all(self.access().reader())
            .await?;
        let count = |(unit, category, rating, decided_on, persons)| AppraisalCount {
            unit,
            category,
            rating,
            decided_on,
            persons: u64::try_from(persons).unwrap_or(0),
        };
        Ok(rows.into_iter().map(count).collect())
    }
}
