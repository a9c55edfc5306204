//! Rotations, transfers and secondments that the caller may see, as of today. Unpublished ones are shown to the reach of
//! the preparing unit only.

use std::iter;

use entity::{
    rotation,
    value::{
        Day, EndReason, RotationDirection, RotationForm, RotationId, RotationPurpose, RotationState, Tier, TitleCode,
        UnitId,
    },
};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};

use super::{
    codes::{self, CadreRef, UnitRef},
    record::{Cell, Page, Record, maybe, text, word},
};
use crate::{
    authz::{Access, VisibleRotation},
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// A rotation. Without `cadre:read` the person is absent.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RotationRecord {
    id: RotationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    cadre: Option<CadreRef>,
    form: RotationForm,
    purpose: Option<RotationPurpose>,
    direction: RotationDirection,
    from_unit: UnitRef,
    from_tier: Tier,
    from_title_code: Option<TitleCode>,
    to_unit: UnitRef,
    to_tier: Tier,
    to_title_code: Option<TitleCode>,
    start_on: Day,
    planned_end_on: Option<Day>,
    end_on: Option<Day>,
    end_reason: Option<EndReason>,
    state: RotationState,
    preparing_unit: Option<UnitRef>,
    decision_no: Option<String>,
    decided_on: Option<Day>,
    published_on: Option<Day>,
    placement: Option<PlacementRecord>,
    version: i32,
}

/// Placement of the person afterwards.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct PlacementRecord {
    unit: Option<UnitRef>,
    title_code: Option<TitleCode>,
    on: Day,
    decision_no: Option<String>,
}

impl RotationRecord {
    fn of(access: &Access, row: &rotation::Model, cadre: Option<CadreRef>) -> Result<Self> {
        let unit = |id: Option<UnitId>| id.map(|id| codes::unit(access, id)).transpose();
        let placement = |on| -> Result<PlacementRecord> {
            Ok(PlacementRecord {
                unit: unit(row.placement_unit_id)?,
                title_code: row.placement_title_code.clone(),
                on,
                decision_no: row.placement_decision_no.clone(),
            })
        };
        Ok(Self {
            id: row.id,
            cadre,
            form: row.form,
            purpose: row.purpose,
            direction: row.direction,
            from_unit: codes::unit(access, row.from_unit_id)?,
            from_tier: row.from_tier,
            from_title_code: row.from_title_code.clone(),
            to_unit: codes::unit(access, row.to_unit_id)?,
            to_tier: row.to_tier,
            to_title_code: row.to_title_code.clone(),
            start_on: row.start_on,
            planned_end_on: row.planned_end_on,
            end_on: row.end_on,
            end_reason: row.end_reason,
            state: row.state,
            preparing_unit: unit(row.preparing_unit_id)?,
            decision_no: row.decision_no.clone(),
            decided_on: row.decided_on,
            published_on: row.published_on,
            placement: row.placed_on.map(placement).transpose()?,
            version: row.version,
        })
    }
}

impl Record for RotationRecord {
    const FORMAT: FileFormat = bundle::ROTATIONS;
    type Id = RotationId;

    fn withheld(access: &Access) -> Vec<&'static str> {
        iter::once("cadre").filter(|_| !codes::shows_persons(access)).collect()
    }

    async fn page(access: &Access, after: Option<RotationId>) -> Result<Page<Self>> {
        let rotations = access.rotations()?;
        let rows = rotations
            .select()
            .filter(Condition::all().add_option(after.map(|after| rotation::Column::Id.gt(after))))
            .order_by_asc(rotation::Column::Id)
            .limit(Self::PAGE as u64)
            .all(access.reader())
            .await?;
        let (read, last) = (rows.len(), rows.last().map(|row| row.id));
        let shown: Vec<VisibleRotation> =
            rows.into_iter().filter_map(|row| rotations.admitted(row, access.today())).collect();
        let related: Vec<_> = shown.iter().map(|rotation| access.person_of(rotation)).collect();
        let persons = codes::persons(access, &related).await?;
        let records = shown
            .iter()
            .zip(&related)
            .map(|(rotation, person)| Self::of(access, rotation.row(), persons.get(person).cloned()));
        Ok(Page::of(records.collect::<Result<_>>()?, read, last))
    }

    fn rows(&self) -> usize {
        usize::from(!self.state.is_embargoed())
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "cadre_code" => maybe(self.cadre.as_ref().map(|cadre| &cadre.code)),
            "from_unit_code" => word(&self.from_unit.code),
            "to_unit_code" => word(&self.to_unit.code),
            "form" => word(&self.form),
            "start_on" => word(&self.start_on),
            // The file has one column for both: an end after today is the planned one.
            "end_on" => maybe(self.end_on.or(self.planned_end_on).as_ref()),
            "decision_no" => text(self.decision_no.as_deref()),
            _ => return None,
        })
    }
}
