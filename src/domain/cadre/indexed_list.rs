//! Lists restricted only by unit and level: totals are read from the counts, pages from the page keys.

use std::{sync::Arc, vec::IntoIter};

use entity::{
    headcount_state, level_index,
    value::{Hierarchy, UnitId},
};
use sea_orm::{
    ColumnTrait, DatabaseBackend, ExprTrait, Order,
    prelude::Expr,
    sea_query::{Query, SelectStatement, SimpleExpr, UnionType},
};
use uuid::Uuid;

use crate::{
    authz::{Access, ReachedUnits},
    db::{self, ReadMode},
    domain::{
        cadre::{CadreList, CadreOrderField, CadreWhere},
        unit::named,
    },
    error::Result,
    page::{Direction, Key, Position, Way, Window},
    projection::headcount::{self, Counted},
    reference::units::{Reach, Subtree},
};

/// A list restricted to a unit and possibly a level.
struct IndexableList<'a> {
    list: &'a CadreList,
    root: UnitId,
    hierarchy: Hierarchy,
    reach: Reach,
    subtree: Arc<Subtree>,
    /// Code of the subject, ranks of the highest level, and whether people without a level match.
    level: Option<(&'a str, Vec<i16>, bool)>,
}

impl<'a> IndexableList<'a> {
    /// The list in this form; `None` if it has other conditions.
    fn of(access: &Access, list: &'a CadreList) -> Result<Option<Self>> {
        let CadreWhere {
            with_post,
            unit,
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
        } = &list.filter;
        let has_other_conditions = *with_post == Some(false)
            || titles.is_some()
            || *key_leader == Some(false)
            || category.is_some()
            || gender.is_some()
            || below_standard.is_some()
            || duty.is_some();
        let has_nested_conditions =
            codes.is_some() || status.is_some() || trained.is_some() || and.is_some() || or.is_some() || not.is_some();
        if has_other_conditions || has_nested_conditions || list.search.is_some() {
            return Ok(None);
        }
        let (root, hierarchy, reach) = match (list.within, unit) {
            (Some((root, reach)), None) => (root, Hierarchy::Administrative, reach),
            (None, Some(unit)) => (named(access, "where.unit.code", &unit.code)?, unit.hierarchy, unit.reach),
            _ => return Ok(None),
        };
        let level = match holds {
            Some(holds) => {
                let (ranks, or_none) = holds.ranks(access, "where.holds")?;
                Some((holds.subject.as_str(), ranks, or_none))
            }
            None => None,
        };
        let subtree = access.subtree((root, hierarchy, reach, list.day(access)));
        Ok(Some(Self { list, root, hierarchy, reach, subtree, level }))
    }

    fn count_query(&self, access: &Access) -> Counted<'_> {
        Counted {
            unit: self.root,
            subtree: (self.reach == Reach::Subtree).then_some(self.hierarchy),
            key_leaders: self.list.filter.key_leader == Some(true),
            subject: self.level.as_ref().map(|(subject, ..)| *subject),
            day: self.list.day(access),
        }
    }

    /// Number of people of the unit or subtree who satisfy the level condition; `None` if the counts do not cover it.
    async fn people(&self, access: &Access) -> Result<Option<u64>> {
        let counts = headcount::counts(&access.prepared(), access.reference_data(), self.count_query(access)).await?;
        let Some(counts) = counts else { return Ok(None) };
        Ok(Some(match &self.level {
            None => counts.total,
            Some((_, ranks, or_none)) => {
                let held: u64 = ranks.iter().map(|rank| counts.of(*rank)).sum();
                held + if *or_none { counts.none() } else { 0 }
            }
        }))
    }

    /// Row estimate for choosing a strategy; assumes one person per unit for partial subtrees. Cached for all callers.
    async fn estimated_people(&self, access: &Access) -> Result<Option<u64>> {
        if !access.reaches_all_of(&self.subtree) {
            return Ok(Some(access.within(&self.subtree).ids().len() as u64));
        }
        let subject = self.level.as_ref().map(|(subject, ranks, _)| (*subject, ranks));
        let name = format!("people {:?} {:?} {:?} {subject:?}", self.root, self.hierarchy, self.reach);
        if let Some(people) = access.caches().row_estimate(&name) {
            return Ok(Some(people));
        }
        let people = self.people(access).await?;
        access.continue_reading(ReadMode::Single).await; // The estimate is not part of the response.
        if let Some(people) = people {
            access.caches().keep_row_estimate(name, people);
        }
        Ok(people)
    }

    /// Common branch of all requested units within reach, if there is one.
    fn branch(&self, access: &Access, units: &ReachedUnits) -> Option<UnitId> {
        let all = access.reference_data().units();
        match access.reaches_all_of(&self.subtree) {
            true => self.subtree.branch(all),
            false => all.common_branch(units.ids().map(UnitId)),
        }
    }
}

