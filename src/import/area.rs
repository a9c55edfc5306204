//! Areas of units of a bundle.

use std::collections::{HashMap, HashSet};

use entity::{
    unit_area,
    value::{AreaKind, Day, Period, UnitCode, UnitId},
};

use super::{
    cell::{Cells, code, day, word},
    context::{ImportContext, repeated_row},
    finding::{FindingCode, Findings},
    header::Header,
    reference_lists::{NewUnits, unit_of},
    table::Row,
};
use crate::{
    domain::bundle::{self, FileFormat},
    language::Sentence,
};

/// An area of a unit during an interval.
pub(super) struct AreaRow {
    unit: UnitCode,
    area: AreaKind,
    valid_from: Day,
    valid_to: Option<Day>,
    document_no: Option<String>,
}

impl Row for AreaRow {
    const FORMAT: FileFormat = bundle::UNIT_AREAS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let unit = cells.required("unit_code", code);
        let area = cells.required("area", word);
        let (from, to) = (cells.required("valid_from", day), cells.optional("valid_to", day));
        let document_no = cells.text("document_no");
        let (valid_from, valid_to) = (from?, to?);
        if Period::new(Some(valid_from), valid_to).is_none() {
            cells.empty_interval("valid_to");
            return None;
        }
        Some(Self { unit: unit?, area: area?, valid_from, valid_to, document_no: document_no? })
    }
}

impl AreaRow {
    fn model(&self, unit_id: UnitId) -> unit_area::Model {
        unit_area::Model {
            unit_id,
            area: self.area,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            document_no: self.document_no.clone(),
        }
    }
}

fn differing(row: &unit_area::Model, stored: &unit_area::Model) -> Vec<&'static str> {
    let columns =
        [("valid_to", row.valid_to == stored.valid_to), ("document_no", row.document_no == stored.document_no)];
    columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
}

/// Whether two rows of a unit contradict each other: they share a day and are of one kind, or one of them is `NORMAL`.
fn contradict(one: &unit_area::Model, other: &unit_area::Model) -> bool {
    let share_a_day = one.period().zip(other.period()).is_some_and(|(one, other)| one.overlaps(&other));
    let exclude = one.area == other.area || one.area == AreaKind::Normal || other.area == AreaKind::Normal;
    share_a_day && exclude
}

impl NewUnits {
    /// Resolves the rows of `unit_areas.csv`. Returns the number of unchanged ones.
    pub fn read_areas(
        &mut self,
        header: &Header,
        rows: &[(u64, AreaRow)],
        context: &ImportContext,
        findings: &mut Findings,
    ) -> u64 {
        let key = |row: &unit_area::Model| (row.area, row.valid_from);
        let mut known: HashMap<UnitId, Vec<unit_area::Model>> = HashMap::new();
        for area in &context.existing.areas {
            known.entry(area.unit_id).or_default().push(area.clone());
        }
        let stored = known.clone();
        let (mut seen, mut unchanged) = (HashSet::new(), 0);
        for (line, row) in rows {
            let unit = unit_of(context, findings, header, (*line, "unit_code"), Some(&row.unit));
            let Some(unit_id) = unit else { continue };
            let new = row.model(unit_id);
            if !seen.insert((unit_id, key(&new))) {
                header.note(findings, (*line, "unit_code"), FindingCode::RepeatedRow, repeated_row);
                continue;
            }
            let there = stored.get(&unit_id).into_iter().flatten().find(|there| key(there) == key(&new));
            if let Some(there) = there {
                unchanged += u64::from(header.note_differing(findings, *line, differing(&new, there)));
                continue;
            }
            let areas = known.entry(unit_id).or_default();
            if areas.iter().any(|other| contradict(other, &new)) {
                header.note(findings, (*line, "area"), FindingCode::RepeatedCode, shared_days);
            } else {
                if context.existing.units.contains_key(&row.unit) {
                    self.touched.insert(row.unit.clone());
                }
                areas.push(new.clone());
                self.areas.push(new);
            }
        }
        unchanged
    }
}

fn shared_days() -> Sentence {
    Sentence::new(
        "đơn vị này đã có khu vực cùng loại trong thời gian chồng lấn, hoặc NORMAL đi cùng khu vực khác; hãy sửa ngày của \
         một trong hai dòng",
        "the unit has this area on some of the same days, or NORMAL together with another area; correct the days of one of \
         the two rows",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_of_different_kinds_may_share_days_unless_one_is_normal() {
        let unit_id = UnitId::new();
        let row = |area, from: &str, to: &str| unit_area::Model {
            unit_id,
            area,
            valid_from: from.parse().expect("a day"),
            valid_to: to.parse().ok(),
            document_no: None,
        };
        let border = row(AreaKind::Border, "2020-01-01", "2021-01-01");
        for (other, expected) in [
            (row(AreaKind::Island, "2020-01-01", ""), false),
            (row(AreaKind::Border, "2020-12-31", ""), true),
            (row(AreaKind::Border, "2021-01-01", ""), false),
            (row(AreaKind::Normal, "2020-12-31", ""), true),
            (row(AreaKind::Normal, "2021-01-01", ""), false),
        ] {
            assert_eq!(contradict(&border, &other), expected, "{other:?}");
            assert_eq!(contradict(&other, &border), expected, "{other:?}");
        }
    }
}
