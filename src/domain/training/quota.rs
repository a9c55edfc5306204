//! Quotas (chỉ tiêu): lists and remaining seats.

use entity::{
    quota, training_plan,
    value::{Hierarchy, Period, PlanCode, PlanId, PlanState, QuotaId, QuotaState, UnitId},
};
use sea_orm::{
    ColumnTrait, Condition, QueryFilter, Select,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::{
    authz::{Access, VisibleQuota},
    db,
    domain::{
        filter::{ensure_short, nothing},
        percent::percent,
        programme,
        training::{plan, years},
        unit::{below_by_year, lies_in, meant_by_year},
    },
    error::{Error, Result},
    page::{BoundedCount, Direction, Key, Keyset, Page, PageArgs, Position},
    reference::units::{Branch, Predecessors, Reach, UnitReach},
};

/// Conditions on quotas, combined with AND. A subtree is that of a year of the plan: by the tree on 31 December, or on
/// the last day of a unit that ended within the year.
#[derive(Clone, Debug, Default, async_graphql::InputObject, serde::Serialize)]
pub struct QuotaWhere {
    /// Code of the plan (kế hoạch).
    pub plan: Option<String>,
    /// Unit of the quota: this unit, or a unit that belongs to this subtree in one of the years of the plan (đơn vị).
    pub unit: Option<UnitReach>,
    /// Codes of programmes, any one of them (chương trình).
    pub programmes: Option<Vec<String>>,
    /// States, any one of them (trạng thái).
    pub states: Option<Vec<QuotaState>>,
    /// Earliest calendar year of the plan (inclusive); a plan for several years needs one of them in the range.
    pub year_from: Option<i32>,
    /// Latest calendar year of the plan (inclusive).
    pub year_to: Option<i32>,
    /// Only those in force with seats left, of plans that are approved and not closed (còn chỉ tiêu).
    #[graphql(default = false)]
    pub unused_only: bool,
}

/// A list of quotas.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct QuotaList {
    /// The parent of the list in the graph; applies in addition to `filter`.
    pub of: QuotasOf,
    /// Conditions.
    pub filter: QuotaWhere,
}

/// The parent of a list of quotas in the graph.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub enum QuotasOf {
    /// None: all quotas, in the order in which they were recorded.
    #[default]
    All,
    /// A plan; by programme, then in the order in which they were recorded.
    Plan(PlanId),
    /// A unit or its subtree; by programme, then in the order in which they were recorded.
    Unit {
        /// The unit.
        unit: UnitId,
        /// Calendar year that the plans hold for; the subtree is that of this year.
        year: i32,
        /// The unit alone or its subtree.
        reach: Reach,
        /// Whether quotas of predecessors that no longer exist are included.
        predecessors: Predecessors,
    },
}

/// Selector of a quota.
#[derive(Clone, Debug, async_graphql::OneofObject)]
pub enum QuotaKey {
    /// Its id.
    Id(async_graphql::ID),
}

/// A quota by id, if the caller may see it.
///
/// # Errors
/// `NotFound`; `Forbidden` without `quota:read`.
pub async fn look_up(access: &Access, QuotaKey::Id(id): &QuotaKey) -> Result<VisibleQuota> {
    let id: QuotaId = id.parse().map_err(|_| Error::NotFound)?;
    access.quotas()?.by_ids(&[id]).await?.pop().ok_or(Error::NotFound)
}

/// Used seats in percent of the seats that the quota did not allocate to others, to one decimal. `None` if it has no
/// such seats.
pub fn fill_percent(row: &quota::Model) -> Option<f64> {
    let kept = u64::try_from(row.seats - row.allocated).ok().filter(|kept| *kept > 0)?;
    Some(percent(u64::try_from(row.used).unwrap_or(0), kept, 1))
}

impl QuotaList {
    /// The quotas of a parent; `unused_only` as in the filter.
    pub fn of(of: QuotasOf, unused_only: bool) -> Self {
        Self { of, filter: QuotaWhere { unused_only, ..QuotaWhere::default() } }
    }

    /// A page of the list, in one statement.
    ///
    /// # Errors
    /// `Forbidden` without `quota:read`, or `training:read` for a condition on the plan; `Invalid` for unknown units
    /// and programmes, a year outside the calendar, a list that is too long, bad paging arguments, foreign cursors.
    pub async fn page(&self, access: &Access, args: &PageArgs) -> Result<Page<VisibleQuota>> {
        let quotas = access.quotas()?;
        let cursors = access.cursors(&("quotas", self));
        let window = cursors.window(args)?;
        let rows = self.keyset().narrow(self.select(access)?, &window).all(&access.prepared()).await?;
        let page = cursors.page(&window, rows, |row| self.position(row));
        let shown = |(cursor, row)| Some((cursor, quotas.admitted(row)?));
        let rows = page.rows.into_iter().filter_map(shown).collect();
        Ok(Page { rows, has_next: page.has_next, has_previous: page.has_previous })
    }

    /// Number of matches, at most `max`.
    ///
    /// # Errors
    /// As `page`.
    pub async fn count(&self, access: &Access, max: u64) -> Result<BoundedCount> {
        access.count(self.select(access)?, max).await
    }

    fn select(&self, access: &Access) -> Result<Select<quota::Entity>> {
        let of = match self.of {
            QuotasOf::All => Condition::all(),
            QuotasOf::Plan(plan) => Condition::all().add(quota::Column::PlanId.eq(plan)),
            QuotasOf::Unit { unit, year, reach, predecessors } => {
                let branch = Branch { root: unit, hierarchy: Hierarchy::Administrative, reach, predecessors };
                of_branch(access, branch, year)?
            }
        };
        Ok(access.quotas()?.select().filter(of).filter(self.filter.condition(access)?))
    }

