//! Posts, in units within reach, of persons whose files are in the caller's custody.

use entity::{
    assignment,
    value::{AssignmentId, Day, TitleCode},
};

use super::{
    codes::{self, CadreRef, UnitRef},
    record::{Cell, Page, Record, maybe, word},
};
use crate::{
    authz::{Access, AuthorizedCadre},
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// A post; in the card of a person without the person.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssignmentRecord {
    pub id: AssignmentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    cadre: Option<CadreRef>,
    unit: UnitRef,
    title_code: TitleCode,
    start_on: Day,
    end_on: Option<Day>,
    is_primary: bool,
}

impl AssignmentRecord {
    /// A post; with its person if it is exported alone.
    pub fn of(access: &Access, row: &assignment::Model, cadre: Option<&AuthorizedCadre>) -> Result<Self> {
        Ok(Self {
            id: row.id,
            cadre: cadre.map(|cadre| CadreRef { id: cadre.id(), code: cadre.card().code.clone() }),
            unit: codes::unit(access, row.unit_id)?,
            title_code: row.title_code.clone(),
            start_on: row.start_on,
            end_on: row.end_on,
            is_primary: row.is_primary,
        })
    }
}

impl Record for AssignmentRecord {
    const FORMAT: FileFormat = bundle::ASSIGNMENTS;
    type Id = AssignmentId;

    async fn page(access: &Access, after: Option<AssignmentId>) -> Result<Page<Self>> {
        let found = access.cadres()?.posts_after(after, Self::PAGE).await?;
        let records = found.rows.iter().map(|(row, cadre)| Self::of(access, row, Some(cadre)));
        Ok(Page { records: records.collect::<Result<_>>()?, next: found.last })
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "cadre_code" => maybe(self.cadre.as_ref().map(|cadre| &cadre.code)),
            "unit_code" => word(&self.unit.code),
            "title_code" => word(&self.title_code),
            "start_on" => word(&self.start_on),
            "end_on" => maybe(self.end_on.as_ref()),
            "is_primary" => word(&self.is_primary),
            _ => return None,
        })
    }
}
