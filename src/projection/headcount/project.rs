//! Pure functions from one person's posts and qualifications to counts and page keys.

use std::collections::{BTreeMap, HashMap};

use entity::{
    assignment, level_index,
    value::{CountScope, Day, Period, SubjectCode, UnitId},
};

use super::dimensions::{CountKey, Dimensions};
use crate::{projection::person::Person, reference::units::joined};

/// Period in which a level is the person's highest level of its subject.
pub(super) struct HighestLevel<'a> {
    pub subject: &'a SubjectCode,
    pub rank: i16,
    pub during: Period,
}

impl Person<'_> {
    /// Calls `count` with each change that the person makes to a count: the cell, and +1 or -1.
    pub(super) fn each_count(&self, dimensions: &mut Dimensions, mut count: impl FnMut(CountKey, i32)) {
        let highest_levels = self.highest_levels(dimensions);
        let mut levels = vec![(0, dimensions.days())];
        levels.extend(highest_levels.iter().filter_map(|highest_levels| {
            Some((
                dimensions.place_of_level(highest_levels.subject.as_str(), highest_levels.rank)?,
                highest_levels.during.intersection(&dimensions.days())?,
            ))
        }));
        for key_leaders in [false, true] {
            for ((scope, unit), during) in self.periods_by_unit(dimensions, key_leaders) {
                let cuts = during.iter().flat_map(|stay| {
                    levels
                        .iter()
                        .filter_map(|(level, highest_levels)| Some((*level, stay.intersection(highest_levels)?)))
                });
                for (level, days) in cuts {
                    let cell = |day| CountKey { unit, level, scope, key_leaders, day };
                    let from = days.from().map_or_else(super::dimensions::first_day, |from| dimensions.day(from));
                    count(cell(from), 1);
                    if let Some(until) = days.until() {
                        count(cell(until), -1);
                    }
                }
            }
        }
    }

    /// Periods in which the person counts, by scope and unit. Overlapping posts count once.
    fn periods_by_unit(&self, dimensions: &mut Dimensions, key_leaders: bool) -> Vec<((CountScope, u32), Vec<Period>)> {
        let mut pieces: HashMap<(CountScope, u32), Vec<Period>> = HashMap::new();
        for post in self.posts {
            let title = dimensions.reference_data().title(post.title_code.as_str());
            if key_leaders && !title.is_some_and(|title| title.is_key_leader) {
                continue;
            }
            let Some(days) = period(post).and_then(|period| period.intersection(&dimensions.days())) else { continue };
            for ancestor in dimensions.ancestor_spans(post.unit_id).iter() {
                let here = ancestor.during.iter().filter_map(|during| during.intersection(&days));
                pieces.entry((ancestor.scope, ancestor.unit)).or_default().extend(here);
            }
        }
        pieces.into_iter().map(|(place, pieces)| (place, joined(pieces))).collect()
    }

    /// Highest level of each subject over time.
    pub(super) fn highest_levels(&self, dimensions: &Dimensions) -> Vec<HighestLevel<'_>> {
        let mut ranks: BTreeMap<&SubjectCode, Vec<(Day, i16)>> = BTreeMap::new();
        for highest_levels in self.qualifications {
            if let Some(rank) =
                dimensions.reference_data().rank(&highest_levels.subject_code, &highest_levels.level_code)
            {
                ranks.entry(&highest_levels.subject_code).or_default().push((highest_levels.counts_from, rank));
            }
        }
        let mut all = Vec::new();
        for (subject, mut ranks) in ranks {
            ranks.sort_unstable();
            let mut rising: Vec<(Day, i16)> = Vec::new();
            for (from, rank) in ranks {
                match rising.last_mut() {
                    Some((_, highest)) if *highest >= rank => {}
                    Some((day, highest)) if *day == from => *highest = rank,
                    _ => rising.push((from, rank)),
                }
            }
            let ends = rising.iter().skip(1).map(|(from, _)| Some(*from)).chain([None]);
            all.extend(rising.iter().zip(ends).filter_map(|((from, rank), until)| {
                Some(HighestLevel { subject, rank: *rank, during: Period::new(Some(*from), until)? })
            }));
        }
        all
    }

    /// All page keys of the person, past and future.
    pub(super) fn keys(&self, dimensions: &Dimensions) -> Vec<level_index::Model> {
        let mut posts: BTreeMap<UnitId, Vec<Period>> = BTreeMap::new();
        for post in self.posts {
            posts.entry(post.unit_id).or_default().extend(period(post));
        }
        let highest_levels = self.highest_levels(dimensions);
        let mut keys = Vec::new();
        for (unit_id, periods) in posts {
            let branch_id = dimensions.reference_data().units().branch(unit_id);
            let cuts = joined(periods).into_iter().flat_map(|post| {
                highest_levels.iter().filter_map(move |highest_levels| {
                    Some((highest_levels, highest_levels.during.intersection(&post)?))
                })
            });
            keys.extend(cuts.filter_map(|(highest_levels, days)| {
                Some(level_index::Model {
                    unit_id,
                    subject_code: highest_levels.subject.clone(),
                    rank: highest_levels.rank,
                    cadre_id: self.id,
                    from_on: days.from()?,
                    branch_id,
                    sort_key: self.sort_key.to_owned(),
                    until_on: days.until(),
                })
            }));
        }
        keys
    }
}

/// Period of a post; `None` if it ends before it begins.
pub(super) fn period(post: &assignment::Model) -> Option<Period> {
    Period::new(Some(post.start_on), post.end_on)
}
