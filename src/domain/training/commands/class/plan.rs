//! Plans a class.

use entity::{
    training_class, training_plan,
    value::{ChangeKind, ClassCategory, ClassCode, ClassId, ClassState, Day, Scope, StudyMode, UnitId},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::{
    seat,
    subject::{CAPACITY, visible},
};
use crate::{
    authz::{Access, Txn, VisibleClass},
    domain::{
        command::{Command, CommandContext, Ready, Subject, unless_unique, validate, within_reach},
        refusal::{Code, CommandResult, Refusal},
        training::{
            commands::session as sessions,
            plan::{self, TrainingPlanKey, overlaps_years},
            session,
        },
    },
    error::Error,
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

impl Command for Plan {
    const NAME: &'static str = "class.plan";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "ClassPlanPayload";
    type Subject = NewClass;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> &Self {
        self
    }

    async fn apply(&self, context: &mut CommandContext<'_, NewClass>) -> CommandResult<()> {
        let (txn, NewClass { row, sessions }) = (&context.txn, &context.subject);
        let insert = training_class::Entity::insert(row.clone().into_active_model().reset_all());
        let inserted = insert.exec_without_returning(txn.connection()).await;
        inserted.map_err(|error| unless_unique(error, code_taken))?;
        sessions::write(txn, row.id, sessions).await
    }
}

/// A class that is planned, with its session days.
#[derive(Debug)]
pub struct NewClass {
    row: training_class::Model,
    sessions: Vec<Day>,
}

/// The organiser and the plan of a class.
#[derive(Debug)]
pub struct Parties {
    organiser: UnitId,
    plan: Option<training_plan::Model>,
}

impl Subject for NewClass {
    type Target<'a> = &'a Plan;
    type Found = Parties;
    type Prepared = Self;
    type Effect = ();
    type Written = training_class::Model;
    type View = VisibleClass;

    async fn find(access: &Access, input: Self::Target<'_>) -> CommandResult<Parties> {
        access.training()?;
        let organiser = within_reach(access, "organiserUnitCode", &input.organiser_unit_code)?;
        let plan = match &input.plan_code {
            Some(code) => Some(known_plan(access, code).await?),
            None => None,
        };
        if let Some(plan) = &plan {
            ensure_in_years(plan, (input.start_on, input.last_on))?;
        }
        Ok(Parties { organiser, plan })
    }

    async fn prepare(access: &Access, input: Self::Target<'_>, of: Parties) -> CommandResult<Ready<Self>> {
        let row = class_row(access, input, &of)?;
        let days = (row.start_on, row.end_on);
        let sessions = session::stated("sessions", input.sessions.as_deref().unwrap_or_default(), days)?;
        let (object, units) = (row.code.to_string(), vec![row.organiser_id]);
        Ok(Ready { object, units, detail: None, prepared: Self { row, sessions } })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Self)) -> CommandResult<VisibleClass> {
        visible(access, object).await
    }

    async fn lock(_: &Access, _: &Txn, (_, prepared): (Self::Target<'_>, Self)) -> CommandResult<Self> {
        Ok(prepared)
    }

    async fn write(self, txn: &Txn, (): ()) -> CommandResult<training_class::Model> {
        txn.record(ChangeKind::Created, "training_class", self.row.code.to_string()).await?;
        seat::row(txn, self.row.id).await
    }

    async fn view(access: &Access, row: training_class::Model) -> CommandResult<Option<VisibleClass>> {
        Ok(access.training()?.admitted_class(row))
    }
}

async fn known_plan(access: &Access, code: &str) -> CommandResult<training_plan::Model> {
    match plan::look_up(access, &TrainingPlanKey::Code(code.to_owned())).await {
        Err(Error::NotFound) => Err(Refusal::not_found("planCode").into()),
        found => Ok(found?.row().clone()),
    }
}

/// Checks that a class shares at least one day with the years of its plan.
pub(super) fn ensure_in_years(plan: &training_plan::Model, days: (Day, Day)) -> Result<(), Refusal> {
    let (first, last) = (plan.year_from, plan.year_to);
    if overlaps_years((first, last), days) {
        return Ok(());
    }
    Err(Refusal::input(
        Code::InvalidDay,
        "startOn",
        format!(
            "Lớp không thuộc thời gian của kế hoạch, từ năm {first} đến năm {last}; hãy chọn ngày khác hoặc kế hoạch \
             khác."
        ),
        format!("The class is outside the years of its plan, {first} to {last}; choose other days or another plan."),
    ))
}

/// The class as the input describes it.
fn class_row(access: &Access, input: &Plan, of: &Parties) -> Result<training_class::Model, Refusal> {
    let code: ClassCode = validate::code("code", &input.code)?;
    let programme = access.reference_data().programme(&input.programme_code);
    let programme = programme.ok_or_else(|| Refusal::not_found("programmeCode"))?;
    let intake = input.intake.as_deref().map(|intake| validate::text("intake", intake, LONGEST_INTAKE)).transpose()?;
    Ok(training_class::Model {
        id: ClassId::new(),
        code,
        plan_id: of.plan.as_ref().map(|plan| plan.id),
        programme_code: programme.code.clone(),
        organiser_id: of.organiser,
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

fn code_taken() -> Refusal {
    Refusal::conflict(
        Code::CodeTaken,
        "code",
        "Mã lớp này đã được dùng; hãy chọn mã khác.",
        "Another class already has this code; choose another code.",
    )
}
