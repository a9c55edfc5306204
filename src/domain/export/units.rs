//! Units with their versions.

use std::borrow::Cow;

use entity::{
    unit_version,
    value::{Day, Tier, UnitCode, UnitId, UnitKind},
};

use super::{
    codes::UnitRef,
    record::{Cell, Page, Record, maybe, text, word},
};
use crate::{
    authz::Access,
    domain::bundle::{self, FileFormat},
    error::Result,
    reference::units::Unit,
};

/// A unit within reach.
#[derive(Debug, serde::Serialize)]
pub(super) struct UnitRecord {
    id: UnitId,
    code: UnitCode,
    /// Oldest first.
    versions: Vec<VersionRecord>,
}

/// Name, kind, tier and parents of a unit during a period. A parent out of reach is null, as in the API.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionRecord {
    valid_from: Option<Day>,
    valid_to: Option<Day>,
    name: String,
    kind: UnitKind,
    tier: Tier,
    admin_code: Option<String>,
    parent: Option<UnitRef>,
    party_parent: Option<UnitRef>,
}

impl UnitRecord {
    fn of(access: &Access, unit: &Unit) -> Self {
        let versions = unit.versions.iter().map(|version| VersionRecord::of(access, version)).collect();
        Self { id: unit.row.id, code: unit.row.code.clone(), versions }
    }
}

impl VersionRecord {
    fn of(access: &Access, version: &unit_version::Model) -> Self {
        let units = access.reference_data().units();
        let parent = |id: Option<UnitId>| {
            let id = id.filter(|id| access.reaches(*id))?;
            Some(UnitRef { id, code: units.get(id)?.row.code.clone() })
        };
        Self {
            valid_from: version.valid_from,
            valid_to: version.valid_to,
            name: version.name.clone(),
            kind: version.kind,
            tier: version.tier,
            admin_code: version.admin_code.clone(),
            parent: parent(version.parent_id),
            party_parent: parent(version.party_parent_id),
        }
    }
}

impl Record for UnitRecord {
    const FORMAT: FileFormat = bundle::UNITS;
    type Id = UnitId;

    async fn page(access: &Access, after: Option<UnitId>) -> Result<Page<Self>> {
        let reached = access.reference_data().units().all().filter(|unit| access.reaches(unit.row.id));
        Ok(Page::cut(reached, after.as_ref(), |unit| unit.row.id, |unit| Self::of(access, unit)))
    }

    fn rows(&self) -> usize {
        self.versions.len()
    }

    fn cell(&self, row: usize, column: &str) -> Option<Cell<'_>> {
        let version = &self.versions[row];
        let code = |unit: &Option<UnitRef>| maybe(unit.as_ref().map(|unit| &unit.code));
        Some(match column {
            "code" => Cow::Borrowed(self.code.as_str()),
            "parent_code" => code(&version.parent),
            "party_parent_code" => code(&version.party_parent),
            "kind" => word(&version.kind),
            "tier" => word(&version.tier),
            "name" => Cow::Borrowed(&version.name),
            "admin_code" => text(version.admin_code.as_deref()),
            "valid_from" => maybe(version.valid_from.as_ref()),
            "valid_to" => maybe(version.valid_to.as_ref()),
            _ => return None,
        })
    }
}
