//! Members of a unit's subtree over time, for queries that evaluate each row on the row's own day.

use std::collections::{HashMap, HashSet};

use entity::value::{Day, Hierarchy, Period, UnitId};

use crate::reference::units::{Reach, Units};

/// Units that were in a subtree during the same period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Period of membership.
    pub during: Period,
    /// Ids of the units, sorted.
    pub units: Vec<UnitId>,
}

impl Units {
    /// Subtree of a unit over a period: for each sub-period, the units that belong to the subtree during exactly that
    /// sub-period. A unit that left and returned appears in two. Periods and units are sorted, so that equal queries
    /// give equal statements.
    pub fn memberships(&self, root: UnitId, hierarchy: Hierarchy, reach: Reach, within: Period) -> Vec<Membership> {
        let stays = self.stays(root, hierarchy, reach, within).into_iter();
        group_by_period(stays.map(|(unit, pieces)| (unit, joined(pieces))))
    }

    /// Units whose subtree contains `unit` during a period, the unit itself included, and the periods: the inverse of
    /// `memberships`.
    pub(crate) fn memberships_of(
        &self,
        unit: UnitId,
        hierarchy: Hierarchy,
        within: Period,
    ) -> Vec<(UnitId, Vec<Period>)> {
        let mut stays: HashMap<UnitId, HashSet<Period>> = HashMap::new();
        let mut pending = vec![(unit, within)];
        while let Some((unit, during)) = pending.pop() {
            for version in self.versions(unit) {
                let Some(during) = version.period().and_then(|period| period.intersection(&during)) else { continue };
                // Terminates on a cycle in recorded history: intersections never grow.
                let is_new = stays.entry(unit).or_default().insert(during);
                pending.extend(version.parent_in(hierarchy).filter(|_| is_new).map(|parent| (parent, during)));
            }
        }
        stays.into_iter().map(|(unit, pieces)| (unit, joined(pieces))).collect()
    }

    /// Periods of each unit in the subtree: the periods of its versions intersected with those of the parent.
    pub(super) fn stays(
        &self,
        root: UnitId,
        hierarchy: Hierarchy,
        reach: Reach,
        within: Period,
    ) -> HashMap<UnitId, HashSet<Period>> {
        let mut stays: HashMap<UnitId, HashSet<Period>> = HashMap::new();
        let mut pending: Vec<(UnitId, Period)> =
            self.versions(root).filter_map(|version| Some((root, version.period()?.intersection(&within)?))).collect();
        while let Some((unit, during)) = pending.pop() {
            // Terminates on a cycle in recorded history: intersections never grow.
            if !stays.entry(unit).or_default().insert(during) || reach == Reach::Unit {
                continue;
            }
            for child in self.ever_below(unit, hierarchy) {
                let below = self.versions(child).filter(|version| version.parent_in(hierarchy) == Some(unit));
                pending.extend(below.filter_map(|version| Some((child, version.period()?.intersection(&during)?))));
            }
        }
        stays
    }
}

/// Groups units by equal periods. Units and periods are sorted.
pub(super) fn group_by_period(units: impl IntoIterator<Item = (UnitId, Vec<Period>)>) -> Vec<Membership> {
    let mut during: HashMap<(Option<Day>, Option<Day>), Vec<UnitId>> = HashMap::new();
    for (unit, periods) in units {
        for period in periods {
            during.entry((period.from(), period.until())).or_default().push(unit);
        }
    }
    let mut memberships: Vec<_> = during
        .into_iter()
        .filter_map(|((from, until), mut units)| {
            units.sort_unstable();
            Some(Membership { during: Period::new(from, until)?, units })
        })
        .collect();
    memberships.sort_unstable_by_key(|membership| (membership.during.from(), membership.during.until()));
    memberships
}

