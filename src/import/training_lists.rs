//! Programmes, training plans and quotas of a bundle, small enough to be read into memory.

use std::collections::HashSet;

use entity::{
    programme, quota, training_plan,
    value::{PlanCode, PlanId, ProgrammeCode, QuotaId, QuotaState, SubjectCode, UnitId},
};

use super::{
    cell::{Cells, code, number, untyped_code, word},
    context::{ImportContext, repeated_code, repeated_row},
    existing::QuotaFacts,
    finding::{FindingCode, Findings},
    header::Header,
    programme_index::Programme,
    reference_lists::{Listed, unit_of},
    resolve::note_level,
    table::Row,
    training_row::{PlanRow, QuotaRow},
};
use crate::{
    domain::bundle::{self, FileFormat},
    language::Sentence,
};

impl Row for programme::Model {
    const FORMAT: FileFormat = bundle::PROGRAMMES;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let code_ = cells.required("code", code);
        let name = cells.name("name");
        let kind = cells.required("kind", word);
        let subject = cells.required("subject", untyped_code);
        let level_code = cells.optional("level", code);
        let hours = cells.optional("hours", number);
        Some(Self { code: code_?, name: name?, kind: kind?, subject: subject?, level_code: level_code?, hours: hours? })
    }
}

impl Listed for programme::Model {
    type Code = ProgrammeCode;

    fn code(&self) -> &Self::Code {
        &self.code
    }

    fn differing(&self, stored: &Self) -> Vec<&'static str> {
        let columns = [
            ("name", self.name == stored.name),
            ("kind", self.kind == stored.kind),
            ("subject", self.subject == stored.subject),
            ("level", self.level_code == stored.level_code),
            ("hours", self.hours == stored.hours),
        ];
        columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
    }

    /// Checks that the subject of a programme has the level that the programme grants, if any.
    fn check(&self, header: &Header, line: u64, context: &ImportContext, findings: &mut Findings) {
        let (Some(level), Ok(subject)) = (&self.level_code, self.subject.parse::<SubjectCode>()) else { return };
        note_level(header, line, (Ok(&subject), Ok(level)), context, findings);
    }
}

/// New programmes, plans and quotas of the bundle.
#[derive(Default)]
pub(super) struct NewOffers {
    pub programmes: Vec<programme::Model>,
    pub plans: Vec<training_plan::Model>,
    pub quotas: Vec<quota::Model>,
    /// Number of unchanged plans, then of unchanged quotas.
    pub unchanged: (u64, u64),
}

impl NewOffers {
    /// Resolves the rows of `training_plans.csv`.
    pub fn read_plans(
        &mut self,
        header: &Header,
        rows: Vec<(u64, PlanRow)>,
        context: &mut ImportContext,
        found: &mut Findings,
    ) {
        let mut seen = HashSet::new();
        for (line, row) in rows {
            if !seen.insert(row.code.clone()) {
                header.note(found, (line, "code"), FindingCode::RepeatedCode, repeated_code);
                continue;
            }
            let stored = context.existing.plans.get(&row.code);
            let id = stored.map_or_else(PlanId::new, |there| there.id);
            let unit = unit_of(context, found, header, (line, "unit_code"), Some(&row.unit));
            if let (Some(there), Some(unit)) = (stored, unit) {
                let differing = row.differing(unit, there);
                self.unchanged.0 += u64::from(header.note_differing(found, line, differing));
            }
            let is_new = stored.is_none();
            // Added even if its unit is unknown, so that its quotas and classes are not reported.
            context.plans.insert(row.code.clone(), id);
            context.plan_years.insert(id, (row.year_from, row.year_to));
            if let (true, Some(unit)) = (is_new, unit) {
                self.plans.push(row.model(id, unit));
            }
        }
    }

