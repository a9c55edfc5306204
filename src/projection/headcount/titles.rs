//! Pure functions from one person's posts and qualifications to rows of the index of titles.

use std::collections::{BTreeMap, BTreeSet};

use entity::{
    title_index,
    value::{Day, Period, TitleCode, UnitId},
};

use super::{dimensions::Dimensions, levels, project::period};
use crate::{projection::person::Person, reference::units::joined};

/// Periods in which a person holds a title in a unit.
type Stays<'a> = BTreeMap<(UnitId, &'a TitleCode), Vec<Period>>;

impl Person<'_> {
    /// All rows of the person, past and future. Each has the same levels, and the same answer to whether the person holds
    /// another title, on all its days.
    pub(super) fn titles(&self, dimensions: &Dimensions) -> Vec<title_index::Model> {
        let mut stays: Stays<'_> = BTreeMap::new();
        for post in self.posts {
            stays.entry((post.unit_id, &post.title_code)).or_default().extend(period(post));
        }
        stays.values_mut().for_each(|periods| *periods = joined(periods.drain(..)));
        let highest = self.highest_levels(dimensions);
        let days_of = |period: &Period| [period.from(), period.until()].into_iter().flatten();
        let cuts: BTreeSet<Day> =
            stays.values().flatten().chain(highest.iter().map(|level| &level.during)).flat_map(days_of).collect();
        let levels_on = |day: Day| {
            let held = highest.iter().filter(|level| level.during.holds(day));
            let reference_data = dimensions.reference_data();
            held.map(|level| levels::part(reference_data, level.subject.as_str(), level.rank)).fold(0, |a, b| a | b)
        };
        let mut rows: Vec<title_index::Model> = Vec::new();
        for ((unit_id, title), periods) in &stays {
            let branch_id = dimensions.reference_data().units().branch(*unit_id);
            for (from_on, until_on) in periods.iter().flat_map(|period| pieces(period, &cuts)) {
                let row = title_index::Model {
                    is_only: stays.values().filter(|periods| periods.iter().any(|of| of.holds(from_on))).count() == 1,
                    branch_id,
                    until_on,
                    unit_id: *unit_id,
                    title_code: TitleCode::clone(title),
                    cadre_id: self.id,
                    from_on,
                    levels: levels_on(from_on),
                };
                match rows.last_mut().filter(|last| continues(last, &row)) {
                    Some(last) => last.until_on = until_on,
                    None => rows.push(row),
                }
            }
        }
        rows
    }
}

/// A period as pieces without a cut within.
fn pieces(period: &Period, cuts: &BTreeSet<Day>) -> Vec<(Day, Day)> {
    let until = period.until().unwrap_or_else(Day::after_calendar);
    let Some(from) = period.from() else { return Vec::new() };
    let starts: Vec<Day> =
        [from].into_iter().chain(cuts.iter().copied().filter(|cut| from < *cut && *cut < until)).collect();
    let ends = starts.iter().skip(1).copied().chain([until]);
    starts.iter().copied().zip(ends).collect()
}

/// Whether a row differs from the one before it in its days only, and follows it directly.
fn continues(last: &title_index::Model, next: &title_index::Model) -> bool {
    let of = |row: &title_index::Model| (row.is_only, row.unit_id, row.title_code.clone(), row.levels);
    last.until_on == next.from_on && of(last) == of(next)
}
