//! Areas of units.

use std::collections::HashMap;

use entity::{
    unit_area,
    value::{Day, UnitId},
};

/// All areas, by unit.
#[derive(Debug, Default)]
pub(super) struct Areas(HashMap<UnitId, Vec<unit_area::Model>>);

impl Areas {
    /// Indexes the rows.
    pub fn new(rows: Vec<unit_area::Model>) -> Self {
        let mut by_unit: HashMap<_, Vec<unit_area::Model>> = HashMap::new();
        for row in rows {
            by_unit.entry(row.unit_id).or_default().push(row);
        }
        by_unit.values_mut().for_each(|areas| areas.sort_unstable_by_key(|row| (row.area, row.valid_from)));
        Self(by_unit)
    }

    /// Areas of a unit, of any day, by kind, each kind's oldest first.
    pub fn of_unit(&self, unit: UnitId) -> &[unit_area::Model] {
        self.0.get(&unit).map_or(&[], Vec::as_slice)
    }

    /// Areas of a unit on a day, by kind.
    pub fn on(&self, unit: UnitId, day: Day) -> impl Iterator<Item = &unit_area::Model> {
        self.of_unit(unit).iter().filter(move |row| row.period().is_some_and(|period| period.holds(day)))
    }
}

#[cfg(test)]
mod tests {
    use entity::value::AreaKind;

    use super::*;

    #[test]
    fn a_unit_is_in_several_areas_from_the_first_day_to_the_day_before_the_end() {
        let (unit, other) = (UnitId::new(), UnitId::new());
        let day = |text: &str| text.parse().expect("a day");
        let row = |unit_id, area, from: &str, to: &str| unit_area::Model {
            unit_id,
            area,
            valid_from: day(from),
            valid_to: to.parse().ok(),
            document_no: None,
        };
        let areas = Areas::new(vec![
            row(unit, AreaKind::Border, "2020-01-01", "2025-07-01"),
            row(unit, AreaKind::VeryPoor, "2021-06-04", ""),
            row(unit, AreaKind::Border, "2026-01-01", ""),
            row(other, AreaKind::Island, "2020-01-01", ""),
        ]);
        for (on, area, is_in) in [
            ("2019-12-31", AreaKind::Border, false),
            ("2020-01-01", AreaKind::Border, true),
            ("2025-06-30", AreaKind::Border, true),
            ("2025-07-01", AreaKind::Border, false),
            ("2025-12-31", AreaKind::Border, false),
            ("2026-01-01", AreaKind::Border, true),
            ("2021-06-03", AreaKind::VeryPoor, false),
            ("2021-06-04", AreaKind::VeryPoor, true),
            ("2022-01-01", AreaKind::Island, false),
            ("2022-01-01", AreaKind::Normal, false),
        ] {
            assert_eq!(areas.on(unit, day(on)).any(|row| row.area == area), is_in, "{on} {area:?}");
        }
        let on: Vec<_> = areas.on(unit, day("2022-01-01")).map(|row| row.area).collect();
        assert_eq!(on, [AreaKind::Border, AreaKind::VeryPoor]);
        assert!(areas.of_unit(UnitId::new()).is_empty());
    }
}
