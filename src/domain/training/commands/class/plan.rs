//! Plans a class.

use entity::{
    training_class, training_plan,
    value::{ChangeKind, ClassCategory, ClassCode, ClassId, ClassState, Day, StudyMode},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, SqlErr};

use super::{CAPACITY, shown, visible};
use crate::{
    authz::{Access, Act, VisibleClass},
    domain::{
        command::{validate, within_reach},
        idempotency::{Claim, IdempotentRequest},
        refusal::{Code, CommandError, CommandResult, Outcome, Refusal, outcome},
        training::{
            commands::session as sessions,
            plan::{self, TrainingPlanKey, touches_years},
            session,
        },
    },
    error::{Error, Result},
};

/// Longest number of an intake, in characters.
const LONGEST_INTAKE: usize = 40;

/// Plan of a class (dự kiến mở lớp).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClassPlanInput")]
pub struct Plan {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the class.
    pub code: String,
    /// Code of the plan that it belongs to.
    pub plan_code: Option<String>,
    /// Code of the programme.
    pub programme_code: String,
    /// Code of the organising unit.
    pub organiser_unit_code: String,
    /// Number of the intake (khóa), at most 40 characters.
    pub intake: Option<String>,
    /// Category of the class (loại lớp).
    pub category: ClassCategory,
    /// Mode of study (hình thức đào tạo).
    pub mode: Option<StudyMode>,
    /// First day.
    pub start_on: Day,
    /// Last day, inclusive.
    pub last_on: Day,
    /// Session days of the class: each day once, from the first to the last day of the class (both inclusive), at most
    /// 400. Absent: unknown.
    pub sessions: Option<Vec<Day>>,
    /// Number of seats, from 1 to 100,000; absent: unlimited.
    pub capacity: Option<i32>,
}

/// Plans a class, once per idempotency key.
///
/// # Errors
/// `Forbidden` without `training:write` and `training:read`.
pub async fn plan(access: &Access, input: &Plan) -> Result<Outcome<VisibleClass>> {
    outcome(planned(access, input).await)
}

async fn planned(access: &Access, input: &Plan) -> CommandResult<VisibleClass> {
    access.training()?;
    let organiser = within_reach(access, "organiserUnitCode", &input.organiser_unit_code)?;
    let plan = match &input.plan_code {
        Some(code) => Some(known_plan(access, code).await?),
        None => None,
    };
    if let Some(plan) = &plan {
        ensure_in_years(plan, (input.start_on, input.last_on))?;
    }
    let request = IdempotentRequest::of(access, Act::ClassPlan, &input.idempotency_key, input)?;
    let row =
        training_class::Model { plan_id: plan.map(|plan| plan.id), organiser_id: organiser, ..drawn(access, input)? };
    let (id, code) = (row.id, row.code.clone());
    let days = (row.start_on, row.end_on);
    let sessions = session::stated("sessions", input.sessions.as_deref().unwrap_or_default(), days)?;

    let txn = match request.begin(access, &[organiser], code.as_str()).await? {
        Claim::New(txn) => *txn,
        Claim::Replayed(object) => return visible(access, &object).await,
    };
    let insert = training_class::Entity::insert(row.into_active_model().reset_all());
    insert.exec_without_returning(txn.connection()).await.map_err(unique_violation)?;
    sessions::write(&txn, id, &sessions).await?;
    txn.record(ChangeKind::Created, "training_class", code.to_string()).await?;
    let row = training_class::Entity::find_by_id(id).one(txn.connection()).await?;
    txn.commit().await?;
    shown(access, row.ok_or_else(|| Error::internal("a class that was not written"))?)
}

async fn known_plan(access: &Access, code: &str) -> CommandResult<training_plan::Model> {
    match plan::look_up(access, &TrainingPlanKey::Code(code.to_owned())).await {
        Err(Error::NotFound) => Err(Refusal::not_found("planCode").into()),
        found => Ok(found?.row().clone()),
    }
}

/// Checks that a class overlaps the years of its plan.
pub(super) fn ensure_in_years(plan: &training_plan::Model, days: (Day, Day)) -> Result<(), Refusal> {
    let (first, last) = (plan.year_from, plan.year_to);
    if touches_years((first, last), days) {
        return Ok(());
    }
    Err(Refusal::input(
        Code::InvalidDay,
        "startOn",
        format!(
            "Lớp nằm ngoài thời gian của kế hoạch, từ năm {first} đến năm {last}; hãy chọn ngày khác hoặc kế hoạch khác."
        ),
        format!("The class lies outside the years of its plan, {first} to {last}; choose other days or another plan."),
    ))
}

/// The class as the input describes it; the caller fills in plan and organiser after looking them up.
fn drawn(access: &Access, input: &Plan) -> Result<training_class::Model, Refusal> {
    let code: ClassCode = validate::code("code", &input.code)?;
    let programme = access.reference_data().programme(&input.programme_code);
    let programme = programme.ok_or_else(|| Refusal::not_found("programmeCode"))?;
    let intake = input.intake.as_deref().map(|intake| validate::text("intake", intake, LONGEST_INTAKE)).transpose()?;
    Ok(training_class::Model {
        id: ClassId::new(),
        code,
        plan_id: None,
        programme_code: programme.code.clone(),
        organiser_id: entity::value::UnitId::new(),
        intake,
        category: input.category,
        mode: input.mode,
        start_on: input.start_on,
        end_on: validate::not_before("lastOn", input.last_on, input.start_on)?,
        capacity: input.capacity.map(|seats| validate::between("capacity", seats, CAPACITY)).transpose()?,
        enrolled: 0,
        reported_learners: None,
        state: ClassState::Planned,
        version: 1,
    })
}

fn unique_violation(error: sea_orm::DbErr) -> CommandError {
    if !matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
        return error.into();
    }
    Refusal::conflict(
        Code::CodeTaken,
        "code",
        "Mã lớp này đã được dùng; hãy chọn mã khác.",
        "Another class has this code; choose another one.",
    )
    .into()
}