    fn keyset(&self) -> Keyset {
        let column = |column| Expr::col((quota::Entity, column));
        let programme = self.is_by_programme().then(|| (column(quota::Column::ProgrammeCode), Direction::Asc));
        Keyset::new(programme.into_iter().collect(), column(quota::Column::Id))
    }

    fn position(&self, row: &quota::Model) -> Position {
        let programme = self.is_by_programme().then(|| Key::Text(row.programme_code.as_str().to_owned()));
        Position { keys: programme.into_iter().collect(), id: row.id.0 }
    }

    fn is_by_programme(&self) -> bool {
        !matches!(self.of, QuotasOf::All)
    }
}

impl QuotaWhere {
    fn condition(&self, access: &Access) -> Result<Condition> {
        ensure_short("where.states", self.states.as_ref().map_or(0, Vec::len))?;
        if let Some(codes) = &self.programmes {
            programme::ensure_known(access, "where.programmes", codes)?;
        }
        // An empty range of years matches nothing, so the trees are not read.
        let Some(years) = years(("where.yearFrom", self.year_from), ("where.yearTo", self.year_to))? else {
            return Ok(nothing());
        };
        let (programmes, states) = (self.programmes.as_ref(), self.states.as_ref());
        Ok(Condition::all()
            .add(of_plans_in(years))
            .add_option(self.of_unit(access, years)?)
            .add_option(self.plan.as_deref().map(|code| of_plan(access, code)).transpose()?)
            .add_option(programmes.map(|codes| quota::Column::ProgrammeCode.is_in(codes.iter().map(String::as_str))))
            .add_option(states.map(|states| quota::Column::State.is_in(states.iter().copied())))
            .add_option(self.unused_only.then(has_seats)))
    }

    fn of_unit(&self, access: &Access, years: Period) -> Result<Option<Condition>> {
        let Some(condition) = &self.unit else { return Ok(None) };
        let subtree = meant_by_year(access, "where.unit", (condition, Predecessors::Excluded), years)?;
        Ok(Some(lies_in(access.backend(), &subtree, &[quota::Column::UnitId], of_plans_in)))
    }
}

/// Quotas of the plan with a code. A plan that the caller may not see gives no quotas.
fn of_plan(access: &Access, code: &str) -> Result<Condition> {
    let Ok(code) = code.parse::<PlanCode>() else { return Ok(nothing()) };
    let plan = plan::of_code(&access.training()?, code);
    Ok(Condition::all().add(quota::Column::PlanId.in_subquery(plan)))
}

/// Quotas of plans with a year in a period of whole years.
fn of_plans_in(period: Period) -> Condition {
    let years = plan::has_year_in(period);
    if years.is_empty() {
        return years;
    }
    let plans = Query::select()
        .column((training_plan::Entity, training_plan::Column::Id))
        .from(training_plan::Entity)
        .cond_where(years)
        .take();
    Condition::all().add(quota::Column::PlanId.in_subquery(plans))
}

fn of_branch(access: &Access, branch: Branch, year: i32) -> Result<Condition> {
    let years = years(("year", Some(year)), ("year", Some(year)))?;
    let memberships = years.map(|years| below_by_year(access, branch, years)).unwrap_or_default();
    // One year has at most one membership.
    let units: Vec<_> = memberships.into_iter().flat_map(|of| of.units).map(|unit| unit.0).collect();
    let column = Expr::col((quota::Entity, quota::Column::UnitId));
    let plans = Query::select()
        .column((training_plan::Entity, training_plan::Column::Id))
        .from(training_plan::Entity)
        .and_where(training_plan::Column::YearFrom.lte(year))
        .and_where(training_plan::Column::YearTo.gte(year))
        .take();
    Ok(Condition::all()
        .add(db::any_id(access.backend(), column, units.into_iter()))
        .add(quota::Column::PlanId.in_subquery(plans)))
}

/// Condition: in force, with seats that are neither allocated nor used.
fn has_seats() -> Condition {
    let column = |column| Expr::col((quota::Entity, column));
    let taken = column(quota::Column::Allocated).add(column(quota::Column::Used));
    let usable_plans = Query::select()
        .column((training_plan::Entity, training_plan::Column::Id))
        .from(training_plan::Entity)
        .and_where(training_plan::Column::State.is_in(PlanState::GIVING))
        .take();
    Condition::all()
        .add(quota::Column::State.eq(QuotaState::Issued))
        .add(column(quota::Column::Seats).gt(taken))
        .add(quota::Column::PlanId.in_subquery(usable_plans))
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    #[test]
    fn the_fill_percentage_is_used_seats_of_unallocated_seats() {
        let quota = |seats, allocated, used| quota::Model { seats, allocated, used, ..sample::quota() };
        for (seats, allocated, used, expected) in [
            (8145, 0, 8672, Some(106.5)),
            (100, 60, 10, Some(25.0)),
            (100, 0, 30, Some(30.0)),
            (100, 100, 0, None),
            (0, 0, 0, None),
        ] {
            let row = quota(seats, allocated, used);
            assert_eq!(fill_percent(&row), expected, "{seats} {allocated} {used}");
            assert_eq!(row.remaining(), seats - allocated - used);
        }
    }
}
