//! Appraisals of persons whose files are in the caller's custody today. They are protected, so the export requires a
//! purpose, and each person is in the access log.

use entity::value::{AppraisalId, AppraisalPeriod, AppraisalRating, AppraisalState, AppraisalSystem, Day};

use super::{
    codes::{self, CadreRef, UnitRef},
    record::{Cell, Page, Record, maybe, text, word},
};
use crate::{
    authz::{Access, AuthorizedCadre, VisibleAppraisal},
    domain::{
        appraisal,
        bundle::{self, FileFormat},
    },
    error::Result,
};

/// An appraisal.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AppraisalRecord {
    id: AppraisalId,
    cadre: CadreRef,
    system: AppraisalSystem,
    period: AppraisalPeriod,
    year: i32,
    number: Option<i32>,
    unit: UnitRef,
    points: Option<f64>,
    result: AppraisalRating,
    decided_on: Day,
    document_no: Option<String>,
    state: AppraisalState,
    superseded_by: Option<AppraisalId>,
    ended_on: Option<Day>,
    reason: Option<String>,
}

impl AppraisalRecord {
    fn of(access: &Access, cadre: &AuthorizedCadre, of: &VisibleAppraisal) -> Result<Self> {
        let row = of.row();
        Ok(Self {
            id: row.id,
            cadre: CadreRef { id: cadre.id(), code: cadre.card().code.clone() },
            system: row.system,
            period: row.period,
            year: row.year,
            number: Some(row.number).filter(|number| *number > 0),
            unit: codes::unit(access, row.unit_id)?,
            points: of.points().map(appraisal::to_number),
            result: of.rating(),
            decided_on: row.decided_on,
            document_no: row.document_no.clone(),
            state: row.state,
            superseded_by: row.superseded_by,
            ended_on: row.ended_on,
            reason: row.reason.clone(),
        })
    }
}

impl Record for AppraisalRecord {
    const FORMAT: FileFormat = bundle::APPRAISALS;
    type Id = AppraisalId;

    async fn page(access: &Access, after: Option<AppraisalId>) -> Result<Page<Self>> {
        let found = access.cadres()?.appraisals_after(after, Self::PAGE).await?;
        let mut records = Vec::with_capacity(found.rows.len());
        for (row, cadre) in &found.rows {
            let opened = access.open_appraisals(cadre, [row].into_iter(), bundle::APPRAISALS.name)?;
            for appraisal in opened.iter().flatten() {
                records.push(Self::of(access, cadre, appraisal)?);
            }
        }
        Ok(Page { records, next: found.last })
    }

    /// An import records current appraisals only.
    fn rows(&self) -> usize {
        usize::from(self.state == AppraisalState::Current)
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "cadre_code" => word(&self.cadre.code),
            "system" => word(&self.system),
            "period" => word(&self.period),
            "year" => word(&self.year),
            "number" => maybe(self.number.as_ref()),
            "unit_code" => word(&self.unit.code),
            "points" => maybe(self.points.as_ref()),
            "result" => word(&self.result),
            "decided_on" => word(&self.decided_on),
            "document_no" => text(self.document_no.as_deref()),
            _ => return None,
        })
    }
}
