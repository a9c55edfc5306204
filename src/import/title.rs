//! Titles of a bundle: groups and roles that recorded titles lack, and steps.

use std::collections::{BTreeSet, HashMap, HashSet};

use entity::{
    title, title_step,
    value::{Day, Period, TitleCode, Verification},
};

use super::{
    cell::{Cells, Problem, code, day, word},
    context::{ImportContext, repeated_row},
    finding::{FindingCode, Findings},
    header::Header,
    reference_lists::Listed,
    table::Row,
};
use crate::{
    domain::bundle::{self, FileFormat},
    language::Sentence,
};

/// Largest step.
const LARGEST_STEP: i16 = 99;

/// Recorded titles to which the rows add a group or a role. An import never overwrites: a value that is recorded stays,
/// and another one is reported as differing.
pub(super) fn completed(
    header: &Header,
    rows: &[(u64, title::Model)],
    context: &ImportContext,
    findings: &mut Findings,
) -> Vec<title::Model> {
    let mut completed = Vec::new();
    for (line, row) in rows {
        let Some(there) = context.existing.titles.get(&row.code) else { continue };
        let is_same = row.differing(there).into_iter().all(|column| !header.has(column));
        let with_values = title::Model {
            group_code: there.group_code.clone().or_else(|| row.group_code.clone()),
            role: there.role.or(row.role),
            ..there.clone()
        };
        if !is_same || with_values == *there {
            continue;
        }
        if !context.sees_everybody {
            header.note(findings, (*line, "code"), FindingCode::OutOfReach, shared_list);
            continue;
        }
        completed.push(with_values);
    }
    completed
}

fn shared_list() -> Sentence {
    Sentence::new(
        "chức danh này thuộc danh mục chung; chỉ quản trị viên hoặc hệ thống có phạm vi toàn quốc được bổ sung nhóm và vai \
         trò; hãy bỏ hai cột này hoặc đề nghị quản trị viên nhập",
        "the title belongs to a list that all clients share; only the operator or a client that reaches all units can add a \
         group or a role; omit these columns or ask the operator to import them",
    )
}

/// A step of a title.
pub(super) struct StepRow {
    title: TitleCode,
    step: i16,
    valid_from: Day,
    valid_to: Option<Day>,
    legal_basis: String,
    verification: Verification,
}

impl Row for StepRow {
    const FORMAT: FileFormat = bundle::TITLE_STEPS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let title = cells.required("title_code", code);
        let step = cells.required("step", step);
        let (from, to) = (cells.required("valid_from", day), cells.optional("valid_to", day));
        let legal_basis = cells.name("legal_basis");
        let verification = cells.required("verification", word);
        let (valid_from, valid_to) = (from?, to?);
        if Period::new(Some(valid_from), valid_to).is_none() {
            cells.empty_interval("valid_to");
            return None;
        }
        let (title, step) = (title?, step?);
        Some(Self { title, step, valid_from, valid_to, legal_basis: legal_basis?, verification: verification? })
    }
}

fn step(text: &str) -> Result<i16, Problem> {
    text.parse().ok().filter(|step| (1..=LARGEST_STEP).contains(step)).ok_or_else(|| {
        Problem::from(Sentence::new(
            format!("phải là số nguyên từ 1 (bậc cao nhất) đến {LARGEST_STEP}"),
            format!("must be a whole number from 1 (the highest step) to {LARGEST_STEP}"),
        ))
    })
}

impl StepRow {
    fn model(self) -> title_step::Model {
        let Self { title: title_code, step, valid_from, valid_to, legal_basis, verification } = self;
        title_step::Model { title_code, valid_from, valid_to, step, legal_basis, verification }
    }
}

fn differing(row: &title_step::Model, stored: &title_step::Model) -> Vec<&'static str> {
    let columns = [
        ("step", row.step == stored.step),
        ("valid_to", row.valid_to == stored.valid_to),
        ("legal_basis", row.legal_basis == stored.legal_basis),
        ("verification", row.verification == stored.verification),
    ];
    columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
}

/// New steps of the bundle.
#[derive(Default)]
pub(super) struct NewSteps {
    pub steps: Vec<title_step::Model>,
    /// Stored titles that get steps.
    pub touched: BTreeSet<TitleCode>,
}

impl NewSteps {
    /// Resolves the rows of `title_steps.csv`. Returns the number of unchanged ones.
    pub fn read(
        &mut self,
        header: &Header,
        rows: Vec<(u64, StepRow)>,
        context: &ImportContext,
        findings: &mut Findings,
    ) -> u64 {
        let stored = &context.existing.title_steps;
        let mut known: HashMap<TitleCode, Vec<Period>> = HashMap::new();
        for step in stored.values() {
            known.entry(step.title_code.clone()).or_default().extend(step.period());
        }
        let (mut seen, mut unchanged) = (HashSet::new(), 0);
        for (line, row) in rows {
            if !context.titles.contains_key(&row.title) {
                let of = (<title::Model as Row>::FILE, row.title.as_str());
                context.unknown(findings, header, (line, "title_code"), of);
                continue;
            }
            let row = row.model();
            let key = (row.title_code.clone(), row.valid_from);
            if !seen.insert(key.clone()) {
                header.note(findings, (line, "title_code"), FindingCode::RepeatedRow, repeated_row);
                continue;
            }
            if let Some(there) = stored.get(&key) {
                unchanged += u64::from(header.note_differing(findings, line, differing(&row, there)));
                continue;
            }
            let periods = known.entry(row.title_code.clone()).or_default();
            let Some(period) = row.period() else { continue };
            if periods.iter().any(|other| other.overlaps(&period)) {
                header.note(findings, (line, "valid_from"), FindingCode::RepeatedCode, shared_days);
                continue;
            }
            periods.push(period);
            if context.existing.titles.contains_key(&row.title_code) {
                self.touched.insert(row.title_code.clone());
            }
            self.steps.push(row);
        }
        unchanged
    }
}

fn shared_days() -> Sentence {
    Sentence::new(
        "chức danh này đã có bậc trong thời gian chồng lấn; mỗi ngày một chức danh chỉ có một bậc; hãy sửa ngày của một \
         trong hai dòng",
        "the title has a step on some of the same days; on each day a title has one step; correct the days of one of the two",
    )
}
