//! Identifiers of units of a bundle: on each day, a value of a system belongs to at most one unit.

use std::collections::{BTreeMap, HashMap};

use entity::{
    unit_identifier,
    value::{IdentifierId, IdentifierSystem, Period, UnitCode, UnitId},
};

use super::{
    cell::{Cells, Problem, code, day, word},
    context::{ImportContext, repeated_row},
    finding::{FindingCode, Findings},
    header::Header,
    reference_lists::{NewUnits, unit_of},
    table::Row,
    tree::Span,
};
use crate::{
    domain::bundle::{self, FileFormat},
    language::Sentence,
};

/// An identifier of a unit during an interval.
pub(super) struct IdentifierRow {
    unit: UnitCode,
    system: IdentifierSystem,
    value: String,
    period: Period,
}

impl Row for IdentifierRow {
    const FORMAT: FileFormat = bundle::UNIT_IDENTIFIERS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        use IdentifierSystem::{AdminUnit, Party, Qcvn102, VnAgency};
        let unit = cells.must("unit_code", code);
        let system = cells.must("system", word);
        let value = match system {
            Some(VnAgency) => cells.must("value", |text| of_system(VnAgency, text)),
            Some(Qcvn102) => cells.must("value", |text| of_system(Qcvn102, text)),
            Some(AdminUnit) => cells.must("value", |text| of_system(AdminUnit, text)),
            Some(Party) => cells.must("value", |text| of_system(Party, text)),
            // Without a system, the value has no form to be compared with.
            None => cells.must("value", |text| Ok(text.to_owned())),
        };
        let (from, to) = (cells.may("valid_from", day), cells.may("valid_to", day));
        let period = Period::new(from?, to?);
        if period.is_none() {
            cells.empty_interval("valid_to");
        }
        Some(Self { unit: unit?, system: system?, value: value?, period: period? })
    }
}

/// A value in the form of its system.
fn of_system(system: IdentifierSystem, text: &str) -> Result<String, Problem> {
    if system.accepts(text) {
        return Ok(text.to_owned());
    }
    let (vi, en) = match system {
        IdentifierSystem::VnAgency => (
            "mã định danh điện tử dài tối đa 35 ký tự, gồm các nhóm chữ số và chữ in hoa không dấu, cách nhau bằng dấu chấm, \
             như H11.12",
            "an agency code has at most 35 characters: groups of digits and capital letters, separated by dots, such as H11.12",
        ),
        IdentifierSystem::Qcvn102 => (
            "mã theo QCVN 102 gồm bốn nhóm 3, 2, 2 và 3 chữ số hoặc chữ in hoa, cách nhau bằng dấu chấm, như 000.00.12.H11; \
             mã kiểu mới dùng VN_AGENCY",
            "a code of QCVN 102 has four groups of 3, 2, 2 and 3 digits or capital letters, separated by dots, such as \
             000.00.12.H11; for the newer form use VN_AGENCY",
        ),
        IdentifierSystem::AdminUnit => (
            "mã đơn vị hành chính gồm 2 chữ số (tỉnh), 3 chữ số (huyện) hoặc 5 chữ số (xã), kể cả các số 0 ở đầu",
            "the code of an administrative unit has 2 digits (province), 3 (district) or 5 (commune), with leading zeros",
        ),
        IdentifierSystem::Party => (
            "mã tổ chức đảng gồm 1 đến 40 chữ cái không dấu, chữ số, '.', '_', '-' hoặc '/'",
            "the code of a Party organisation has 1 to 40 letters, digits, '.', '_', '-' or '/'",
        ),
    };
    Err(Sentence::new(vi, en).into())
}

/// The intervals of one value, which share no day.
#[derive(Default)]
struct Timeline {
    /// End and unit of each interval, by its first day.
    intervals: BTreeMap<i32, (i32, UnitId)>,
}

impl Timeline {
    /// Whether an interval shares a day with one of the timeline, and whether both are equal.
    fn compare(&self, unit: UnitId, span: Span) -> Overlap {
        let last = self.intervals.range(..span.until).next_back();
        match last.filter(|(_, (until, _))| *until > span.from) {
            None => Overlap::None,
            Some((from, there)) if (*from, *there) == (span.from, (span.until, unit)) => Overlap::Equal,
            Some(_) => Overlap::Other,
        }
    }

    fn add(&mut self, unit: UnitId, span: Span) {
        self.intervals.insert(span.from, (span.until, unit));
    }
}

/// Comparison of an interval with a timeline.
enum Overlap {
    None,
    Equal,
    Other,
}

impl NewUnits {
    /// Resolves the rows of `unit_identifiers.csv`. Returns the number of unchanged ones.
    pub fn read_identifiers(
        &mut self,
        header: &Header,
        rows: &[(u64, IdentifierRow)],
        context: &ImportContext,
        findings: &mut Findings,
    ) -> u64 {
        let mut stored: HashMap<(IdentifierSystem, &str), Timeline> = HashMap::new();
        for there in &context.existing.identifiers {
            let Some(period) = there.period() else { continue };
            stored.entry((there.system, &there.value)).or_default().add(there.unit_id, Span::of(&period));
        }
        let mut named: HashMap<(IdentifierSystem, &str), Timeline> = HashMap::new();
        let mut unchanged = 0;
        for (line, row) in rows {
            let unit = unit_of(context, findings, header, (*line, "unit_code"), Some(&row.unit));
            let Some(unit_id) = unit else { continue };
            let (key, span) = ((row.system, row.value.as_str()), Span::of(&row.period));
            let earlier = named.entry(key).or_default();
            match earlier.compare(unit_id, span) {
                Overlap::None => earlier.add(unit_id, span),
                Overlap::Equal => {
                    header.note(findings, (*line, "unit_code"), FindingCode::RepeatedRow, repeated_row);
                    continue;
                }
                Overlap::Other => {
                    header.note(findings, (*line, "value"), FindingCode::RepeatedCode, shared_days);
                    continue;
                }
            }
            match stored.get(&key).map_or(Overlap::None, |there| there.compare(unit_id, span)) {
                Overlap::Equal => unchanged += 1,
                Overlap::Other => header.note(findings, (*line, "value"), FindingCode::Differs, stored_otherwise),
                Overlap::None => {
                    if context.existing.units.contains_key(&row.unit) {
                        self.touched.insert(row.unit.clone());
                    }
                    self.identifiers.push(model(row, unit_id));
                }
            }
        }
        unchanged
    }
}

fn model(row: &IdentifierRow, unit_id: UnitId) -> unit_identifier::Model {
    unit_identifier::Model {
        id: IdentifierId::new(),
        unit_id,
        system: row.system,
        value: row.value.clone(),
        valid_from: row.period.from(),
        valid_to: row.period.until(),
    }
}

fn shared_days() -> Sentence {
    Sentence::new(
        "mã này đã có ở dòng khác với khoảng thời gian chồng lên nhau; mỗi ngày một mã chỉ thuộc một đơn vị",
        "another row has this value for some of the same days; on each day a value belongs to one unit",
    )
}

fn stored_otherwise() -> Sentence {
    Sentence::new(
        "cơ sở dữ liệu đã ghi mã này cho một đơn vị trong thời gian chồng lên; nhập dữ liệu chỉ thêm, không ghi đè và không \
         đặt ngày kết thúc cho mã đã ghi",
        "the database has this value for a unit on some of the same days, with another unit or interval; an import adds, it \
         neither overwrites nor ends what is recorded",
    )
}
