//! Acts on training plans (kế hoạch đào tạo, bồi dưỡng): draft a plan, move it from state to state.

use entity::{
    training_plan,
    value::{ChangeKind, PlanId, PlanState},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, SqlErr,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    authz::{Access, Act, Txn, VisiblePlan},
    domain::{
        command::{validate, within_reach},
        idempotency::{Claim, IdempotentRequest},
        refusal::{Code, CommandError, CommandResult, Outcome, Refusal, outcome},
        training::{
            plan::{self, TrainingPlanKey},
            state,
        },
    },
    error::{Error, Result},
};

/// First and last calendar year of a plan.
const YEARS: (i32, i32) = (1800, 2199);
/// Longest name, in characters.
const LONGEST_NAME: usize = 500;

/// Draft of a training plan (dự thảo kế hoạch).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "PlanDraftInput")]
pub struct Draft {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the plan.
    pub code: String,
    /// Code of the unit that owns the plan.
    pub unit_code: String,
    /// Name, at most 500 characters.
    pub name: String,
    /// First calendar year.
    pub year_from: i32,
    /// Last calendar year, inclusive.
    pub year_to: i32,
    /// Number of its document.
    pub document_no: Option<String>,
}

/// The next state of a plan (chuyển trạng thái kế hoạch).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "PlanAdvanceInput")]
pub struct Advance {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the plan.
    pub plan_code: String,
    /// The version that you read last; the act is refused if the version has changed since.
    pub expected_version: Option<i32>,
    /// The new state.
    pub to: PlanState,
    /// New document number, such as that of the approval.
    pub document_no: Option<String>,
}

/// Drafts a plan, once per idempotency key.
///
/// # Errors
/// `Forbidden` without `training:write` and `training:read`.
pub async fn draft(access: &Access, input: &Draft) -> Result<Outcome<VisiblePlan>> {
    outcome(drafted(access, input).await)
}

/// Moves a plan to its next state, once per idempotency key.
///
/// # Errors
/// `Forbidden` without `training:write` and `training:read`.
pub async fn advance(access: &Access, input: &Advance) -> Result<Outcome<VisiblePlan>> {
    outcome(advanced(access, input).await)
}

async fn drafted(access: &Access, input: &Draft) -> CommandResult<VisiblePlan> {
    access.training()?;
    let unit = within_reach(access, "unitCode", &input.unit_code)?;
    let request = IdempotentRequest::of(access, Act::PlanDraft, &input.idempotency_key, input)?;
    let year_from = validate::between("yearFrom", input.year_from, YEARS)?;
    let row = training_plan::Model {
        id: PlanId::new(),
        code: validate::code("code", &input.code)?,
        unit_id: unit,
        year_from,
        year_to: validate::between("yearTo", input.year_to, (year_from, YEARS.1))?,
        document_no: validate::number_if("documentNo", input.document_no.as_deref())?,
        name: validate::text("name", &input.name, LONGEST_NAME)?,
        state: PlanState::Draft,
        version: 1,
    };
    let txn = match request.begin(access, &[unit], row.code.as_str()).await? {
        Claim::New(txn) => *txn,
        Claim::Replayed(object) => return visible(access, &object).await,
    };
    let insert = training_plan::Entity::insert(row.clone().into_active_model().reset_all());
    insert.exec_without_returning(txn.connection()).await.map_err(unique_violation)?;
    txn.record(ChangeKind::Created, "training_plan", row.code.to_string()).await?;
    txn.commit().await?;
    shown(access, row)
}

async fn advanced(access: &Access, input: &Advance) -> CommandResult<VisiblePlan> {
    let plan = visible(access, &input.plan_code).await?;
    let (unit, code) = (plan.row().unit_id, plan.row().code.to_string());
    ensure_own(access, &plan)?;
    let request =
        IdempotentRequest::of(access, Act::PlanAdvance, &input.idempotency_key, input)?.noting(input.to.to_string());
    let txn = match request.begin(access, &[unit], &code).await? {
        Claim::New(txn) => *txn,
        Claim::Replayed(object) => return visible(access, &object).await,
    };
    let mut row = bump_version(&txn, plan.row().id, input.expected_version).await?;
    row.state = state::plan::after(row.state, input.to)?;
    row.document_no = validate::number_if("documentNo", input.document_no.as_deref())?.or(row.document_no);

    let written = training_plan::Entity::update(row.clone().into_active_model().reset_all());
    written.exec_without_returning(txn.connection()).await?;
    txn.record(ChangeKind::Updated, "training_plan", code).await?;
    txn.commit().await?;
    shown(access, row)
}

/// Locks the plan by raising its version, and returns its current row.
async fn bump_version(txn: &Txn, id: PlanId, expected: Option<i32>) -> CommandResult<training_plan::Model> {
    let mut raise = training_plan::Entity::update_many()
        .col_expr(training_plan::Column::Version, Expr::col(training_plan::Column::Version).add(1))
        .filter(training_plan::Column::Id.eq(id));
    if let Some(expected) = expected {
        raise = raise.filter(training_plan::Column::Version.eq(expected));
    }
    let raised = raise.exec(txn.connection()).await?.rows_affected;
    let row = training_plan::Entity::find_by_id(id).one(txn.connection()).await?;
    let row = row.ok_or_else(|| Error::internal("a plan is gone"))?;
    if raised == 0 { Err(Refusal::version(row.version).into()) } else { Ok(row) }
}

/// The plan with a code, if the caller may know of it.
async fn visible(access: &Access, code: &str) -> CommandResult<VisiblePlan> {
    match plan::look_up(access, &TrainingPlanKey::Code(code.to_owned())).await {
        Err(Error::NotFound) => Err(Refusal::not_found("planCode").into()),
        found => Ok(found?),
    }
}

/// Checks that the unit of the plan is within reach. Holding a quota of the plan allows a caller only to read it.
fn ensure_own(access: &Access, plan: &VisiblePlan) -> Result<(), Refusal> {
    if access.reaches(plan.row().unit_id) {
        return Ok(());
    }
    let code = access.reference_data().units().get(plan.row().unit_id).map_or("-", |unit| unit.row.code.as_str());
    Err(Refusal::input(
        Code::NotOrganisedHere,
        "planCode",
        format!("Kế hoạch này là của đơn vị {code}; chỉ đơn vị đó được chuyển trạng thái, hãy đề nghị đơn vị đó."),
        format!("This is the plan of the unit {code}; only that unit leads it on, so ask it to."),
    ))
}

/// The view of a plan after an act on it.
fn shown(access: &Access, row: training_plan::Model) -> CommandResult<VisiblePlan> {
    let shown = access.training()?.admitted_plan(row);
    shown.ok_or_else(|| Error::internal("an act on a plan of an unknown unit").into())
}

fn unique_violation(error: DbErr) -> CommandError {
    if !matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
        return error.into();
    }
    Refusal::conflict(
        Code::CodeTaken,
        "code",
        "Mã kế hoạch này đã được dùng; hãy chọn mã khác.",
        "Another plan has this code; choose another one.",
    )
    .into()
}
