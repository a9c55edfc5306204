//! Quotas that the caller may see.

use std::{borrow::Cow, collections::HashSet, iter};

use entity::{
    quota,
    value::{Measure, ProgrammeCode, QuotaId, QuotaState, StudyMode},
};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};

use super::{
    codes::{self, PlanRef, UnitRef},
    record::{Cell, Page, Record, maybe, word},
};
use crate::{
    authz::{Access, VisibleQuota},
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// A quota. Without `training:read` the plan is absent. A parent out of reach is null.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QuotaRecord {
    id: QuotaId,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<PlanRef>,
    unit: UnitRef,
    programme_code: ProgrammeCode,
    mode: Option<StudyMode>,
    measure: Measure,
    seats: i32,
    seats_is_lower_bound: bool,
    classes: Option<i32>,
    allocated: i32,
    used: i32,
    remaining: i32,
    parent_id: Option<QuotaId>,
    state: QuotaState,
    version: i32,
}

impl QuotaRecord {
    fn of(access: &Access, row: &quota::Model, (plan, parent_id): (Option<PlanRef>, Option<QuotaId>)) -> Result<Self> {
        Ok(Self {
            id: row.id,
            plan,
            unit: codes::unit(access, row.unit_id)?,
            programme_code: row.programme_code.clone(),
            mode: row.mode,
            measure: row.measure,
            seats: row.seats,
            seats_is_lower_bound: row.is_lower_bound,
            classes: row.classes,
            allocated: row.allocated,
            used: row.used,
            remaining: row.remaining(),
            parent_id,
            state: row.state,
            version: row.version,
        })
    }
}

impl Record for QuotaRecord {
    const FORMAT: FileFormat = bundle::QUOTAS;
    type Id = QuotaId;

    fn withheld(access: &Access) -> Vec<&'static str> {
        iter::once("plan").filter(|_| !codes::shows_plans(access)).collect()
    }

    async fn page(access: &Access, after: Option<QuotaId>) -> Result<Page<Self>> {
        let quotas = access.quotas()?;
        let rows = quotas
            .select()
            .filter(Condition::all().add_option(after.map(|after| quota::Column::Id.gt(after))))
            .order_by_asc(quota::Column::Id)
            .limit(Self::PAGE as u64)
            .all(access.reader())
            .await?;
        let (read, last) = (rows.len(), rows.last().map(|row| row.id));
        let shown: Vec<VisibleQuota> = rows.into_iter().filter_map(|row| quotas.admitted(row)).collect();
        let plans = codes::plans(access, shown.iter().map(|quota| quota.row().plan_id)).await?;
        let parents: Vec<QuotaId> = shown.iter().filter_map(|quota| quota.row().parent_id).collect();
        let parents = if parents.is_empty() { Vec::new() } else { quotas.by_ids(&parents).await? };
        let parents: HashSet<QuotaId> = parents.iter().map(|parent| parent.row().id).collect();
        let records = shown.iter().map(|quota| {
            let row = quota.row();
            let parent = row.parent_id.filter(|parent| parents.contains(parent));
            Self::of(access, row, (plans.get(&row.plan_id).cloned(), parent))
        });
        Ok(Page::of(records.collect::<Result<_>>()?, read, last))
    }

    /// A file of quotas contains those that a plan issues. Seats that were allocated from an exported quota are part of
    /// that quota, and a revoked one has none.
    fn rows(&self) -> usize {
        usize::from(self.parent_id.is_none() && self.state == QuotaState::Issued)
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "plan_code" => maybe(self.plan.as_ref().map(|plan| &plan.code)),
            "unit_code" => word(&self.unit.code),
            "programme_code" => word(&self.programme_code),
            "mode" => maybe(self.mode.as_ref()),
            "measure" => word(&self.measure),
            "bound" => Cow::Borrowed(if self.seats_is_lower_bound { "MORE_THAN" } else { "EXACT" }),
            "quantity" => word(&self.seats),
            "classes" => maybe(self.classes.as_ref()),
            _ => return None,
        })
    }
}
