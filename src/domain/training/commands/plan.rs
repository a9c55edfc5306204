//! Commands on training plans (kế hoạch đào tạo, bồi dưỡng): draft a plan, move it from state to state.

use entity::{
    training_plan,
    value::{ChangeKind, PlanId, PlanState, Scope, UnitId},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use crate::{
    authz::{Access, Txn, VisiblePlan},
    domain::{
        command::{
            Command, CommandContext, Ready, Subject, Versioned, bump_version, unless_unique, validate, within_reach,
        },
        refusal::{Code, CommandResult, Refusal},
        training::{
            plan::{self, TrainingPlanKey},
            state,
        },
    },
    error::Error,
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
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// The new state.
    pub to: PlanState,
    /// New document number, such as that of the approval.
    pub document_no: Option<String>,
}

impl Command for Draft {
    const NAME: &'static str = "plan.draft";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "PlanDraftPayload";
    type Subject = NewPlan;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> &Self {
        self
    }

    async fn apply(&self, context: &mut CommandContext<'_, NewPlan>) -> CommandResult<()> {
        let insert = training_plan::Entity::insert(context.subject.0.clone().into_active_model().reset_all());
        let inserted = insert.exec_without_returning(context.txn.connection()).await;
        inserted.map(drop).map_err(|error| unless_unique(error, code_taken))
    }
}

impl Command for Advance {
    const NAME: &'static str = "plan.advance";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "PlanAdvancePayload";
    type Subject = Plan;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target { code: &self.plan_code, expected_version: self.expected_version, to: self.to }
    }

    async fn apply(&self, context: &mut CommandContext<'_, Plan>) -> CommandResult<()> {
        let row = &mut context.subject.0;
        row.state = state::plan::after(row.state, self.to)?;
        if let Some(number) = validate::number_if("documentNo", self.document_no.as_deref())? {
            row.document_no = Some(number);
        }
        Ok(())
    }
}

/// A plan that is drafted.
#[derive(Debug)]
pub struct NewPlan(training_plan::Model);

impl Subject for NewPlan {
    type Target<'a> = &'a Draft;
    type Found = UnitId;
    type Prepared = Self;
    type Effect = ();
    type Written = training_plan::Model;
    type View = VisiblePlan;

    async fn find(access: &Access, input: Self::Target<'_>) -> CommandResult<UnitId> {
        access.training()?;
        Ok(within_reach(access, "unitCode", &input.unit_code)?)
    }

    async fn prepare(_: &Access, input: Self::Target<'_>, unit: UnitId) -> CommandResult<Ready<Self>> {
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
        Ok(Ready { object: row.code.to_string(), units: vec![unit], detail: None, prepared: Self(row) })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Self)) -> CommandResult<VisiblePlan> {
        visible(access, object).await
    }

    async fn lock(_: &Access, _: &Txn, (_, prepared): (Self::Target<'_>, Self)) -> CommandResult<Self> {
        Ok(prepared)
    }

    async fn write(self, txn: &Txn, (): ()) -> CommandResult<training_plan::Model> {
        txn.record(ChangeKind::Created, "training_plan", self.0.code.to_string()).await?;
        Ok(self.0)
    }

    async fn view(access: &Access, row: training_plan::Model) -> CommandResult<Option<VisiblePlan>> {
        Ok(access.training()?.admitted_plan(row))
    }
}

/// An existing plan, locked.
#[derive(Debug)]
pub struct Plan(training_plan::Model);

/// A plan, as the input of a command names it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    code: &'a str,
    expected_version: Option<i32>,
    /// The new state, for the audit log.
    to: PlanState,
}

impl Versioned for training_plan::Entity {
    const ID: training_plan::Column = training_plan::Column::Id;
    const VERSION: training_plan::Column = training_plan::Column::Version;

    fn version(row: &training_plan::Model) -> i32 {
        row.version
    }
}

impl Subject for Plan {
    type Target<'a> = Target<'a>;
    type Found = VisiblePlan;
    type Prepared = VisiblePlan;
    type Effect = ();
    type Written = training_plan::Model;
    type View = VisiblePlan;

    async fn find(access: &Access, target: Self::Target<'_>) -> CommandResult<VisiblePlan> {
        let plan = visible(access, target.code).await?;
        ensure_own(access, &plan)?;
        Ok(plan)
    }

    async fn prepare(_: &Access, target: Self::Target<'_>, plan: VisiblePlan) -> CommandResult<Ready<VisiblePlan>> {
        let (object, units) = (plan.row().code.to_string(), vec![plan.row().unit_id]);
        Ok(Ready { object, units, detail: Some(target.to.to_string()), prepared: plan })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, VisiblePlan)) -> CommandResult<VisiblePlan> {
        visible(access, object).await
    }

    async fn lock(_: &Access, txn: &Txn, (target, plan): (Self::Target<'_>, VisiblePlan)) -> CommandResult<Self> {
        Ok(Self(bump_version::<training_plan::Entity>(txn, plan.row().id, target.expected_version).await?))
    }

    async fn write(self, txn: &Txn, (): ()) -> CommandResult<training_plan::Model> {
        let update = training_plan::Entity::update(self.0.clone().into_active_model().reset_all());
        update.exec_without_returning(txn.connection()).await?;
        txn.record(ChangeKind::Updated, "training_plan", self.0.code.to_string()).await?;
        Ok(self.0)
    }

    async fn view(access: &Access, row: training_plan::Model) -> CommandResult<Option<VisiblePlan>> {
        Ok(access.training()?.admitted_plan(row))
    }
}

/// The plan with a code, if the caller may see it.
async fn visible(access: &Access, code: &str) -> CommandResult<VisiblePlan> {
    match plan::look_up(access, &TrainingPlanKey::Code(code.to_owned())).await {
        Err(Error::NotFound) => Err(Refusal::not_found("planCode").into()),
        found => Ok(found?),
    }
}

/// Checks that the unit of the plan is within reach. A quota of the plan allows a caller only to read the plan.
fn ensure_own(access: &Access, plan: &VisiblePlan) -> Result<(), Refusal> {
    if access.reaches(plan.row().unit_id) {
        return Ok(());
    }
    let code = access.reference_data().units().get(plan.row().unit_id).map_or("-", |unit| unit.row.code.as_str());
    Err(Refusal::input(
        Code::NotOrganisedHere,
        "planCode",
        format!(
            "Kế hoạch này là của đơn vị {code}; chỉ đơn vị đó được chuyển trạng thái của kế hoạch, hãy đề nghị đơn vị \
             đó."
        ),
        format!("The plan belongs to the unit {code}; only that unit can change its state, so ask that unit."),
    ))
}

fn code_taken() -> Refusal {
    Refusal::conflict(
        Code::CodeTaken,
        "code",
        "Mã kế hoạch này đã được dùng; hãy chọn mã khác.",
        "Another plan already has this code; choose another code.",
    )
}
