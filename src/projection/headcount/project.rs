//! Pure functions from one person's posts and qualifications to counts and page keys.

use std::collections::{BTreeMap, HashMap};

use entity::{
    assignment, level_index,
    value::{CountScope, Day, Period, SubjectCode, UnitId},
};

use super::dimensions::{CountKey, Dimensions};
use crate::{projection::person::Person, reference::units::joined};

/// Period in which a level is the person's highest of its subject.
struct Held<'a> {
    subject: &'a SubjectCode,
    rank: i16,
    during: Period,
}

impl Person<'_> {
    /// Calls `count` with each change that the person makes to a count: the cell, and +1 or -1.
    pub(super) fn each_count(&self, dimensions: &mut Dimensions, mut count: impl FnMut(CountKey, i32)) {
        let held = self.held(dimensions);
        let mut levels = vec![(0, dimensions.days())];
        levels.extend(held.iter().filter_map(|held| {
            Some((
                dimensions.place_of_level(held.subject.as_str(), held.rank)?,
                held.during.intersection(&dimensions.days())?,
            ))
        }));
        for key_leaders in [false, true] {
            for ((scope, unit), during) in self.stays(dimensions, key_leaders) {
                let cuts = during.iter().flat_map(|stay| {
                    levels.iter().filter_map(|(level, held)| Some((*level, stay.intersection(held)?)))
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
    fn stays(&self, dimensions: &mut Dimensions, key_leaders: bool) -> Vec<((CountScope, u32), Vec<Period>)> {
        let mut pieces: HashMap<(CountScope, u32), Vec<Period>> = HashMap::new();
        for post in self.posts {
            let title = dimensions.reference_data().title(post.title_code.as_str());
            if key_leaders && !title.is_some_and(|title| title.is_key_leader) {
                continue;
            }
            let Some(days) = period(post).and_then(|period| period.intersection(&dimensions.days())) else { continue };
            for above in dimensions.above(post.unit_id).iter() {
                let here = above.during.iter().filter_map(|during| during.intersection(&days));
                pieces.entry((above.scope, above.unit)).or_default().extend(here);
            }
        }
        pieces.into_iter().map(|(place, pieces)| (place, joined(pieces))).collect()
    }

    /// Highest level of each subject over time.
    fn held(&self, dimensions: &Dimensions) -> Vec<Held<'_>> {
        let mut ranks: BTreeMap<&SubjectCode, Vec<(Day, i16)>> = BTreeMap::new();
        for held in self.qualifications {
            if let Some(rank) = dimensions.reference_data().rank(&held.subject_code, &held.level_code) {
                ranks.entry(&held.subject_code).or_default().push((held.counts_from, rank));
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
                Some(Held { subject, rank: *rank, during: Period::new(Some(*from), until)? })
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
        let held = self.held(dimensions);
        let mut keys = Vec::new();
        for (unit_id, periods) in posts {
            let branch_id = dimensions.reference_data().units().branch(unit_id);
            let cuts = joined(periods)
                .into_iter()
                .flat_map(|post| held.iter().filter_map(move |held| Some((held, held.during.intersection(&post)?))));
            keys.extend(cuts.filter_map(|(held, days)| {
                Some(level_index::Model {
                    unit_id,
                    subject_code: held.subject.clone(),
                    rank: held.rank,
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
fn period(post: &assignment::Model) -> Option<Period> {
    Period::new(Some(post.start_on), post.end_on)
}
