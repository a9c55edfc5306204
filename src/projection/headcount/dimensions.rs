//! Reference inputs of the projections: trees, titles, levels, base date.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use entity::{
    headcount, level_index,
    value::{CountScope, Day, Hierarchy, Period, UnitId},
};
use sea_orm::IntoActiveModel;

use crate::reference::{
    ReferenceData,
    units::{Units, joined},
};

/// Key of one count: scope, unit, level, title filter and start day. Kept small because rebuilds aggregate millions in
/// memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct CountKey {
    /// Index of the unit in `Dimensions`.
    pub unit: u32,
    /// Index of the level in `Dimensions`; 0 counts people regardless of their levels.
    pub level: u16,
    /// Scope: the unit alone, or its subtree in one hierarchy.
    pub scope: CountScope,
    /// Whether only posts of key leaders count.
    pub key_leaders: bool,
    /// First day of the count, inclusive; the first day of the calendar for counts that apply on the base date.
    pub day: Day,
}

/// A unit whose counts include the people of another unit, and the periods.
#[derive(Debug)]
pub(super) struct AncestorSpan {
    /// Scope of the count.
    pub scope: CountScope,
    /// Index of the unit in `Dimensions`.
    pub unit: u32,
    /// Periods in which the people are included.
    pub during: Vec<Period>,
}

/// Reference inputs of counts and page keys.
#[derive(Debug)]
pub(super) struct Dimensions {
    reference_data: Arc<ReferenceData>,
    base_date: Day,
    units: Vec<UnitId>,
    places: HashMap<UnitId, u32>,
    levels: Vec<(String, i16)>,
    ancestor_spans: HashMap<UnitId, Arc<[AncestorSpan]>>,
}

/// First day of the calendar.
pub(super) fn first_day() -> Day {
    Day::of(1800, 1, 1).expect("the calendar begins with 1800")
}

impl Dimensions {
    /// Creates the inputs for all days from the base date `base_date` on, inclusive.
    pub fn new(reference_data: Arc<ReferenceData>, base_date: Day) -> Self {
        let mut levels = vec![(String::new(), 0)];
        for subject in reference_data.subjects() {
            levels.extend(subject.levels.iter().map(|level| (level.subject_code.to_string(), level.rank)));
        }
        levels.dedup();
        Self {
            reference_data,
            base_date,
            units: Vec::new(),
            places: HashMap::new(),
            levels,
            ancestor_spans: HashMap::new(),
        }
    }

    /// Snapshot of units and reference lists.
    pub fn reference_data(&self) -> &ReferenceData {
        &self.reference_data
    }

    /// Covered days: from the base date on, without end.
    pub fn days(&self) -> Period {
        Period::new(Some(self.base_date), None).expect("a period has no end")
    }

    /// Day under which a change from day `from` on is stored: the first day of the calendar if it applies on the base
    /// date.
    pub fn day(&self, from: Day) -> Day {
        if from <= self.base_date { first_day() } else { from }
    }

    /// Day shown in messages; the base date for changes stored under the first day of the calendar.
    pub fn shown(&self, day: Day) -> Day {
        day.max(self.base_date)
    }

    /// Unit at an index.
    pub fn unit(&self, place: u32) -> UnitId {
        self.units[place as usize]
    }

    /// Subject and rank of the level at an index.
    pub fn level(&self, place: u16) -> (&str, i16) {
        let (subject, rank) = &self.levels[usize::from(place)];
        (subject, *rank)
    }

    /// Index of a level; `None` if no list contains the level.
    pub fn place_of_level(&self, subject: &str, rank: i16) -> Option<u16> {
        let at = self.levels.iter().position(|level| level.0 == subject && level.1 == rank)?;
        u16::try_from(at).ok()
    }

    /// Index of a unit, assigned at first use.
    pub fn place(&mut self, unit: UnitId) -> u32 {
        *self.places.entry(unit).or_insert_with(|| {
            self.units.push(unit);
            u32::try_from(self.units.len() - 1).expect("there are fewer than 2^32 units")
        })
    }