/// Merges periods into the smallest number of disjoint periods, sorted.
pub(crate) fn joined(pieces: impl IntoIterator<Item = Period>) -> Vec<Period> {
    let mut pieces: Vec<Period> = pieces.into_iter().collect();
    pieces.sort_unstable_by_key(Period::from);
    let mut joined: Vec<Period> = Vec::new();
    for piece in pieces {
        match joined.last_mut().and_then(|last| Some((last.union(&piece)?, last))) {
            Some((both, last)) => *last = both,
            None => joined.push(piece),
        }
    }
    joined
}

#[cfg(test)]
pub(super) mod tests {
    use entity::{
        sample, unit, unit_version,
        value::{Tier, UnitKind},
    };

    use super::*;

    /// A version: unit, parent, first day (inclusive), end (exclusive); empty text for a missing value.
    pub(in crate::reference::units) type Line = (&'static str, &'static str, &'static str, &'static str);

    /// C was merged with C1 and C1U into A; X moved from A to B and back; D ended without a successor; M is new; C2
    /// ended with C.
    pub(in crate::reference::units) const PROVINCE: [Line; 14] = [
        ("P", "", "", ""),
        ("A", "P", "", ""),
        ("B", "P", "", ""),
        ("A1", "A", "", "2015-01-01"),
        ("A1", "A", "2015-01-01", ""),
        ("C", "P", "", "2020-01-01"),
        ("C1", "C", "", "2020-01-01"),
        ("C1", "A", "2020-01-01", ""),
        ("C1U", "C1", "", ""),
        ("C2", "C", "", "2020-01-01"),
        ("X", "A", "2001-01-01", "2010-01-01"),
        ("X", "B", "2010-01-01", "2012-01-01"),
        ("X", "A", "2012-01-01", ""),
        ("M", "X", "2011-01-01", "2013-01-01"),
    ];

    pub(in crate::reference::units) fn units(lines: &[Line]) -> (Units, HashMap<&'static str, UnitId>) {
        let mut ids = HashMap::new();
        for (code, ..) in lines {
            ids.entry(*code).or_insert_with(UnitId::new);
        }
        let rows = ids.iter().map(|(code, id)| unit::Model { id: *id, code: code.parse().expect("a code") }).collect();
        let version = |(code, parent, from, until): &Line| unit_version::Model {
            unit_id: ids[code],
            valid_from: from.parse().ok(),
            valid_to: until.parse().ok(),
            name: (*code).to_owned(),
            kind: UnitKind::Department,
            tier: Tier::Province,
            parent_id: ids.get(parent).copied(),
            ..sample::unit_version()
        };
        (Units::new(rows, lines.iter().map(version).collect(), Vec::new()), ids)
    }

    fn period(from: &str, until: &str) -> Period {
        Period::new(from.parse().ok(), until.parse().ok()).expect("a period")
    }

    /// Memberships as text: `from..until: codes`.
    fn described(lines: &[Line], root: &str, reach: Reach, within: Period) -> Vec<String> {
        let (units, ids) = units(lines);
        let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
        let code = |id: &UnitId| units.get(*id).expect("a unit").row.code.to_string();
        units
            .memberships(ids[root], Hierarchy::Administrative, reach, within)
            .iter()
            .map(|of| {
                let mut codes: Vec<_> = of.units.iter().map(code).collect();
                codes.sort();
                format!("{}..{}: {}", day(of.during.from()), day(of.during.until()), codes.join(" "))
            })
            .collect()
    }

