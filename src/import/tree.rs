//! Checks of units over time: pure functions over the versions of a bundle and of the database together.

use std::collections::HashMap;

use chrono::Datelike;
use entity::value::{Hierarchy, Period, UnitId};

/// Maximum depth of a hierarchy. A longer chain of parents is treated as a cycle.
const DEEPEST: usize = 100;

/// Levels that a tree of units may have. The administrative and the Party hierarchy have fewer than ten.
pub(super) const MAX_LEVELS: usize = 32;

/// The days `from <= day < until` as numbers, open ends at the extremes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub from: i32,
    pub until: i32,
}

impl Span {
    /// The days of a period.
    pub fn of(period: &Period) -> Self {
        Self {
            from: period.from().map_or(i32::MIN, |day| day.0.num_days_from_ce()),
            until: period.until().map_or(i32::MAX, |day| day.0.num_days_from_ce()),
        }
    }

    fn intersection(self, other: Self) -> Option<Self> {
        let intersection = Self { from: self.from.max(other.from), until: self.until.min(other.until) };
        (intersection.from < intersection.until).then_some(intersection)
    }
}

/// The columns of a unit version that the checks use.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub unit: UnitId,
    pub span: Span,
    pub parent: Option<UnitId>,
    pub party_parent: Option<UnitId>,
    /// Line of the bundle; `None` for a version of the database.
    pub line: Option<u64>,
}

impl Version {
    fn parent_in(&self, hierarchy: Hierarchy) -> Option<UnitId> {
        match hierarchy {
            Hierarchy::Administrative => self.parent,
            Hierarchy::Party => self.party_parent,
        }
    }
}

/// All versions, those of each unit in the order of their first day.
pub(super) struct Tree {
    versions: Vec<Version>,
    of_unit: HashMap<UnitId, Vec<usize>>,
}

impl Tree {
    /// Indexes the versions by unit, in the order of their days.
    pub fn new(versions: Vec<Version>) -> Self {
        let mut of_unit: HashMap<UnitId, Vec<usize>> = HashMap::new();
        for (at, version) in versions.iter().enumerate() {
            of_unit.entry(version.unit).or_default().push(at);
        }
        for of_one in of_unit.values_mut() {
            of_one.sort_by_key(|at| (versions[*at].span, versions[*at].line));
        }
        Self { versions, of_unit }
    }

