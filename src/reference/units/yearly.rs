//! Members of a subtree by calendar year.
//!
//! A unit that exists on 31 December is placed in the tree of that day. A unit that ended within the year is placed in
//! the tree of its last day. Each unit thus has one position in each year in which it existed, and its activities of a
//! year count exactly once at each level of the tree.

use std::collections::{HashMap, HashSet};

use entity::value::{Day, Hierarchy, Period, UnitId};

use super::membership::{Membership, group_by_period, joined};
use crate::reference::units::{Reach, Units};

/// Whether the predecessors of units are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Predecessors {
    /// Without predecessors.
    Excluded,
    /// With predecessors that have ended.
    Included,
}

impl Predecessors {
    /// Value for an argument `includePredecessors`.
    pub fn from_argument(include: bool) -> Self {
        if include { Self::Included } else { Self::Excluded }
    }
}

/// A unit or its subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Root of the branch.
    pub root: UnitId,
    /// Tree of the branch.
    pub hierarchy: Hierarchy,
    /// The unit alone or its subtree.
    pub reach: Reach,
    /// Whether the predecessors of each unit of the branch are included.
    pub predecessors: Predecessors,
}

/// Period of calendar years from `first` to `last`, both inclusive; `None` for an open end. Returns `None` if `last` is
/// before `first`.
pub fn whole_years(first: Option<i32>, last: Option<i32>) -> Option<Period> {
    // The calendar ends with 2199, so the year after has no first day.
    let new_year = |year| Day::of(year, 1, 1);
    Period::new(first.and_then(new_year), last.and_then(|last| new_year(last + 1)))
}

/// Periods of whole calendar years in which each unit belongs to a branch.
type Years = HashMap<UnitId, Vec<Period>>;

impl Units {
    /// Day on which a unit is placed in the tree of a year: 31 December, or its last day within the year. `None` if the
    /// unit did not exist on either.
    pub fn day_in_year(&self, unit: UnitId, year: i32) -> Option<Day> {
        let (first, last) = (Day::of(year, 1, 1)?, Day::end_of_year(year)?);
        if self.get(unit)?.on(last).is_some() {
            return Some(last);
        }
        let ends = self.versions(unit).filter_map(|version| version.valid_to?.before());
        ends.filter(|day| (first..=last).contains(day)).max()
    }

    /// Ancestors of a unit in the tree of a year, nearest first. A unit that did not exist in the year is placed by its
    /// last version before 31 December, otherwise by its first.
    pub fn ancestors_in_year(&self, unit: UnitId, hierarchy: Hierarchy, year: i32) -> Vec<UnitId> {
        let day = self.day_in_year(unit, year).or_else(|| Day::end_of_year(year));
        day.map(|day| self.ancestors(unit, hierarchy, day)).unwrap_or_default()
    }

    /// Units of a branch in each calendar year of a period of whole years, grouped by the years of membership. The
    /// resulting periods are whole calendar years too. Units and periods are sorted, so that equal queries give equal
    /// statements.
    pub fn memberships_by_year(&self, branch: Branch, within: Period) -> Vec<Membership> {
        let years = match branch.predecessors {
            Predecessors::Excluded => self.years_below(branch, within),
            Predecessors::Included => self.years_with_predecessors(branch, within),
        };
        group_by_period(years)
    }

    fn years_below(&self, branch: Branch, within: Period) -> Years {
        let stays = self.stays(branch.root, branch.hierarchy, branch.reach, within).into_iter();
        let years = stays.map(|(unit, pieces)| {
            let years = joined(pieces).into_iter().filter_map(|membership| self.years_of(unit, membership));
            (unit, joined(years))
        });
        years.filter(|(_, years)| !years.is_empty()).collect()
    }

    /// Years in which the day that places the unit in the tree lies in this stay in a subtree.
    fn years_of(&self, unit: UnitId, membership: Period) -> Option<Period> {
        let from = membership.from().map(Day::year);
        let Some(until) = membership.until() else { return whole_years(from, None) };
        // 31 December of the year of `until` is after the stay, but the last day of the unit may be in it.
        let last = until.before()?;
        let ends_with_it = self.day_in_year(unit, last.year()) == Some(last);
        whole_years(from, Some(if ends_with_it { last.year() } else { until.year() - 1 }))
    }

