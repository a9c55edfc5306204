//! Context of an import: all that the rows of a bundle can refer to, from the database and from the bundle.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use entity::{
    institution, programme, title,
    value::{
        Day, DutyCode, InstitutionCode, PlanCode, PlanId, RequirementCode, StandardCode, Tier, TitleCode, UnitCode,
        UnitId,
    },
};

use super::{
    cadre_index::CadreIndex,
    class_index::Classes,
    duty_row::DutyRow,
    existing::Existing,
    finding::{FindingCode, Findings},
    header::Header,
    programme_index::Programmes,
    row::UnitRow,
    table::{Line, Row},
    training_row::PlanRow,
};
use crate::{language::Sentence, text::closest};

/// Context of an import: the codes of the database and of the bundle, with the values that they identify.
pub(super) struct ImportContext {
    pub today: Day,
    /// Whether a report may compare the bundle with all recorded persons.
    pub sees_everybody: bool,
    pub existing: Existing,
    /// Titles, each with the tier of its units if it is limited to one tier.
    pub titles: HashMap<TitleCode, Option<Tier>>,
    pub institutions: HashSet<InstitutionCode>,
    pub units: HashMap<UnitCode, UnitId>,
    pub programmes: Programmes,
    pub duties: HashSet<DutyCode>,
    /// Requirements of standards, of the database and of the bundle.
    pub requirements: HashSet<(StandardCode, RequirementCode)>,
    pub plans: HashMap<PlanCode, PlanId>,
    /// First and last year of each plan.
    pub plan_years: HashMap<PlanId, (i32, i32)>,
    pub cadre_index: CadreIndex,
    pub classes: Classes,
    /// Codes of rows that could not be read, by file; references to them are not reported.
    unreadable_codes: HashMap<&'static str, HashSet<String>>,
    /// Files that could not be read at all.
    unreadable: HashSet<&'static str>,
    /// Cache of `closest`, because a wrong code is often on many rows.
    closest: Mutex<HashMap<(&'static str, String), Option<String>>>,
}

impl ImportContext {
    /// Creates the context before any file is read.
    pub fn new(existing: Existing, today: Day) -> Self {
        let mut programmes = Programmes::default();
        existing.programmes.keys().for_each(|code| programmes.enter(code.clone()));
        Self {
            today,
            sees_everybody: true,
            titles: existing.titles.values().map(|title| (title.code.clone(), title.tier)).collect(),
            institutions: existing.institutions.keys().cloned().collect(),
            units: existing.units.clone(),
            programmes,
            duties: existing.duties.keys().cloned().collect(),
            requirements: existing.standards.requirements.keys().cloned().collect(),
            plan_years: existing.plans.values().map(|plan| (plan.id, (plan.year_from, plan.year_to))).collect(),
            plans: existing.plans.values().map(|plan| (plan.code.clone(), plan.id)).collect(),
            cadre_index: CadreIndex::default(),
            classes: Classes::default(),
            unreadable_codes: HashMap::new(),
            unreadable: HashSet::new(),
            closest: Mutex::default(),
            existing,
        }
    }

    /// Marks a file as not read to its end: the codes of its other rows are unknown.
    pub fn mark_unreadable(&mut self, file: &'static str) {
        self.unreadable.insert(file);
    }

    /// The rows that could be read; the codes of the others are remembered.
    pub fn whole<T: Row>(&mut self, lines: Vec<Line<T>>) -> Vec<(u64, T)> {
        let mut rows = Vec::with_capacity(lines.len());
        for Line { line, row } in lines {
            match row {
                Ok(row) => rows.push((line, row)),
                Err(code) => drop(self.unreadable_codes.entry(T::FILE).or_default().insert(code)),
            }
        }
        rows
    }

    /// Reports an unknown code, unless the file `of` has a row with this code that could not be read.
    pub fn unknown(&self, findings: &mut Findings, header: &Header, at: (u64, &str), (of, code): (&'static str, &str)) {
        let is_excused =
            self.unreadable.contains(of) || self.unreadable_codes.get(of).is_some_and(|codes| codes.contains(code));
        if is_excused {
            return;
        }
        header.note(findings, at, FindingCode::UnknownCode, || {
            let suggestion = self.closest(of, code);
            let code = shown(code);
            let (vi, en) = match suggestion {
                Some(suggestion) => {
                    (format!("; giá trị gần giống: {suggestion}"), format!("; did you mean {suggestion}?"))
                }
                None => {
                    ("; hãy sửa mã hoặc bổ sung dòng còn thiếu".to_owned(), "; correct it or add its row".to_owned())
                }
            };
            Sentence::new(
                format!("mã{code} không có trong {of} và cũng không có trong cơ sở dữ liệu{vi}"),
                format!("the code{code} is neither in {of} nor in the database{en}"),
            )
        });
    }

    /// The most similar code of a file. Persons and classes are excluded, because they are too many to compare.
    fn closest(&self, of: &'static str, code: &str) -> Option<String> {
        let mut cache = self.closest.lock().unwrap_or_else(PoisonError::into_inner);
        let suggestion = cache.entry((of, code.to_owned())).or_insert_with(|| {
            let found = match of {
                UnitRow::FILE => closest(code, self.units.keys().map(UnitCode::as_str)),
                DutyRow::FILE => closest(code, self.duties.iter().map(DutyCode::as_str)),
                PlanRow::FILE => closest(code, self.plans.keys().map(PlanCode::as_str)),
                <title::Model as Row>::FILE => closest(code, self.titles.keys().map(TitleCode::as_str)),
                <institution::Model as Row>::FILE => {
                    closest(code, self.institutions.iter().map(InstitutionCode::as_str))
                }
                <programme::Model as Row>::FILE => closest(code, self.programmes.codes()),
                _ => None,
            };
            found.map(str::to_owned)
        });
        suggestion.clone()
    }
}

/// A code as a message may show it. Text without a letter is hidden: it could be an identity number or a date in the
/// wrong column.
pub(super) fn shown(code: &str) -> String {
    if code.contains(|c: char| c.is_ascii_alphabetic()) { format!(" {code}") } else { String::new() }
}

/// The sentence of `REPEATED_CODE`.
pub(super) fn repeated_code() -> Sentence {
    Sentence::new(
        "mã này đã có ở một dòng trước trong tệp; hãy bỏ hoặc sửa một trong hai dòng",
        "an earlier row of the file has the same code; remove or correct one of the two rows",
    )
}

/// The sentence of `REPEATED_ROW`.
pub(super) fn repeated_row() -> Sentence {
    Sentence::new(
        "dòng này trùng với một dòng trước trong tệp; hãy bỏ dòng này",
        "an earlier row of the file is identical; remove this row",
    )
}
