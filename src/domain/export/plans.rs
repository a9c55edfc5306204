//! Training plans that the caller may see.

use std::borrow::Cow;

use entity::{
    training_plan,
    value::{PlanCode, PlanId, PlanState},
};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};

use super::{
    codes::{self, UnitRef},
    record::{Cell, Page, Record, text, word},
};
use crate::{
    authz::Access,
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// A plan.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanRecord {
    id: PlanId,
    code: PlanCode,
    unit: UnitRef,
    year_from: i32,
    year_to: i32,
    document_no: Option<String>,
    name: String,
    state: PlanState,
    version: i32,
}

impl PlanRecord {
    fn of(access: &Access, row: &training_plan::Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            code: row.code.clone(),
            unit: codes::unit(access, row.unit_id)?,
            year_from: row.year_from,
            year_to: row.year_to,
            document_no: row.document_no.clone(),
            name: row.name.clone(),
            state: row.state,
            version: row.version,
        })
    }
}

impl Record for PlanRecord {
    const FORMAT: FileFormat = bundle::TRAINING_PLANS;
    type Id = PlanId;

    async fn page(access: &Access, after: Option<PlanId>) -> Result<Page<Self>> {
        let training = access.training()?;
        let rows = training
            .plans()
            .filter(Condition::all().add_option(after.map(|after| training_plan::Column::Id.gt(after))))
            .order_by_asc(training_plan::Column::Id)
            .limit(Self::PAGE as u64)
            .all(access.reader())
            .await?;
        let (read, last) = (rows.len(), rows.last().map(|row| row.id));
        let shown = rows.into_iter().filter_map(|row| training.admitted_plan(row));
        let records = shown.map(|plan| Self::of(access, plan.row()));
        Ok(Page::of(records.collect::<Result<_>>()?, read, last))
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "code" => word(&self.code),
            "unit_code" => word(&self.unit.code),
            "year_from" => word(&self.year_from),
            "year_to" => word(&self.year_to),
            "document_no" => text(self.document_no.as_deref()),
            "name" => Cow::Borrowed(&self.name),
            "status" => word(&self.state),
            _ => return None,
        })
    }
}