    /// Years of membership in the branch, including the predecessors of its units, each with the predecessor's own
    /// subtree.
    fn years_with_predecessors(&self, branch: Branch, within: Period) -> Years {
        let mut all: HashMap<UnitId, HashSet<Period>> = HashMap::new();
        let mut expanded = HashSet::from([(branch.root, within)]);
        let mut pending = vec![(branch.root, within)];
        while let Some((root, within)) = pending.pop() {
            let years = self.years_below(Branch { root, ..branch }, within);
            // The predecessors of the root also count for years in which the root did not exist yet.
            let below = years.iter().flat_map(|(unit, years)| years.iter().map(move |years| (*unit, *years)));
            for (successor, years) in below.chain([(root, within)]) {
                let predecessors = self.ended_predecessors(successor).map(|unit| (unit, years));
                pending.extend(predecessors.filter(|one| expanded.insert(*one)));
            }
            for (unit, years) in years {
                all.entry(unit).or_default().extend(years);
            }
        }
        all.into_iter().map(|(unit, pieces)| (unit, joined(pieces))).collect()
    }

    /// Predecessors of a unit that have ended or have a recorded end. A predecessor that still exists, as after the
    /// separation of a part, keeps its own activities.
    fn ended_predecessors(&self, of: UnitId) -> impl Iterator<Item = UnitId> {
        let links = self.get(of).map(|unit| unit.predecessors.as_slice()).unwrap_or_default();
        let ended = |unit: &UnitId| self.versions(*unit).last().is_some_and(|last| last.valid_to.is_some());
        links.iter().map(|link| link.predecessor_id).filter(move |unit| ended(unit))
    }
}

#[cfg(test)]
mod tests {
    use entity::{
        unit_succession,
        value::{SuccessionId, SuccessionKind},
    };

    use super::{
        super::membership::tests::{Line, PROVINCE, units},
        *,
    };

    /// D ended on 2025-07-01 with its commune E, whose successor is N; K moved to the province. G existed for half a
    /// year. R did not exist in the spring of 2025. S, which still exists, is a predecessor of N too.
    const REORGANISED: [Line; 10] = [
        ("P", "", "", ""),
        ("D", "P", "", "2025-07-01"),
        ("E", "D", "", "2025-07-01"),
        ("K", "D", "", "2025-07-01"),
        ("K", "P", "2025-07-01", ""),
        ("N", "P", "2025-07-01", ""),
        ("G", "P", "2025-03-01", "2025-09-01"),
        ("R", "P", "", "2025-03-01"),
        ("R", "P", "2025-06-01", ""),
        ("S", "P", "", ""),
    ];

    fn reorganised() -> (Units, HashMap<&'static str, UnitId>) {
        let (mut units, ids) = units(&REORGANISED);
        let link = |predecessor: &str| unit_succession::Model {
            id: SuccessionId::new(),
            predecessor_id: ids[predecessor],
            successor_id: ids["N"],
            kind: SuccessionKind::Merge,
            on_date: "2025-07-01".parse().expect("a day"),
            document: None,
        };
        let successor = units.by_id.get_mut(&ids["N"]).expect("a unit");
        successor.predecessors.extend(["E", "S"].map(link));
        (units, ids)
    }

    /// Memberships as text: `first..last: codes`.
    fn described(memberships: &[Membership], units: &Units) -> Vec<String> {
        let year = |year: Option<i32>| year.map(|year| year.to_string()).unwrap_or_default();
        let line = |of: &Membership| {
            let code = |id: &UnitId| units.get(*id).expect("a unit").row.code.to_string();
            let mut codes: Vec<_> = of.units.iter().map(code).collect();
            codes.sort();
            let (first, after) = (of.during.from(), of.during.until());
            let last = after.map(|day| day.before().expect("a day").year());
            format!("{}..{}: {}", year(first.map(Day::year)), year(last), codes.join(" "))
        };
        memberships.iter().map(line).collect()
    }