    /// Lines whose interval shares a day with another row of the same unit: of each two, the later line.
    pub fn overlapping(&self) -> Vec<u64> {
        let mut lines = Vec::new();
        for of_one in self.of_unit.values() {
            let mut rows = of_one.iter().map(|at| &self.versions[*at]).filter(|version| version.line.is_some());
            let Some(mut longest) = rows.next() else { continue };
            for row in rows {
                if row.span.from < longest.span.until {
                    lines.extend(row.line.max(longest.line));
                }
                if row.span.until > longest.span.until {
                    longest = row;
                }
            }
        }
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    /// Lines whose parent in the hierarchy does not exist on each day of the row. A parent without any version is
    /// unknown, which another check reports.
    pub fn orphaned(&self, hierarchy: Hierarchy) -> Vec<u64> {
        let is_orphaned = |version: &&Version| {
            let parent = version.parent_in(hierarchy).and_then(|parent| self.of_unit.get(&parent));
            parent.is_some_and(|of_parent| !self.covers(of_parent, version.span))
        };
        self.versions
            .iter()
            .filter(|version| version.line.is_some())
            .filter(is_orphaned)
            .filter_map(|v| v.line)
            .collect()
    }

    fn covers(&self, of_one: &[usize], span: Span) -> bool {
        let mut covered = span.from;
        for at in of_one {
            let next = self.versions[*at].span;
            if next.from > covered {
                break;
            }
            covered = covered.max(next.until);
        }
        covered >= span.until
    }

    /// Lines of units that are, on some day, their own ancestor in the hierarchy.
    pub fn circular(&self, hierarchy: Hierarchy) -> Vec<u64> {
        let levels = self.levels(hierarchy);
        let safe: Vec<bool> = levels.iter().map(Option::is_some).collect();
        let suspects = (0..self.versions.len()).filter(|at| !safe[*at]);
        suspects.filter(|at| self.returns(*at, hierarchy, &safe)).filter_map(|at| self.versions[at].line).collect()
    }

    /// Lines of units below the last permitted level of the hierarchy: of each chain of units only the first line, as
    /// all others follow from it.
    pub fn too_deep(&self, hierarchy: Hierarchy) -> Vec<u64> {
        let levels = self.levels(hierarchy);
        let is_too_deep = |at: usize| levels[at].is_some_and(|level| level > MAX_LEVELS);
        let is_first = |at: &usize| {
            let reported =
                |parent_versions: usize| is_too_deep(parent_versions) && self.versions[parent_versions].line.is_some();
            is_too_deep(*at) && !self.parent_versions(*at, hierarchy).any(reported)
        };
        let mut lines: Vec<u64> =
            (0..self.versions.len()).filter(is_first).filter_map(|at| self.versions[at].line).collect();
        lines.sort_unstable();
        lines
    }

    /// The versions of a version's parent with which it shares a day.
    fn parent_versions(&self, at: usize, hierarchy: Hierarchy) -> impl Iterator<Item = usize> {
        let parent = self.versions[at].parent_in(hierarchy).and_then(|parent| self.of_unit.get(&parent));
        let span = self.versions[at].span;
        parent
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .copied()
            .filter(move |parent_versions| span.intersection(self.versions[*parent_versions].span).is_some())
    }

    /// The level of each version, 1 at the top: the length of the longest chain of ancestor versions in which each pair
    /// of neighbours shares a day. A version without a level is part of a cycle or below one. On no single day need all
    /// links of such a cycle exist, because their intervals may not overlap.
    fn levels(&self, hierarchy: Hierarchy) -> Vec<Option<usize>> {
        let mut below = vec![Vec::new(); self.versions.len()];
        let mut waits_for = vec![0_usize; self.versions.len()];
        for (at, ways) in waits_for.iter_mut().enumerate() {
            for parent_versions in self.parent_versions(at, hierarchy) {
                below[parent_versions].push(at);
                *ways += 1;
            }
        }
        let mut longest = vec![1_usize; self.versions.len()];
        let mut levels = vec![None; self.versions.len()];
        let mut ready: Vec<usize> = (0..self.versions.len()).filter(|at| waits_for[*at] == 0).collect();
        while let Some(at) = ready.pop() {
            levels[at] = Some(longest[at]);
            for &child in &below[at] {
                longest[child] = longest[child].max(longest[at] + 1);
                waits_for[child] -= 1;
                if waits_for[child] == 0 {
                    ready.push(child);
                }
            }
        }
        levels
    }

    /// Whether the ancestors of a version, on some of its days, include its own unit.
    fn returns(&self, start: usize, hierarchy: Hierarchy, safe: &[bool]) -> bool {
        let unit = self.versions[start].unit;
        let mut path: Vec<UnitId> = Vec::new();
        let mut open = vec![(start, self.versions[start].span, 0)];
        while let Some((at, span, depth)) = open.pop() {
            path.truncate(depth);
            path.push(self.versions[at].unit);
            for parent_versions in self.parent_versions(at, hierarchy) {
                let Some(intersection) = span.intersection(self.versions[parent_versions].span) else { continue };
                let parent = self.versions[parent_versions].unit;
                if parent == unit || depth == DEEPEST {
                    return true;
                }
                if !safe[parent_versions] && !path.contains(&parent) {
                    open.push((parent_versions, intersection, depth + 1));
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(unit, parent, from, until)`, units by number, 0 for no parent.
    fn tree(rows: &[(u128, u128, i32, i32)]) -> Tree {
        let id = |number: u128| UnitId(uuid::Uuid::from_u128(number));
        let version = |(line, &(unit, parent, from, until)): (u64, &(u128, u128, i32, i32))| Version {
            unit: id(unit),
            span: Span { from, until },
            parent: (parent > 0).then(|| id(parent)),
            party_parent: None,
            line: Some(line),
        };
        Tree::new((1..).zip(rows).map(version).collect())
    }

    #[test]
    fn versions_of_a_unit_share_no_day() {
        for (rows, lines) in [
            (&[(1, 0, 0, 10), (1, 0, 10, 20)][..], &[][..]),
            (&[(1, 0, 0, 11), (1, 0, 10, 20)], &[2]),
            (&[(1, 0, 10, 20), (1, 0, 0, 11)], &[2]),
            (&[(1, 0, 0, 30), (1, 0, 1, 2), (1, 0, 20, 21)], &[2, 3]),
            (&[(1, 0, 0, 30), (2, 0, 0, 30)], &[]),
            (&[(1, 0, i32::MIN, i32::MAX), (1, 0, i32::MIN, i32::MAX)], &[2]),
        ] {
            assert_eq!(tree(rows).overlapping(), lines, "{rows:?}");
        }
    }

    #[test]
    fn a_parent_exists_on_all_days_of_its_children() {
        for (rows, lines) in [
            (&[(1, 0, 0, 10), (2, 1, 0, 10)][..], &[][..]),
            (&[(1, 0, 0, 5), (1, 0, 5, 10), (2, 1, 0, 10)], &[]),
            (&[(1, 0, 0, 5), (1, 0, 6, 10), (2, 1, 0, 10)], &[3]),
            (&[(1, 0, 1, 10), (2, 1, 0, 10)], &[2]),
            (&[(1, 0, 0, 10), (2, 1, 0, 11)], &[2]),
        ] {
            assert_eq!(tree(rows).orphaned(Hierarchy::Administrative), lines, "{rows:?}");
            assert!(tree(rows).orphaned(Hierarchy::Party).is_empty(), "{rows:?}");
        }
    }

    #[test]
    fn no_unit_is_its_own_ancestor_on_any_day() {
        for (rows, lines) in [
            (&[(1, 0, 0, 10), (2, 1, 0, 10), (3, 2, 0, 10)][..], &[][..]),
            (&[(1, 1, 0, 10)], &[1]),
            (&[(1, 2, 0, 10), (2, 1, 0, 10), (3, 1, 0, 10)], &[1, 2]),
            (&[(3, 1, 0, 10), (1, 2, 0, 10), (2, 1, 0, 10)], &[2, 3]),
            // The parents are swapped: this is a cycle only if the intervals overlap.
            (&[(1, 2, 0, 5), (2, 0, 0, 5), (1, 0, 5, 10), (2, 1, 5, 10)], &[]),
            (&[(1, 2, 0, 6), (2, 0, 0, 5), (1, 0, 6, 10), (2, 1, 5, 10)], &[1, 4]),
        ] {
            assert_eq!(tree(rows).circular(Hierarchy::Administrative), lines, "{rows:?}");
        }
    }

    #[test]
    fn units_below_the_last_level_are_reported() {
        let most = MAX_LEVELS as u128;
        let chain = |levels: u128| (1..=levels).map(|n| (n, n - 1, 0, 10)).collect::<Vec<_>>();
        for (rows, lines) in [
            (chain(most), vec![]),
            (chain(most + 1), vec![MAX_LEVELS as u64 + 1]),
            (chain(20_000), vec![MAX_LEVELS as u64 + 1]),
            // Two chains part at the top and each has its own first line.
            ([chain(most + 1), vec![(most + 2, most, 0, 10)]].concat(), vec![33, 34]),
            // The lower part is under the upper one on none of its days.
            ([chain(most), vec![(most + 1, most, 10, 20)]].concat(), vec![]),
        ] {
            assert_eq!(tree(&rows).too_deep(Hierarchy::Administrative), lines, "{} rows", rows.len());
            assert!(tree(&rows).too_deep(Hierarchy::Party).is_empty());
        }
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_units_can_be_checked() {
        let down: Vec<_> = (1..100_000).map(|n| (n, n - 1, 0, 10)).collect();
        assert!(tree(&down).circular(Hierarchy::Administrative).is_empty());
        let up: Vec<_> = (1..100_000).rev().map(|n| (n, n - 1, 0, 10)).collect();
        assert!(tree(&up).circular(Hierarchy::Administrative).is_empty());
        let ring: Vec<_> = (1..=50_000).map(|n| (n, n % 50_000 + 1, 0, 10)).collect();
        assert_eq!(tree(&ring).circular(Hierarchy::Administrative).len(), 50_000);
    }
}
