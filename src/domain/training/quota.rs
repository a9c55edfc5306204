//! Quotas (chỉ tiêu): lists and remaining seats.

use entity::{
    quota, training_plan,
    value::{Hierarchy, PlanId, PlanState, QuotaId, QuotaState, UnitId},
};
use sea_orm::{
    ColumnTrait, Condition, QueryFilter, Select,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::{
    authz::{Access, VisibleQuota},
    db,
    domain::{percent::percent, training::years, unit::below_by_year},
    error::{Error, Result},
    page::{BoundedCount, Direction, Key, Keyset, Page, PageArgs, Position},
    reference::units::{Branch, Predecessors, Reach},
};

/// A list of quotas, by programme, then in the order in which they were recorded.
#[derive(Clone, Debug, serde::Serialize)]
pub struct QuotaList {
    /// The parent of the list in the graph.
    pub of: QuotasOf,
    /// Only quotas in force with seats left, of plans whose state permits their use.
    pub unused_only: bool,
}

/// The parent of a list of quotas in the graph.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub enum QuotasOf {
    /// A plan.
    Plan(PlanId),
    /// A unit or its subtree.
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

/// A quota by id, if the caller may know of it.
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
    /// A page of the list, in one statement.
    ///
    /// # Errors
    /// `Forbidden` without `quota:read`; `Invalid` for a year outside the calendar, bad paging arguments, foreign
    /// cursors.
    pub async fn page(&self, access: &Access, args: &PageArgs) -> Result<Page<VisibleQuota>> {
        let quotas = access.quotas()?;
        let cursors = access.cursors(&("quotas", self));
        let window = cursors.window(args)?;
        let rows = Self::keyset().narrow(self.select(access)?, &window).all(&access.prepared()).await?;
        let page = cursors.page(&window, rows, Self::position);
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
            QuotasOf::Plan(plan) => Condition::all().add(quota::Column::PlanId.eq(plan)),
            QuotasOf::Unit { unit, year, reach, predecessors } => {
                let branch = Branch { root: unit, hierarchy: Hierarchy::Administrative, reach, predecessors };
                of_branch(access, branch, year)?
            }
        };
        Ok(access.quotas()?.select().filter(of).filter(Condition::all().add_option(self.unused_only.then(has_seats))))
    }

    fn keyset() -> Keyset {
        let column = |column| Expr::col((quota::Entity, column));
        let programme = (column(quota::Column::ProgrammeCode), Direction::Asc);
        Keyset::new(vec![programme], column(quota::Column::Id))
    }

    fn position(row: &quota::Model) -> Position {
        Position { keys: vec![Key::Text(row.programme_code.as_str().to_owned())], id: row.id.0 }
    }
}

fn of_branch(access: &Access, branch: Branch, year: i32) -> Result<Condition> {
    let years = years(("year", Some(year)), ("year", Some(year)))?;
    let memberships = years.map(|years| below_by_year(access, branch, years)).unwrap_or_default();
    // Over one year there is one membership at most.
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
    let giving = Query::select()
        .column((training_plan::Entity, training_plan::Column::Id))
        .from(training_plan::Entity)
        .and_where(training_plan::Column::State.is_in(PlanState::GIVING))
        .take();
    Condition::all()
        .add(quota::Column::State.eq(QuotaState::Issued))
        .add(column(quota::Column::Seats).gt(taken))
        .add(quota::Column::PlanId.in_subquery(giving))
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    #[test]
    fn a_quota_is_filled_by_what_is_used_of_the_seats_it_kept() {
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