    #[test]
    fn a_unit_that_ended_within_a_year_belongs_to_the_tree_of_its_last_day() {
        use Predecessors::{Excluded, Included};
        use Reach::{Subtree, Unit};
        let (units, ids) = reorganised();
        for (root, reach, predecessors, (first, last), expected) in [
            ("P", Subtree, Excluded, (None, None), &["..: K P R S", "..2025: D E", "2025..: N", "2025..2025: G"][..]),
            ("P", Subtree, Excluded, (Some(2025), Some(2025)), &["2025..2025: D E G K N P R S"]),
            ("P", Subtree, Excluded, (Some(2026), Some(2026)), &["2026..2026: K N P R S"]),
            ("P", Subtree, Included, (Some(2025), Some(2025)), &["2025..2025: D E G K N P R S"]),
            ("D", Subtree, Excluded, (None, None), &["..2024: K", "..2025: D E"]),
            ("D", Subtree, Excluded, (Some(2024), Some(2025)), &["2024..2024: K", "2024..2025: D E"]),
            ("D", Subtree, Excluded, (Some(2026), None), &[]),
            ("E", Unit, Excluded, (Some(2025), None), &["2025..2025: E"]),
            ("K", Unit, Excluded, (Some(2025), Some(2025)), &["2025..2025: K"]),
            ("N", Subtree, Excluded, (None, None), &["2025..: N"]),
            ("N", Subtree, Included, (None, None), &["..2025: E", "2025..: N"]),
            ("N", Unit, Included, (Some(2024), Some(2024)), &["2024..2024: E"]),
        ] {
            let branch = Branch { root: ids[root], hierarchy: Hierarchy::Administrative, reach, predecessors };
            let years = whole_years(first, last).expect("years in order");
            let found = described(&units.memberships_by_year(branch, years), &units);
            assert_eq!(found, expected, "{root} {reach:?} {predecessors:?} {first:?} {last:?}");
        }
    }

    #[test]
    fn a_unit_belongs_to_its_ancestors_on_its_day_of_each_year() {
        let mut placed = 0;
        for lines in [&PROVINCE[..], &REORGANISED[..]] {
            let (units, ids) = units(lines);
            for root in ids.values() {
                let predecessors = Predecessors::Excluded;
                let (hierarchy, reach) = (Hierarchy::Administrative, Reach::Subtree);
                let branch = Branch { root: *root, hierarchy, reach, predecessors };
                let all = units.memberships_by_year(branch, Period::default());
                for (unit, year) in ids.values().flat_map(|unit| (1999..2028).map(move |year| (unit, year))) {
                    let is_member = all
                        .iter()
                        .any(|of| of.during.holds(Day::of(year, 4, 1).expect("a day")) && of.units.contains(unit));
                    let expected = units.day_in_year(*unit, year).is_some()
                        && (unit == root || units.ancestors_in_year(*unit, hierarchy, year).contains(root));
                    assert_eq!(is_member, expected, "{lines:?} {root:?} {unit:?} {year}");
                    let one_year = whole_years(Some(year), Some(year)).expect("a year");
                    let of_year = units.memberships_by_year(branch, one_year);
                    assert_eq!(of_year.iter().any(|of| of.units.contains(unit)), expected);
                    assert!(of_year.len() <= 1, "one year has one membership");
                    placed += usize::from(expected);
                }
            }
        }
        assert!(placed > 500, "the control: {placed}");
    }

    #[test]
    fn a_cycle_of_successions_does_not_loop_forever() {
        let (mut units, ids) = reorganised();
        let back = units.get(ids["N"]).expect("a unit").predecessors[0].clone();
        let back = unit_succession::Model { predecessor_id: ids["E"], successor_id: ids["E"], ..back };
        units.by_id.get_mut(&ids["E"]).expect("a unit").predecessors.push(back);
        let (hierarchy, reach, predecessors) = (Hierarchy::Administrative, Reach::Subtree, Predecessors::Included);
        let branch = Branch { root: ids["N"], hierarchy, reach, predecessors };
        assert_eq!(units.memberships_by_year(branch, Period::default()).len(), 2);
    }
}
