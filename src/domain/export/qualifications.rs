//! Qualifications of persons whose files are in the caller's custody.

use entity::{
    qualification,
    value::{Day, InstitutionCode, LevelCode, PartialDate, QualificationId, StudyMode, SubjectCode},
};

use super::{
    codes::CadreRef,
    record::{Cell, Page, Record, maybe, text, word},
};
use crate::{
    authz::{Access, AuthorizedCadre},
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// A qualification; in the card of a person without the person.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QualificationRecord {
    pub id: QualificationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    cadre: Option<CadreRef>,
    subject: SubjectCode,
    level: LevelCode,
    field_code: Option<String>,
    institution_code: Option<InstitutionCode>,
    mode: Option<StudyMode>,
    granted_on: PartialDate,
    /// First day on which it counts.
    counts_from: Day,
}

impl QualificationRecord {
    /// A qualification; with its person if it is exported alone.
    pub fn of(row: &qualification::Model, cadre: Option<&AuthorizedCadre>) -> Self {
        Self {
            id: row.id,
            cadre: cadre.map(|cadre| CadreRef { id: cadre.id(), code: cadre.card().code.clone() }),
            subject: row.subject_code.clone(),
            level: row.level_code.clone(),
            field_code: row.field_code.clone(),
            institution_code: row.institution_code.clone(),
            mode: row.mode,
            granted_on: row.granted_on,
            counts_from: row.counts_from,
        }
    }
}

impl Record for QualificationRecord {
    const FORMAT: FileFormat = bundle::QUALIFICATIONS;
    type Id = QualificationId;

    async fn page(access: &Access, after: Option<QualificationId>) -> Result<Page<Self>> {
        let found = access.cadres()?.qualifications_after(after, Self::PAGE).await?;
        let records = found.rows.iter().map(|(row, cadre)| Self::of(row, Some(cadre)));
        Ok(Page { records: records.collect(), next: found.last })
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "cadre_code" => maybe(self.cadre.as_ref().map(|cadre| &cadre.code)),
            "subject" => word(&self.subject),
            "level" => word(&self.level),
            "field_code" => text(self.field_code.as_deref()),
            "institution_code" => maybe(self.institution_code.as_ref()),
            "mode" => maybe(self.mode.as_ref()),
            "granted_on" => word(&self.granted_on),
            _ => return None,
        })
    }
}
