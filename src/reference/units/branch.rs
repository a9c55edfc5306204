//! Branches: a fixed partition of all units into a few large parts, independent of the day, by which indexes in name
//! order are split.

use entity::value::{Hierarchy, UnitId};

use super::tree::Units;

impl Units {
    /// Computes the branch of each unit.
    pub(super) fn find_branches(&mut self) {
        let ids: Vec<UnitId> = self.all().map(|unit| unit.row.id).collect();
        for id in ids {
            let above = self.last_ancestors(id, Hierarchy::Administrative);
            let branch = above.iter().rev().nth(1).copied().unwrap_or(id);
            if let Some(unit) = self.by_id.get_mut(&id) {
                unit.branch = branch;
            }
            *self.branches.entry(branch).or_default() += 1;
        }
    }

    /// Branch of a unit, independent of the day: the ancestor directly below a root in the administrative tree, by the
    /// last version of each unit. Roots and units directly below a root are their own branch.
    pub(crate) fn branch(&self, unit: UnitId) -> UnitId {
        self.get(unit).map_or(unit, |unit| unit.branch)
    }

    /// Common branch of the units, if there is one.
    pub(crate) fn common_branch(&self, units: impl IntoIterator<Item = UnitId>) -> Option<UnitId> {
        let mut branches = units.into_iter().map(|unit| self.branch(unit));
        let first = branches.next()?;
        branches.all(|branch| branch == first).then_some(first)
    }

    /// Number of units in a branch.
    pub(crate) fn len_of_branch(&self, branch: UnitId) -> usize {
        self.branches.get(&branch).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::membership::tests::{PROVINCE, units};

    #[test]
    fn a_unit_belongs_to_the_branch_of_its_last_version() {
        let (units, ids) = units(&PROVINCE);
        let code = |id| units.get(id).expect("a unit").row.code.to_string();
        for (unit, expected) in [
            ("P", "P"),
            ("A", "A"),
            ("A1", "A"),
            ("C", "C"),
            ("C1", "A"),
            ("C1U", "A"),
            ("C2", "C"),
            ("X", "A"),
            ("M", "A"),
        ] {
            assert_eq!(code(units.branch(ids[unit])), expected, "{unit}");
        }
        let len = |unit: &str| units.len_of_branch(ids[unit]);
        assert_eq!(["P", "A", "B", "C", "A1"].map(len), [1, 6, 1, 2, 0]);
        let common = |of: &[&str]| units.common_branch(of.iter().map(|unit| ids[unit])).map(code);
        assert_eq!(common(&["A1", "X", "C1"]).as_deref(), Some("A"));
        assert_eq!([common(&["A1", "C"]), common(&["P", "A"]), common(&[])], [const { None }; 3]);
    }
}
