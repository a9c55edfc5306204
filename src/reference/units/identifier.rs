//! Identifiers of units in national systems.

use entity::{
    unit_identifier,
    value::{Day, IdentifierSystem, UnitId},
};

/// All identifiers, by unit and by value.
#[derive(Debug, Default)]
pub(super) struct Identifiers {
    /// Rows, sorted by unit.
    rows: Vec<unit_identifier::Model>,
    /// Positions in `rows`, sorted by system and value.
    by_value: Vec<u32>,
}

impl Identifiers {
    /// Indexes the rows.
    pub fn new(mut rows: Vec<unit_identifier::Model>) -> Self {
        rows.sort_unstable_by(|a, b| {
            let key = |row: &unit_identifier::Model| (row.unit_id, row.system, row.valid_from);
            key(a).cmp(&key(b)).then_with(|| a.value.cmp(&b.value))
        });
        let mut by_value: Vec<u32> = (0..).take(rows.len()).collect();
        by_value.sort_unstable_by(|a, b| key(&rows[*a as usize]).cmp(&key(&rows[*b as usize])));
        Self { rows, by_value }
    }

    /// Identifiers of a unit by system, each system's oldest first.
    pub fn of_unit(&self, unit: UnitId) -> &[unit_identifier::Model] {
        let first = self.rows.partition_point(|row| row.unit_id < unit);
        let rest = &self.rows[first..];
        &rest[..rest.partition_point(|row| row.unit_id == unit)]
    }

    /// The unit to which a value belongs on a day.
    pub fn find(&self, (system, value): (IdentifierSystem, &str), day: Day) -> Option<UnitId> {
        let row = |at: &u32| &self.rows[*at as usize];
        let first = self.by_value.partition_point(|at| key(row(at)) < (system, value));
        let mut same = self.by_value[first..].iter().map(row).take_while(|row| key(row) == (system, value));
        same.find(|row| row.period().is_some_and(|period| period.holds(day))).map(|row| row.unit_id)
    }
}

fn key(row: &unit_identifier::Model) -> (IdentifierSystem, &str) {
    (row.system, &row.value)
}

#[cfg(test)]
mod tests {
    use entity::value::IdentifierId;

    use super::*;

    #[test]
    fn a_value_belongs_to_the_unit_of_the_day() {
        use IdentifierSystem::{AdminUnit, VnAgency};
        let (first, second, third) = (UnitId::new(), UnitId::new(), UnitId::new());
        let row = |unit_id, system, value: &str, from: &str, to: &str| unit_identifier::Model {
            id: IdentifierId::new(),
            unit_id,
            system,
            value: value.to_owned(),
            valid_from: from.parse().ok(),
            valid_to: to.parse().ok(),
        };
        let identifiers = Identifiers::new(vec![
            row(second, AdminUnit, "100", "2020-01-01", ""),
            row(first, VnAgency, "H1.2", "2021-01-01", "2024-01-01"),
            row(first, AdminUnit, "100", "", "2015-01-01"),
            row(first, VnAgency, "H1", "", "2021-01-01"),
            row(second, AdminUnit, "10", "2014-01-01", ""),
        ]);
        for (system, value, day, unit) in [
            (AdminUnit, "100", "2014-12-31", Some(first)),
            (AdminUnit, "100", "2015-01-01", None),
            (AdminUnit, "100", "2019-12-31", None),
            (AdminUnit, "100", "2020-01-01", Some(second)),
            (AdminUnit, "10", "2020-01-01", Some(second)),
            (AdminUnit, "1", "2020-01-01", None),
            (VnAgency, "100", "2020-01-01", None),
            (VnAgency, "H1", "2020-12-31", Some(first)),
            (VnAgency, "H1.2", "2023-12-31", Some(first)),
            (VnAgency, "H1.2", "2024-01-01", None),
        ] {
            let found = identifiers.find((system, value), day.parse().expect(day));
            assert_eq!(found, unit, "{system} {value} {day}");
        }
        let values = |unit| identifiers.of_unit(unit).iter().map(|row| row.value.as_str()).collect::<Vec<_>>();
        assert_eq!(values(first), ["H1", "H1.2", "100"]);
        assert_eq!(values(second), ["10", "100"]);
        assert!(values(third).is_empty());
    }
}
