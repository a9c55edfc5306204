//! Identifiers of units within reach in national systems.

use std::borrow::Cow;

use entity::{
    unit_identifier,
    value::{Day, IdentifierId, IdentifierSystem},
};

use super::{
    codes::{self, UnitRef},
    record::{Cell, Page, Record, maybe, word},
};
use crate::{
    authz::Access,
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// An identifier.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IdentifierRecord {
    id: IdentifierId,
    unit: UnitRef,
    system: IdentifierSystem,
    value: String,
    valid_from: Option<Day>,
    valid_to: Option<Day>,
}

impl IdentifierRecord {
    fn of(access: &Access, row: &unit_identifier::Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            unit: codes::unit(access, row.unit_id)?,
            system: row.system,
            value: row.value.clone(),
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        })
    }
}

impl Record for IdentifierRecord {
    const FORMAT: FileFormat = bundle::UNIT_IDENTIFIERS;
    type Id = IdentifierId;

    async fn page(access: &Access, after: Option<IdentifierId>) -> Result<Page<Self>> {
        let units = access.reference_data().units();
        let reached = units.all().filter(|unit| access.reaches(unit.row.id));
        let identifiers = reached.flat_map(|unit| units.identifiers(unit.row.id));
        let records = identifiers.map(|row| Self::of(access, row)).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(records.into_iter(), after.as_ref(), |record| record.id, |record| record))
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "unit_code" => word(&self.unit.code),
            "system" => word(&self.system),
            "value" => Cow::Borrowed(&self.value),
            "valid_from" => maybe(self.valid_from.as_ref()),
            "valid_to" => maybe(self.valid_to.as_ref()),
            _ => return None,
        })
    }
}