    /// Returns the units in whose counts people with a post in `unit` are included.
    pub fn ancestor_spans(&mut self, unit: UnitId) -> Arc<[AncestorSpan]> {
        if let Some(ancestor_spans) = self.ancestor_spans.get(&unit) {
            return Arc::clone(ancestor_spans);
        }
        let (reference_data, within) = (Arc::clone(&self.reference_data), self.days());
        let units = reference_data.units();
        let own = units.get(unit).map(|unit| unit.versions.iter().filter_map(|version| version.period()));
        let own = joined(own.into_iter().flatten().filter_map(|period| period.intersection(&within)));
        let mut all = vec![(CountScope::Own, unit, own)];
        for (scope, hierarchy) in
            [(CountScope::Administrative, Hierarchy::Administrative), (CountScope::Party, Hierarchy::Party)]
        {
            let stays = units.memberships_of(unit, hierarchy, within);
            // For a unit that never had a subordinate unit, reads use the own scope; no subtree count is stored.
            let kept = stays
                .into_iter()
                .filter(|(ancestor_spans, _)| *ancestor_spans != unit || !units.is_leaf(unit, hierarchy));
            all.extend(kept.map(|(ancestor_spans, during)| (scope, ancestor_spans, during)));
        }
        let ancestor_spans =
            all.into_iter().map(|(scope, unit, during)| AncestorSpan { scope, unit: self.place(unit), during });
        let ancestor_spans: Arc<[AncestorSpan]> =
            ancestor_spans.filter(|ancestor_spans| !ancestor_spans.during.is_empty()).collect();
        self.ancestor_spans.insert(unit, Arc::clone(&ancestor_spans));
        ancestor_spans
    }

    /// Whether a page key covers a day on or after the base date. Keys that ended earlier are never read.
    pub fn covers(&self, key: &level_index::Model) -> bool {
        key.until_on.is_none_or(|until| self.base_date < until)
    }

    /// Database row of a count.
    pub fn row(&self, cell: CountKey, people: i32) -> headcount::ActiveModel {
        let (subject, rank) = self.level(cell.level);
        let row = headcount::Model {
            scope: cell.scope,
            unit_id: self.unit(cell.unit),
            key_leaders: cell.key_leaders,
            subject_code: subject.to_owned(),
            rank,
            day: cell.day,
            people,
        };
        row.into_active_model()
    }

    /// Sort key of a cell: the order of the table's primary key, except for scopes.
    pub fn key(&self, cell: &CountKey) -> (CountScope, UnitId, bool, (&str, i16), Day) {
        (cell.scope, self.unit(cell.unit), cell.key_leaders, self.level(cell.level), cell.day)
    }

    /// Sorts cells into the order in which commands write them. All transactions use the same order, which avoids
    /// deadlocks. Cells of units high in the tree, which most commands change, come last, so that their row locks are
    /// held for the shortest time.
    pub fn sort(&self, cells: &mut [(CountKey, i32)]) {
        let units = self.reference_data.units();
        let depth = |cell: &CountKey| match hierarchy(cell.scope) {
            Some(hierarchy) => units.depth(self.unit(cell.unit), hierarchy),
            None => usize::MAX,
        };
        cells.sort_by_cached_key(|(cell, _)| {
            let level = self.level(cell.level);
            let level = (level.0.to_owned(), level.1);
            (Reverse(depth(cell)), cell.scope, self.unit(cell.unit), cell.key_leaders, level, cell.day)
        });
    }
}

fn hierarchy(scope: CountScope) -> Option<Hierarchy> {
    match scope {
        CountScope::Own => None,
        CountScope::Administrative => Some(Hierarchy::Administrative),
        CountScope::Party => Some(Hierarchy::Party),
    }
}

/// Scope under which the people of a unit or subtree are counted.
pub(super) fn scope(units: &Units, unit: UnitId, subtree: Option<Hierarchy>) -> CountScope {
    match subtree.filter(|hierarchy| !units.is_leaf(unit, *hierarchy)) {
        None => CountScope::Own,
        Some(Hierarchy::Administrative) => CountScope::Administrative,
        Some(Hierarchy::Party) => CountScope::Party,
    }
}