/// Total of a list from the counts; `None` if they do not cover it.
pub(super) async fn count(access: &Access, list: &CadreList) -> Result<Option<u64>> {
    match IndexableList::of(access, list)? {
        Some(indexable) if access.reaches_all_of(&indexable.subtree) => indexable.people(access).await,
        _ => Ok(None),
    }
}

/// Selects the persons of a window through the page keys; `None` if they do not cover the list. If the keys do not
/// cover the day, the select returns no row.
pub(super) async fn keys(access: &Access, list: &CadreList, window: &Window) -> Result<Option<SelectStatement>> {
    let order: Vec<_> = list.effective_order().collect();
    let [by] = order.as_slice() else { return Ok(None) };
    if by.field != CadreOrderField::Name || list.filter.key_leader.is_some() {
        return Ok(None);
    }
    let Some(indexable) = IndexableList::of(access, list)? else { return Ok(None) };
    let Some((subject, ranks, false)) = &indexable.level else { return Ok(None) };
    let Some(people) = indexable.estimated_people(access).await? else { return Ok(None) };

    let units = access.within(&indexable.subtree);
    let branch = indexable.branch(access, &units);
    let direction = by.direction;
    let keys = IndexQuery { access, indexable: &indexable, units, branch, subject, ranks, window, direction };
    Ok(Some(if keys.scan_in_name_order_is_faster(people) { keys.in_name_order() } else { keys.by_unit() }))
}

/// Query on the page keys for one window.
struct IndexQuery<'a> {
    access: &'a Access,
    indexable: &'a IndexableList<'a>,
    /// Requested units within reach.
    units: ReachedUnits,
    /// Common branch of these units, if there is one.
    branch: Option<UnitId>,
    subject: &'a str,
    ranks: &'a [i16],
    window: &'a Window,
    direction: Direction,
}