    #[test]
    fn a_subtree_lists_the_periods_of_its_units() {
        let ever = period("", "");
        for (root, reach, within, expected) in [
            (
                "A",
                Reach::Subtree,
                ever,
                vec![
                    "..: A A1",
                    "2001-01-01..2010-01-01: X",
                    "2012-01-01..: X",
                    "2012-01-01..2013-01-01: M",
                    "2020-01-01..: C1 C1U",
                ],
            ),
            ("B", Reach::Subtree, ever, vec!["..: B", "2010-01-01..2012-01-01: X", "2011-01-01..2012-01-01: M"]),
            ("C", Reach::Subtree, ever, vec!["..2020-01-01: C C1 C1U C2"]),
            ("C", Reach::Unit, ever, vec!["..2020-01-01: C"]),
            ("A", Reach::Unit, ever, vec!["..: A"]),
            (
                "P",
                Reach::Subtree,
                period("2014-01-01", "2015-01-01"),
                vec!["2014-01-01..2015-01-01: A A1 B C C1 C1U C2 P X"],
            ),
            (
                "A",
                Reach::Subtree,
                period("2019-12-31", "2020-01-02"),
                vec!["2019-12-31..2020-01-02: A A1 X", "2020-01-01..2020-01-02: C1 C1U"],
            ),
            ("C", Reach::Subtree, period("2020-01-01", ""), vec![]),
            ("M", Reach::Subtree, period("", "2012-01-01"), vec!["2011-01-01..2012-01-01: M"]),
        ] {
            assert_eq!(described(&PROVINCE, root, reach, within), expected, "{root} {reach:?} {within:?}");
        }
    }

    #[test]
    fn the_members_on_each_day_are_the_subtree_of_that_day() {
        let (units, ids) = units(&PROVINCE);
        let turns = ["2000-12-31", "2001-01-01", "2009-12-31", "2010-01-01", "2011-01-01", "2011-12-31", "2012-01-01"];
        let later = ["2012-12-31", "2013-01-01", "2014-12-31", "2015-01-01", "2019-12-31", "2020-01-01", "2026-06-01"];
        let (mut compared, mut changed) = (0, 0);
        for (code, root) in &ids {
            for reach in [Reach::Unit, Reach::Subtree] {
                let memberships = units.memberships(*root, Hierarchy::Administrative, reach, period("", ""));
                for day in turns.iter().chain(&later) {
                    let day: Day = day.parse().expect("a day");
                    let members = memberships.iter().filter(|of| of.during.holds(day)).flat_map(|of| &of.units);
                    let subtree = units.subtree(*root, Hierarchy::Administrative, reach, day);
                    assert_eq!(members.copied().collect::<HashSet<_>>(), subtree, "{code} {reach:?} {day}");
                    compared += 1;
                    let today =
                        units.subtree(*root, Hierarchy::Administrative, reach, "2026-06-01".parse().expect("a day"));
                    changed += usize::from(subtree != today);
                }
            }
        }
        assert!(changed * 4 > compared, "the control: the tree of today would differ, {changed} of {compared}");
    }

    #[test]
    fn the_inverse_gives_the_same_periods() {
        let (units, ids) = units(&PROVINCE);
        let mut compared = 0;
        for within in [period("", ""), period("2011-06-01", "2019-01-01"), period("2012-01-01", "")] {
            for root in ids.values() {
                for unit in ids.values() {
                    let down = units.memberships(*root, Hierarchy::Administrative, Reach::Subtree, within);
                    let down: Vec<Period> =
                        down.into_iter().filter(|of| of.units.contains(unit)).map(|of| of.during).collect();
                    let mut up = units.memberships_of(*unit, Hierarchy::Administrative, within);
                    up.retain(|(of, _)| of == root);
                    let up = up.pop().map(|(_, days)| days).unwrap_or_default();
                    compared += up.len();
                    assert_eq!(joined(down), up, "{within:?}");
                }
            }
        }
        assert!(compared > 60, "the control: {compared} stretches were compared");
    }

    #[test]
    fn a_cycle_in_history_does_not_loop_forever() {
        let circle = [("A", "B", "2010-01-01", ""), ("B", "A", "2012-01-01", "")];
        assert_eq!(described(&circle, "A", Reach::Subtree, period("", "")), ["2010-01-01..: A", "2012-01-01..: B"]);
        let (units, ids) = units(&circle);
        assert_eq!(units.memberships_of(ids["B"], Hierarchy::Administrative, period("", "")).len(), 2);
    }
}
