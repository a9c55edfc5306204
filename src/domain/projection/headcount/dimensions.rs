//! What counts and keys follow from beside the person: the trees over time, the titles of key leaders, the levels, and
//! the first day that is spoken of.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use entity::{
    cadre_key, level_count,
    value::{CountScope, Day, Hierarchy, Period, UnitId},
};
use sea_orm::IntoActiveModel;

use crate::domain::{
    reference_data::ReferenceData,
    unit::{Units, joined},
};

/// A cell of the counts: whose people, by which highest level, from which day on. Small: millions are added up at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct CountKey {
    /// Place of the unit in the basis.
    pub unit: u32,
    /// Place of the level in the basis; 0 where people are counted whatever they hold.
    pub level: u16,
    /// Whose people.
    pub scope: CountScope,
    /// Whether only posts of key leaders count.
    pub key_leaders: bool,
    /// From which day on; the first of the calendar for what counts on the folded day.
    pub day: Day,
}

/// A unit whose people somebody counts among, on some days.
#[derive(Debug)]
pub(super) struct AncestorSpan {
    /// Whose people.
    pub scope: CountScope,
    /// Place of the unit.
    pub unit: u32,
    /// On which days.
    pub during: Vec<Period>,
}

/// What counts and keys follow from beside the person.
#[derive(Debug)]
pub(super) struct Dimensions {
    reference_data: Arc<ReferenceData>,
    base_date: Day,
    units: Vec<UnitId>,
    places: HashMap<UnitId, u32>,
    levels: Vec<(String, i16)>,
    above: HashMap<UnitId, Arc<[AncestorSpan]>>,
}

/// The first day of the calendar.
pub(super) fn first_day() -> Day {
    Day::of(1800, 1, 1).expect("the calendar begins with 1800")
}

impl Dimensions {
    /// The basis for the days from the folded day on.
    pub fn new(reference_data: Arc<ReferenceData>, base_date: Day) -> Self {
        let mut levels = vec![(String::new(), 0)];
        for subject in reference_data.subjects() {
            levels.extend(subject.levels.iter().map(|level| (level.subject_code.to_string(), level.rank)));
        }
        levels.dedup();
        Self { reference_data, base_date, units: Vec::new(), places: HashMap::new(), levels, above: HashMap::new() }
    }

    /// Units and lists.
    pub fn reference_data(&self) -> &ReferenceData {
        &self.reference_data
    }

    /// The days that are spoken of.
    pub fn days(&self) -> Period {
        Period::new(Some(self.base_date), None).expect("a period without an end")
    }

    /// The day under which a change stands that counts from a day on.
    pub fn day(&self, from: Day) -> Day {
        if from <= self.base_date { first_day() } else { from }
    }

    /// The day that people are told of a change: the folded one for what counted before.
    pub fn shown(&self, day: Day) -> Day {
        day.max(self.base_date)
    }

    /// A unit by its place.
    pub fn unit(&self, place: u32) -> UnitId {
        self.units[place as usize]
    }

    /// Subject and rank of a level by its place.
    pub fn level(&self, place: u16) -> (&str, i16) {
        let (subject, rank) = &self.levels[usize::from(place)];
        (subject, *rank)
    }

    /// The place of a level; none of one that no list holds.
    pub fn place_of_level(&self, subject: &str, rank: i16) -> Option<u16> {
        let at = self.levels.iter().position(|level| level.0 == subject && level.1 == rank)?;
        u16::try_from(at).ok()
    }

    /// The place of a unit.
    pub fn place(&mut self, unit: UnitId) -> u32 {
        *self.places.entry(unit).or_insert_with(|| {
            self.units.push(unit);
            u32::try_from(self.units.len() - 1).expect("fewer units than four thousand millions")
        })
    }

    /// Where who holds a post in a unit counts.
    pub fn above(&mut self, unit: UnitId) -> Arc<[AncestorSpan]> {
        if let Some(above) = self.above.get(&unit) {
            return Arc::clone(above);
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
            // A unit that never had one below it is asked for its own people.
            let kept = stays.into_iter().filter(|(above, _)| *above != unit || !units.is_leaf(unit, hierarchy));
            all.extend(kept.map(|(above, during)| (scope, above, during)));
        }
        let above = all.into_iter().map(|(scope, unit, during)| AncestorSpan { scope, unit: self.place(unit), during });
        let above: Arc<[AncestorSpan]> = above.filter(|above| !above.during.is_empty()).collect();
        self.above.insert(unit, Arc::clone(&above));
        above
    }

    /// Whether a page key speaks of a day from the folded one on. What ended before is asked for by nobody.
    pub fn speaks_of(&self, key: &cadre_key::Model) -> bool {
        key.until_on.is_none_or(|until| self.base_date < until)
    }

    /// The row of a cell.
    pub fn row(&self, cell: CountKey, people: i32) -> level_count::ActiveModel {
        let (subject, rank) = self.level(cell.level);
        let row = level_count::Model {
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

    /// What the rows of cells are found by, in the order of the table's key but for the scopes.
    pub fn key(&self, cell: &CountKey) -> (CountScope, UnitId, bool, (&str, i16), Day) {
        (cell.scope, self.unit(cell.unit), cell.key_leaders, self.level(cell.level), cell.day)
    }

    /// The order in which cells are written by acts: the same in every transaction, or two of them would wait for each other; and
    /// those that everybody changes last, so that they are held for the shortest time.
    pub fn in_order(&self, cells: &mut [(CountKey, i32)]) {
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

/// Under which scope the people of a unit or subtree stand.
pub(super) fn scope(units: &Units, unit: UnitId, subtree: Option<Hierarchy>) -> CountScope {
    match subtree.filter(|hierarchy| !units.is_leaf(unit, *hierarchy)) {
        None => CountScope::Own,
        Some(Hierarchy::Administrative) => CountScope::Administrative,
        Some(Hierarchy::Party) => CountScope::Party,
    }
}