    /// Resolves the rows of `quotas.csv`. `plans_with_learners` are the plans whose classes have learners in the database.
    pub fn read_quotas(
        &mut self,
        header: &Header,
        rows: Vec<(u64, QuotaRow)>,
        (context, plans_with_learners): (&ImportContext, &HashSet<PlanId>),
        found: &mut Findings,
    ) {
        let mut seen = HashSet::new();
        for (line, row) in rows {
            let Some(quota) = row.resolve(header, line, context, found) else { continue };
            let key = (quota.plan_id, quota.unit_id, quota.programme_code.clone(), quota.mode);
            let stored = context.existing.quotas.get(&key);
            if !seen.insert(key) {
                header.note(found, (line, "plan_code"), FindingCode::RepeatedRow, repeated_row);
                continue;
            }
            let Some(there) = stored else {
                if plans_with_learners.contains(&quota.plan_id) {
                    header.note(found, (line, "plan_code"), FindingCode::QuotaAfterLearners, after_learners);
                }
                self.quotas.push(quota);
                continue;
            };
            let differing = row.facts.differing(there);
            self.unchanged.1 += u64::from(header.note_differing(found, line, differing));
        }
    }
}

impl PlanRow {
    fn differing(&self, unit: UnitId, stored: &training_plan::Model) -> Vec<&'static str> {
        let columns = [
            ("unit_code", unit == stored.unit_id),
            ("year_from", self.year_from == stored.year_from),
            ("year_to", self.year_to == stored.year_to),
            ("document_no", self.document_no == stored.document_no),
            ("name", self.name == stored.name),
            ("status", self.state == stored.state),
        ];
        columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
    }

    fn model(self, id: PlanId, unit_id: UnitId) -> training_plan::Model {
        let Self { code, year_from, year_to, document_no, name, state, .. } = self;
        training_plan::Model { id, code, unit_id, year_from, year_to, document_no, name, state, version: 1 }
    }
}

impl QuotaRow {
    fn resolve(
        &self,
        header: &Header,
        line: u64,
        context: &ImportContext,
        findings: &mut Findings,
    ) -> Option<quota::Model> {
        let plan = plan_of(context, findings, header, line, Some(&self.plan));
        let unit = unit_of(context, findings, header, (line, "unit_code"), Some(&self.unit));
        let programme = programme_of(context, findings, header, line, &self.programme);
        programme?;
        let QuotaFacts { measure, is_lower_bound, seats, classes } = self.facts;
        Some(quota::Model {
            id: QuotaId::new(),
            plan_id: plan?,
            unit_id: unit?,
            programme_code: self.programme.clone(),
            mode: self.mode,
            measure,
            seats,
            is_lower_bound,
            classes,
            allocated: 0,
            // Counted after the enrolments are written.
            used: 0,
            excess: 0,
            parent_id: None,
            state: QuotaState::Issued,
            version: 1,
        })
    }
}

impl QuotaFacts {
    fn differing(&self, stored: &Self) -> Vec<&'static str> {
        let columns = [
            ("measure", self.measure == stored.measure),
            ("bound", self.is_lower_bound == stored.is_lower_bound),
            ("quantity", self.seats == stored.seats),
            ("classes", self.classes == stored.classes),
        ];
        columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
    }
}

fn after_learners() -> Sentence {
    Sentence::new(
        "kế hoạch đã có học viên trong cơ sở dữ liệu; chỉ tiêu mới không tính các học viên này",
        "the plan already has learners in the database; the new quota does not count them",
    )
}

/// The plan in `plan_code`, unless the cell is empty.
pub(super) fn plan_of(
    context: &ImportContext,
    findings: &mut Findings,
    header: &Header,
    line: u64,
    code: Option<&PlanCode>,
) -> Option<PlanId> {
    let code = code?;
    let id = context.plans.get(code).copied();
    if id.is_none() {
        context.unknown(findings, header, (line, "plan_code"), (PlanRow::FILE, code.as_str()));
    }
    id
}

/// The programme in `programme_code`.
pub(super) fn programme_of(
    context: &ImportContext,
    findings: &mut Findings,
    header: &Header,
    line: u64,
    code: &ProgrammeCode,
) -> Option<Programme> {
    let found = context.programmes.find(code);
    if found.is_none() {
        let programme = (<programme::Model as Row>::FILE, code.as_str());
        context.unknown(findings, header, (line, "programme_code"), programme);
    }
    found
}
