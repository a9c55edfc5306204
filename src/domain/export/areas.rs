//! Areas of units within reach.

use entity::{
    unit_area,
    value::{AreaKind, Day, UnitId},
};

use super::{
    codes::{self, UnitRef},
    record::{Cell, Page, Record, maybe, text, word},
};
use crate::{
    authz::Access,
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// The areas of a unit.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnitAreasRecord {
    unit: UnitRef,
    areas: Vec<UnitArea>,
}

#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct UnitArea {
    area: AreaKind,
    valid_from: Day,
    valid_to: Option<Day>,
    document_no: Option<String>,
}

impl UnitArea {
    fn of(row: &unit_area::Model) -> Self {
        let document_no = row.document_no.clone();
        Self { area: row.area, valid_from: row.valid_from, valid_to: row.valid_to, document_no }
    }
}

impl Record for UnitAreasRecord {
    const FORMAT: FileFormat = bundle::UNIT_AREAS;
    type Id = UnitId;

    async fn page(access: &Access, after: Option<UnitId>) -> Result<Page<Self>> {
        let units = access.reference_data().units();
        let reached = units.all().filter(|unit| access.reaches(unit.row.id) && !units.areas(unit.row.id).is_empty());
        let record = |id: UnitId| {
            let areas = units.areas(id).iter().map(UnitArea::of).collect();
            Ok(Self { unit: codes::unit(access, id)?, areas })
        };
        let records = reached.map(|unit| record(unit.row.id)).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(records.into_iter(), after.as_ref(), |record| record.unit.id, |record| record))
    }

    fn rows(&self) -> usize {
        self.areas.len()
    }

    fn cell(&self, row: usize, column: &str) -> Option<Cell<'_>> {
        let area = &self.areas[row];
        Some(match column {
            "unit_code" => word(&self.unit.code),
            "area" => word(&area.area),
            "valid_from" => word(&area.valid_from),
            "valid_to" => maybe(area.valid_to.as_ref()),
            "document_no" => text(area.document_no.as_deref()),
            _ => return None,
        })
    }
}
