//! Lists of the people of some units. A list of few units starts from their posts, so its cost depends on the number of
//! units and not on the population.

use entity::{assignment, cadre};
use sea_orm::{
    prelude::Expr,
    sea_query::{Func, Query, SelectStatement, SimpleExpr},
};

use crate::{
    auth::User,
    authz::{Access, PostOn, ReachedUnits},
    db,
    domain::{
        cadre::{CadreList, CadreWhere},
        unit::{below, meant},
    },
    error::Result,
    page::Window,
};

/// Maximum number of units in a look-up by index.
pub(super) const MAX_UNITS: usize = 5_000;

/// Maximum number of posts to read for an unrestricted caller. Above it, scanning all people for an ordinary page is
/// cheaper.
const MAX_POSTS_UNRESTRICTED: u64 = 3_000;

/// Upper limit for counting posts.
const MAX_POSTS: u64 = 100_000;

/// Estimated cost of a row that row-level security rejects, in reads of posts.
const COST_OF_HIDDEN_ROW: u64 = 20;

/// Condition that a person holds a post in the requested units; `None` if scanning all people is cheaper. `window` is
/// `None` for a count, which reads every row.
///
/// # Errors
/// `Invalid` for an unknown code of a unit.
pub(super) async fn candidates(
    access: &Access,
    list: &CadreList,
    window: Option<&Window>,
) -> Result<Option<SimpleExpr>> {
    let requested = units(access, list)?;
    let Some(units) = requested.as_ref().map(ReachedUnits::len).or(access.narrowing().map(|units| units.len())) else {
        return Ok(None);
    };
    if units > MAX_UNITS {
        return Ok(None);
    }
    let posts = Posts { access, list, asked: requested, units };
    if posts.estimated_posts().await? > posts.worth_reading(window) {
        return Ok(None);
    }
    let mut holders = posts.select()?;
    holders.column(assignment::Column::CadreId);
    Ok(Some(db::any_found(access.backend(), Expr::col((cadre::Entity, cadre::Column::Id)), holders)))
}

/// Smallest set of units to which the list restricts posts; `None` if it names no unit.
pub(super) fn units(access: &Access, list: &CadreList) -> Result<Option<ReachedUnits>> {
    let day = list.day(access);
    let within = list.within.map(|(unit, reach)| below(access, unit, reach, day));
    let named = list.filter.unit.as_ref().map(|unit| meant(access, "where.unit", unit, day)).transpose()?;
    Ok(within.into_iter().chain(named).min_by_key(ReachedUnits::len))
}

/// Posts held in the units of a list.
struct Posts<'a> {
    access: &'a Access,
    list: &'a CadreList,
    asked: Option<ReachedUnits>,
    /// Number of units.
    units: usize,
}

impl Posts<'_> {
    fn select(&self) -> Result<SelectStatement> {
        let (cadres, units) = (self.access.cadres()?, self.asked.as_ref());
        Ok(match self.list.post_on(self.access) {
            PostOn::Current(day) => cadres.posts_on(day, units, None),
            PostOn::OfFile(_) => cadres.posts_ever(units),
        })
    }

    /// Estimated number of posts, used to choose a strategy.
    async fn estimated_posts(&self) -> Result<u64> {
        let caller = self.access.caller();
        // The key includes the caller's roots, because estimates differ by reach.
        let roots = || (caller.roots(), caller.on_behalf_of().map(User::roots));
        let reach = self.access.narrowing().map(|_| roots());
        let (within, filter) = (self.list.within, &self.list.filter);
        let is_ever = filter.with_post == Some(false);
        let name = format!("posts {within:?} {:?} {is_ever} {reach:?}", filter.unit);
        if let Some(posts) = self.access.caches().row_estimate(&name) {
            return Ok(posts);
        }
        let bounded = self.select()?.expr_as(Expr::val(1), "one").limit(MAX_POSTS + 1).take();
        let count =
            Query::select().expr_as(Func::count(Expr::cust("*")), "found").from_subquery(bounded, "bounded").take();
        let posts = self.access.number(&count).await?;
        self.access.caches().keep_row_estimate(name, posts);
        Ok(posts)
    }

    /// Maximum number of posts that are worth reading, because a scan in list order is not cheaper. If the list
    /// contains all people of the units, a scan finds about one match in `others` rows until the page is full;
    /// otherwise its cost is unknown.
    fn worth_reading(&self, window: Option<&Window>) -> u64 {
        let is_narrow = self.access.narrowing().is_some();
        let most = if is_narrow { MAX_POSTS } else { MAX_POSTS_UNRESTRICTED };
        let Some(window) = window.filter(|_| self.list.has_no_other_condition()) else { return most };
        let others = (self.access.reference_data().units().len() / self.units.max(1)) as u64;
        let each = if is_narrow { COST_OF_HIDDEN_ROW } else { 1 };
        others.saturating_mul(window.size as u64 + 1).saturating_mul(each).min(most)
    }
}

impl CadreList {
    /// Whether the list has no condition except units.
    fn has_no_other_condition(&self) -> bool {
        let CadreWhere {
            with_post,
            unit: _,
            titles,
            key_leader,
            category,
            gender,
            codes,
            status,
            holds,
            trained,
            below_standard,
            duty,
            and,
            or,
            not,
        } = &self.filter;
        let restricts_post = *with_post == Some(false) || titles.is_some() || key_leader.is_some();
        let restricts_person = category.is_some()
            || gender.is_some()
            || holds.is_some()
            || trained.is_some()
            || below_standard.is_some()
            || duty.is_some();
        let has_nested_conditions =
            codes.is_some() || status.is_some() || and.is_some() || or.is_some() || not.is_some();
        !(restricts_post || restricts_person || has_nested_conditions || self.search.is_some())
    }
}
