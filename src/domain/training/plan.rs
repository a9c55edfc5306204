//! Plans (kế hoạch đào tạo, bồi dưỡng).

use chrono::Datelike;
use entity::{
    training_plan,
    value::{Day, Period, PlanCode, PlanId, PlanState},
};
use sea_orm::{
    ColumnTrait, Condition, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, SelectStatement, SimpleExpr},
};

use crate::{
    authz::{Access, Training, VisiblePlan},
    domain::{
        filter::{ensure_short, nothing},
        training::years,
        unit::{lies_in, meant_by_year},
    },
    error::{Error, Result},
    page::{BoundedCount, Direction, Key, Keyset, Page, PageArgs, Position, ensure_each_once},
    reference::units::{Predecessors, UnitReach},
};

/// Selector of a plan.
#[derive(Clone, Debug, async_graphql::OneofObject)]
pub enum TrainingPlanKey {
    /// Its id.
    Id(async_graphql::ID),
    /// Type of the code.
    Code(String),
}

/// Conditions on plans, combined with AND. A subtree is that of a year of the plan: by the tree on 31 December, or on
/// the last day of a unit that ended within the year.
#[derive(Clone, Debug, Default, async_graphql::InputObject, serde::Serialize)]
pub struct TrainingPlanWhere {
    /// Unit of the plan: this unit, or a unit that belongs to this subtree in one of the years (đơn vị).
    pub unit: Option<UnitReach>,
    /// Earliest calendar year (inclusive); a plan for several years needs one of them in the range.
    pub year_from: Option<i32>,
    /// Latest calendar year (inclusive).
    pub year_to: Option<i32>,
    /// States, any one of them (trạng thái).
    pub states: Option<Vec<PlanState>>,
}

/// Sort keys of plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum, serde::Serialize)]
pub enum TrainingPlanOrderField {
    /// By code.
    Code,
    /// First calendar year.
    YearFrom,
}

/// One item of an order.
#[derive(Clone, Copy, Debug, async_graphql::InputObject, serde::Serialize)]
pub struct TrainingPlanOrder {
    /// Sort key.
    pub field: TrainingPlanOrderField,
    /// Ascending or descending; ascending by default.
    #[graphql(default_with = "Direction::Asc")]
    pub direction: Direction,
}

/// A list of plans.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct PlanList {
    /// Conditions.
    pub filter: TrainingPlanWhere,
    /// Order; by code if empty.
    pub order: Vec<TrainingPlanOrder>,
}

/// A plan by id or code, if the caller may see it.
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

impl PlanList {
    /// A page of the list, in one statement.
    ///
    /// # Errors
    /// `Forbidden` without `training:read`; `Invalid` for an unknown unit, a year outside the calendar, a list that is
    /// too long, a repeated sort key, bad paging arguments, foreign cursors.
    pub async fn page(&self, access: &Access, args: &PageArgs) -> Result<Page<VisiblePlan>> {
        let training = access.training()?;
        ensure_each_once(self.order.iter().map(|order| order.field))?;
        let cursors = access.cursors(&("trainingPlans", self));
        let window = cursors.window(args)?;
        let rows = self.keyset().narrow(self.select(access)?, &window).all(access.reader()).await?;
        let page = cursors.page(&window, rows, |row| self.position(row));
        let visible = |(cursor, row)| Some((cursor, training.admitted_plan(row)?));
        let rows = page.rows.into_iter().filter_map(visible).collect();
        Ok(Page { rows, has_next: page.has_next, has_previous: page.has_previous })
    }

    /// Number of matches, at most `max`.
    ///
    /// # Errors
    /// As `page`.
    pub async fn count(&self, access: &Access, max: u64) -> Result<BoundedCount> {
        access.count(self.select(access)?, max).await
    }

    fn select(&self, access: &Access) -> Result<Select<training_plan::Entity>> {
        Ok(access.training()?.plans().filter(self.filter.condition(access)?))
    }

    fn keyset(&self) -> Keyset {
        let column = |column| Expr::col((training_plan::Entity, column));
        let keys = self.effective_order().map(|order| {
            let key = match order.field {
                TrainingPlanOrderField::Code => column(training_plan::Column::Code),
                TrainingPlanOrderField::YearFrom => column(training_plan::Column::YearFrom),
            };
            (key, order.direction)
        });
        Keyset::new(keys.collect(), column(training_plan::Column::Id))
    }

    fn effective_order(&self) -> impl Iterator<Item = TrainingPlanOrder> {
        let by_code = TrainingPlanOrder { field: TrainingPlanOrderField::Code, direction: Direction::Asc };
        self.order.iter().copied().chain(self.order.is_empty().then_some(by_code))
    }

    fn position(&self, row: &training_plan::Model) -> Position {
        let key = |order: TrainingPlanOrder| match order.field {
            TrainingPlanOrderField::Code => Key::Text(row.code.as_str().to_owned()),
            TrainingPlanOrderField::YearFrom => Key::Number(row.year_from),
        };
        Position { keys: self.effective_order().map(key).collect(), id: row.id.0 }
    }
}

impl TrainingPlanWhere {
    fn condition(&self, access: &Access) -> Result<Condition> {
        ensure_short("where.states", self.states.as_ref().map_or(0, Vec::len))?;
        // An empty range of years matches nothing, so the trees are not read.
        let Some(years) = years(("where.yearFrom", self.year_from), ("where.yearTo", self.year_to))? else {
            return Ok(nothing());
        };
        let states = self.states.as_ref();
        Ok(Condition::all()
            .add(has_year_in(years))
            .add_option(self.of_unit(access, years)?)
            .add_option(states.map(|states| training_plan::Column::State.is_in(states.iter().copied()))))
    }

    fn of_unit(&self, access: &Access, years: Period) -> Result<Option<Condition>> {
        let Some(condition) = &self.unit else { return Ok(None) };
        let subtree = meant_by_year(access, "where.unit", (condition, Predecessors::Excluded), years)?;
        Ok(Some(lies_in(access.backend(), &subtree, &[training_plan::Column::UnitId], has_year_in)))
    }
}

/// Condition that one of the plan's years is in a period of whole years.
pub(super) fn has_year_in(period: Period) -> Condition {
    Condition::all()
        .add_option(period.from().map(|from| training_plan::Column::YearTo.gte(from.year())))
        .add_option(period.until().map(|until| training_plan::Column::YearFrom.lt(until.year())))
}

/// Whether a period of days overlaps the years of a plan (all ends inclusive). The days of each class must overlap the
/// years of its plan, in imports as in commands.
pub(crate) fn overlaps_years((first, last): (i32, i32), (start, end): (Day, Day)) -> bool {
    start.0.year() <= last && first <= end.0.year()
}

/// The id of the plan with a code; no row if there is none or the caller may not see it.
pub(super) fn of_code(training: &Training<'_>, code: PlanCode) -> SelectStatement {
    training
        .plans()
        .filter(training_plan::Column::Code.eq(code))
        .select_only()
        .column(training_plan::Column::Id)
        .into_query()
}