impl IndexQuery<'_> {
    /// Whether a page is found faster in the order of names than by reading the keys of the units. In name order, about
    /// one key in `others` matches, and the scan ends when the page is full; by unit, every key is read and sorted.
    fn scan_in_name_order_is_faster(&self, people: u64) -> bool {
        let others = (self.len_of_order() / self.units.ids().len().max(1)) as u64;
        people > others.saturating_mul(self.window.size as u64 + 1)
    }

    /// Number of units that a scan in name order covers: the units of the branch, or all units.
    fn len_of_order(&self) -> usize {
        let units = self.access.reference_data().units();
        self.branch.map_or(units.len(), |branch| units.len_of_branch(branch))
    }

    /// Scans keys in name order, in the branch or in all units, for each rank, until the window is full.
    fn in_name_order(&self) -> SelectStatement {
        let of_rank = |rank: &i16| {
            let mut keys = self.select();
            keys.and_where(level_index::Column::Rank.eq(*rank));
            self.branch.map(|branch| keys.and_where(level_index::Column::BranchId.eq(branch)));
            self.unit_filter().map(|units| keys.and_where(units));
            self.limit_to_window(&mut keys);
            Query::select().columns(["sort_key", "cadre_id"]).from_subquery(keys, "of_rank").take()
        };
        let mut all = self.ranks.iter().map(of_rank);
        let mut union = all.next().unwrap_or_else(|| self.select_nothing());
        all.for_each(|keys| {
            union.union(UnionType::All, keys);
        });
        let mut page = self.page(union);
        self.limit_to_window(&mut page);
        page
    }

    /// Reads all keys of the units and sorts them.
    fn by_unit(&self) -> SelectStatement {
        let mut keys = self.select();
        keys.and_where(level_index::Column::Rank.is_in(self.ranks.iter().copied())).and_where(self.units(db::any_id));
        self.limit_to_window(&mut keys);
        self.page(keys)
    }

    /// Wraps the keys in the form that lists read. Adds the condition that the keys cover the day, which is evaluated
    /// before the scan.
    fn page(&self, keys: SelectStatement) -> SelectStatement {
        Query::select()
            .expr_as(Expr::col("cadre_id"), "id")
            .column("sort_key")
            .expr_as(Expr::val(""), "unit_key")
            .from_subquery(keys, "of_page")
            .and_where(self.covers_day())
            .take()
    }

    /// Selects each person in the window who holds a level of the subject, once.
    fn select(&self) -> SelectStatement {
        use level_index::Column as Key;
        let day = self.indexable.list.day(self.access);
        let mut keys = Query::select();
        keys.distinct()
            .columns([Key::SortKey, Key::CadreId])
            .from(level_index::Entity)
            .and_where(Key::SubjectCode.eq(self.subject))
            .and_where(Key::FromOn.lte(day))
            .and_where(Key::UntilOn.is_null().or(Key::UntilOn.gt(day)));
        for (bound, is_after) in [(&self.window.after, true), (&self.window.before, false)] {
            if let Some(position) = bound {
                keys.and_where(self.beyond(position, is_after));
            }
        }
        keys
    }

    /// Condition on one side of a position, as a single row comparison, which can use an index.
    fn beyond(&self, position: &Position, is_after: bool) -> SimpleExpr {
        let sort_key = match position.keys.as_slice() {
            [Key::Bytes(sort_key)] => sort_key.clone(),
            _ => Vec::new(),
        };
        let pair = Expr::tuple([Expr::col(level_index::Column::SortKey), Expr::col(level_index::Column::CadreId)]);
        let other = Expr::tuple([Expr::val(sort_key), Expr::val(position.id)]);
        let is_greater = (self.direction == Direction::Asc) == is_after;
        if is_greater { pair.gt(other) } else { pair.lt(other) }
    }

    /// Condition that the unit is one of the requested units within reach.
    fn units(&self, is_one: impl Fn(DatabaseBackend, SimpleExpr, IntoIter<Uuid>) -> SimpleExpr) -> SimpleExpr {
        let units: Vec<Uuid> = self.units.ids().collect();
        is_one(self.access.backend(), Expr::col(level_index::Column::UnitId), units.into_iter())
    }

    /// Unit filter: IN (wanted) or NOT IN (others), whichever is shorter. `None` if the scan covers no other units.
    fn unit_filter(&self) -> Option<SimpleExpr> {
        let (subtree, units) = (&self.indexable.subtree, self.access.reference_data().units());
        if self.units.ids().len() == self.len_of_order() {
            return None;
        }
        if self.branch.is_some() || !self.access.reaches_all_of(subtree) || 2 * subtree.units().len() < units.len() {
            return Some(self.units(db::is_any_id));
        }
        let (others, column) = (subtree.others(units), Expr::col(level_index::Column::UnitId));
        Some(db::is_any_id(self.access.backend(), column, others.iter().map(|unit| unit.0)).not())
    }

    /// Condition that the keys cover the day and refer to no unit missing in the caller's snapshot. Otherwise the
    /// select returns no row.
    fn covers_day(&self) -> SimpleExpr {
        let base_date = Query::select()
            .column(headcount_state::Column::BaseOn)
            .from(headcount_state::Entity)
            .and_where(headcount_state::Column::Version.eq(headcount::VERSION))
            .and_where(headcount_state::Column::ListChange.lte(self.access.reference_data().log_position()))
            .take();
        SimpleExpr::from(base_date).lte(self.indexable.list.day(self.access))
    }

    fn select_nothing(&self) -> SelectStatement {
        let mut keys = self.select();
        keys.and_where(Expr::val(1).eq(0));
        keys
    }

    /// Adds the order of the window and a limit of one more than its size.
    fn limit_to_window(&self, keys: &mut SelectStatement) {
        keys.order_by("sort_key", self.order()).order_by("cadre_id", self.order()).limit(self.window.size as u64 + 1);
    }

    fn order(&self) -> Order {
        if (self.direction == Direction::Asc) == (self.window.way == Way::Forward) { Order::Asc } else { Order::Desc }
    }
}
