//! Lists of the people of some units. Where these are few they begin at the posts that are held there, so that they cost
//! what there is, however many people there are elsewhere and whatever it takes to find each of them out of sight.

use entity::{assignment, cadre};
use sea_orm::{
    prelude::Expr,
    sea_query::{Func, Query, SelectStatement, SimpleExpr},
};

use crate::{
    auth::User,
    db,
    domain::{
        authz::{Access, ReachedUnits},
        cadre::{CadreList, CadreWhere},
        page::Window,
        scalar,
        unit::{below, meant},
    },
    error::Result,
};

/// Most units in which something is looked up.
pub(super) const MAX_UNITS: usize = 5_000;

/// So many posts are read sooner than a usual page of people of some kind is found among all.
const FEW: u64 = 3_000;

/// More posts than this are not even counted.
const MAX: u64 = 100_000;

/// To find that somebody is out of sight takes PostgreSQL about as long as to read so many posts.
const OUT_OF_SIGHT: u64 = 20;

/// That a person is one of those who hold a post in the units that a list asks for, where they are sooner found so; for a
/// count, which goes through everybody, without a window.
///
/// # Errors
/// `Invalid` for a code of a unit that names nothing.
pub(super) async fn candidates(
    access: &Access,
    list: &CadreList,
    window: Option<&Window>,
) -> Result<Option<SimpleExpr>> {
    let asked = units(access, list)?;
    let Some(units) = asked.as_ref().map(ReachedUnits::len).or(access.narrowing().map(|units| units.len())) else {
        return Ok(None);
    };
    if units > MAX_UNITS {
        return Ok(None);
    }
    let posts = Posts { access, list, asked, units };
    if posts.about().await? > posts.worth_reading(window) {
        return Ok(None);
    }
    let mut holders = posts.select()?;
    holders.column(assignment::Column::CadreId);
    Ok(Some(db::any_found(access.backend(), Expr::col((cadre::Entity, cadre::Column::Id)), holders)))
}

/// The fewest units in one of which whoever is listed holds a post, as the list says; nothing where it names none.
pub(super) fn units(access: &Access, list: &CadreList) -> Result<Option<ReachedUnits>> {
    let day = list.day(access);
    let within = list.within.map(|(unit, reach)| below(access, unit, reach, day));
    let named = list.filter.unit.as_ref().map(|unit| meant(access, "where.unit", unit, day)).transpose()?;
    Ok(within.into_iter().chain(named).min_by_key(ReachedUnits::len))
}

/// The posts that are held in the units of a list.
struct Posts<'a> {
    access: &'a Access,
    list: &'a CadreList,
    asked: Option<ReachedUnits>,
    /// How many units there are.
    units: usize,
}

impl Posts<'_> {
    fn select(&self) -> Result<SelectStatement> {
        Ok(self.access.cadres()?.posts_on(self.list.day(self.access), self.asked.as_ref(), None))
    }

    /// About how many there are: good enough to choose by.
    async fn about(&self) -> Result<u64> {
        let (reference_data, caller) = (self.access.reference_data(), self.access.caller());
        // Of a part of the units others are told by others.
        let roots = || (caller.roots(), caller.on_behalf_of().map(User::roots));
        let reach = self.access.narrowing().map(|_| roots());
        let name = format!("posts {:?} {:?} {reach:?}", self.list.within, self.list.filter.unit);
        if let Some(posts) = reference_data.size(&name) {
            return Ok(posts);
        }
        let bounded = self.select()?.expr_as(Expr::val(1), "one").limit(MAX + 1).take();
        let count =
            Query::select().expr_as(Func::count(Expr::cust("*")), "found").from_subquery(bounded, "bounded").take();
        let posts = u64::try_from(scalar(self.access, &count).await?).unwrap_or(0);
        reference_data.remember_size(name, posts);
        Ok(posts)
    }

    /// How many are read sooner than the page is found along its order. Where the list takes everybody of the units, one
    /// in `others` is wanted until the page is full; otherwise nobody knows how far it would have to go.
    fn worth_reading(&self, window: Option<&Window>) -> u64 {
        let is_narrow = self.access.narrowing().is_some();
        let most = if is_narrow { MAX } else { FEW };
        let Some(window) = window.filter(|_| self.list.takes_everybody()) else { return most };
        let others = (self.access.reference_data().units().len() / self.units.max(1)) as u64;
        let each = if is_narrow { OUT_OF_SIGHT } else { 1 };
        others.saturating_mul(window.size as u64 + 1).saturating_mul(each).min(most)
    }
}

impl CadreList {
    /// Whether the list asks for nothing but units.
    fn takes_everybody(&self) -> bool {
        let CadreWhere { unit: _, titles, key_leader, category, gender, codes, status, holds, trained, and, or, not } =
            &self.filter;
        let asks_of_post = titles.is_some() || key_leader.is_some();
        let asks_of_person = category.is_some() || gender.is_some() || holds.is_some() || trained.is_some();
        let asks_otherwise = codes.is_some() || status.is_some() || and.is_some() || or.is_some() || not.is_some();
        !(asks_of_post || asks_of_person || asks_otherwise || self.search.is_some())
    }
}
