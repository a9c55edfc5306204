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
        let code_ = cells.required("code", code);
        let unit = cells.required("unit_code", code);
        let year_from = cells.required("year_from", year);
        let year_to = cells.required("year_to", year);
        let document_no = cells.text("document_no");
        let name = cells.name("name");
        let state = cells.required("status", word);
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

/// Whether the stated number of seats is exact or a lower bound.
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
        let plan = cells.required("plan_code", code);
        let unit = cells.required("unit_code", code);
        let programme = cells.required("programme_code", code);
        let mode = cells.optional("mode", word);
        let measure = cells.required::<Measure>("measure", word);
        let bound = cells.required("bound", bound);
        let seats = cells.required("quantity", number);
        let classes = cells.optional("classes", number);
        let facts = QuotaFacts {
            measure: measure?,
            is_lower_bound: matches!(bound?, Bound::MoreThan),
            seats: seats?,
            classes: classes?,
        };
        Some(Self { plan: plan?, unit: unit?, programme: programme?, mode: mode?, facts })
    }
}
