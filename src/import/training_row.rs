//! Rows of the files of training plans and quotas.

use entity::value::{Measure, PlanCode, PlanState, ProgrammeCode, StudyMode, UnitCode};

use super::{
    cell::{Cells, Problem, code, number, word, year},
    existing::QuotaFacts,
    table::Row,
};
use crate::domain::bundle::{self, FileFormat};

/// A training plan.
pub(super) struct PlanRow {
    pub code: PlanCode,
    pub unit: UnitCode,
    pub year_from: i32,
    pub year_to: i32,
    pub document_no: Option<String>,
    pub name: String,
    pub state: PlanState,
}

impl Row for PlanRow {
    const FORMAT: FileFormat = bundle::TRAINING_PLANS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let code_ = cells.must("code", code);
        let unit = cells.must("unit_code", code);
        let year_from = cells.must("year_from", year);
        let year_to = cells.must("year_to", year);
        let document_no = cells.text("document_no");
        let name = cells.name("name");
        let state = cells.must("status", word);
        let (year_from, year_to) = (year_from?, year_to?);
        if year_to < year_from {
            cells.backward_interval("year_to");
            return None;
        }
        Some(Self {
            code: code_?,
            unit: unit?,
            year_from,
            year_to,
            document_no: document_no?,
            name: name?,
            state: state?,
        })
    }
}

/// How the seats of a quota bind.
#[derive(Clone, Copy)]
enum Bound {
    Exact,
    MoreThan,
}

fn bound(text: &str) -> Result<Bound, Problem> {
    match text {
        "EXACT" => Ok(Bound::Exact),
        "MORE_THAN" => Ok(Bound::MoreThan),
        _ => Err(Problem::not_among(text, &["EXACT", "MORE_THAN"])),
    }
}

/// Seats that a plan issues to a unit.
pub(super) struct QuotaRow {
    pub plan: PlanCode,
    pub unit: UnitCode,
    pub programme: ProgrammeCode,
    pub mode: Option<StudyMode>,
    pub facts: QuotaFacts,
}

impl Row for QuotaRow {
    const FORMAT: FileFormat = bundle::QUOTAS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let plan = cells.must("plan_code", code);
        let unit = cells.must("unit_code", code);
        let programme = cells.must("programme_code", code);
        let mode = cells.may("mode", word);
        let measure = cells.must::<Measure>("measure", word);
        let bound = cells.must("bound", bound);
        let seats = cells.must("quantity", number);
        let classes = cells.may("classes", number);
        let facts = QuotaFacts {
            measure: measure?,
            is_lower_bound: matches!(bound?, Bound::MoreThan),
            seats: seats?,
            classes: classes?,
        };
        Some(Self { plan: plan?, unit: unit?, programme: programme?, mode: mode?, facts })
    }
}
