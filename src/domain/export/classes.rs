//! Classes that the caller may see.

use entity::{
    training_class,
    value::{ClassCategory, ClassCode, ClassId, ClassState, Day, ProgrammeCode, StudyMode},
};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};

use super::{
    codes::{self, PlanRef, UnitRef},
    record::{Cell, Page, Record, maybe, text, word},
};
use crate::{
    authz::{Access, VisibleClass},
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// A class. A plan out of reach is null.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClassRecord {
    id: ClassId,
    code: ClassCode,
    plan: Option<PlanRef>,
    programme_code: ProgrammeCode,
    organiser: UnitRef,
    intake: Option<String>,
    category: ClassCategory,
    mode: Option<StudyMode>,
    start_on: Day,
    last_on: Day,
    capacity: Option<i32>,
    enrolled: i32,
    reported_learners: Option<i32>,
    state: ClassState,
    version: i32,
}

impl ClassRecord {
    fn of(access: &Access, row: &training_class::Model, plan: Option<PlanRef>) -> Result<Self> {
        Ok(Self {
            id: row.id,
            code: row.code.clone(),
            plan,
            programme_code: row.programme_code.clone(),
            organiser: codes::unit(access, row.organiser_id)?,
            intake: row.intake.clone(),
            category: row.category,
            mode: row.mode,
            start_on: row.start_on,
            last_on: row.end_on,
            capacity: row.capacity,
            enrolled: row.enrolled,
            reported_learners: row.reported_learners,
            state: row.state,
            version: row.version,
        })
    }
}

/// The next visible classes after an id, the number of rows read, and the last id among them.
pub(super) async fn after(
    access: &Access,
    after: Option<ClassId>,
    size: usize,
) -> Result<(Vec<VisibleClass>, usize, Option<ClassId>)> {
    let training = access.training()?;
    let rows = training
        .classes()
        .filter(Condition::all().add_option(after.map(|after| training_class::Column::Id.gt(after))))
        .order_by_asc(training_class::Column::Id)
        .limit(size as u64)
        .all(access.reader())
        .await?;
    let (read, last) = (rows.len(), rows.last().map(|row| row.id));
    Ok((rows.into_iter().filter_map(|row| training.admitted_class(row)).collect(), read, last))
}

impl Record for ClassRecord {
    const FORMAT: FileFormat = bundle::CLASSES;
    type Id = ClassId;

    async fn page(access: &Access, last: Option<ClassId>) -> Result<Page<Self>> {
        let (shown, read, last) = after(access, last, Self::PAGE).await?;
        let plans = codes::plans(access, shown.iter().filter_map(|class| class.row().plan_id)).await?;
        let records = shown.iter().map(|class| {
            let plan = class.row().plan_id.and_then(|plan| plans.get(&plan)).cloned();
            Self::of(access, class.row(), plan)
        });
        Ok(Page::of(records.collect::<Result<_>>()?, read, last))
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "code" => word(&self.code),
            "plan_code" => maybe(self.plan.as_ref().map(|plan| &plan.code)),
            "programme_code" => word(&self.programme_code),
            "organiser_code" => word(&self.organiser.code),
            "intake" => text(self.intake.as_deref()),
            "category" => word(&self.category),
            "mode" => maybe(self.mode.as_ref()),
            "start_on" => word(&self.start_on),
            "end_on" => word(&self.last_on),
            "capacity" => maybe(self.capacity.as_ref()),
            "reported_learners" => maybe(self.reported_learners.as_ref()),
            "status" => word(&self.state),
            _ => return None,
        })
    }
}
