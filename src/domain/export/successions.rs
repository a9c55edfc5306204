//! Successions between units. Both units are within reach, as in the API.

use std::collections::BTreeMap;

use entity::value::{Day, SuccessionId, SuccessionKind};

use super::{
    codes::{self, UnitRef},
    record::{Cell, Page, Record, text, word},
};
use crate::{
    authz::Access,
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// A succession.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SuccessionRecord {
    id: SuccessionId,
    predecessor: UnitRef,
    successor: UnitRef,
    kind: SuccessionKind,
    on_date: Day,
    document: Option<String>,
}

impl Record for SuccessionRecord {
    const FORMAT: FileFormat = bundle::UNIT_SUCCESSIONS;
    type Id = SuccessionId;

    async fn page(access: &Access, after: Option<SuccessionId>) -> Result<Page<Self>> {
        let links = access.reference_data().units().all().flat_map(|unit| &unit.successors);
        let shown = links.filter(|link| access.reaches(link.predecessor_id) && access.reaches(link.successor_id));
        let mut records = BTreeMap::new();
        for link in shown {
            let record = Self {
                id: link.id,
                predecessor: codes::unit(access, link.predecessor_id)?,
                successor: codes::unit(access, link.successor_id)?,
                kind: link.kind,
                on_date: link.on_date,
                document: link.document.clone(),
            };
            records.insert(link.id, record);
        }
        Ok(Page::cut(records.into_values(), after.as_ref(), |record| record.id, |record| record))
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "predecessor_code" => word(&self.predecessor.code),
            "successor_code" => word(&self.successor.code),
            "kind" => word(&self.kind),
            "on_date" => word(&self.on_date),
            "document" => text(self.document.as_deref()),
            _ => return None,
        })
    }
}
