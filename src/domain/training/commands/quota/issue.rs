//! Issues a quota of a plan to its unit or to a subordinate unit.

use entity::{
    quota, training_plan,
    value::{ChangeKind, Measure, PlanCode, QuotaId, QuotaState, Scope, StudyMode, UnitId},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

use super::{SEATS, day_of_plan, ensure_below, record, row, seen};
use crate::{
    authz::{Access, Txn, VisibleQuota},
    domain::{
        command::{Command, CommandContext, Ready, Subject, validate, within_reach},
        refusal::{Code, CommandResult, Refusal},
        training::state,
    },
    error::Error,
};

/// Issue of a quota (giao chỉ tiêu).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "QuotaIssueInput")]
pub struct Issue {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the plan, which is APPROVED or PUBLISHED.
    pub plan_code: String,
    /// Code of the receiving unit: the plan's unit, or a subordinate one.
    pub unit_code: String,
    /// Code of the programme.
    pub programme_code: String,
    /// Mode of study; absent: any.
    pub mode: Option<StudyMode>,
    /// The unit of measure of the quota.
    pub measure: Measure,
    /// Number of seats, from 1 to 1,000,000.
    pub seats: i32,
    /// Whether the seats are a lower bound ("trên", "hơn"); such a quota is never exhausted.
    #[graphql(default = false)]
    pub is_lower_bound: bool,
    /// Number of planned classes.
    pub classes: Option<i32>,
}

impl Command for Issue {
    const NAME: &'static str = "quota.issue";
    const SCOPE: Scope = Scope::QuotaAllocate;
    const PAYLOAD: &'static str = "QuotaIssuePayload";
    type Subject = NewQuota;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> &Self {
        self
    }

    async fn apply(&self, context: &mut CommandContext<'_, NewQuota>) -> CommandResult<()> {
        let (access, txn, NewQuota { row, plan }) = (context.access, &context.txn, &context.subject);
        state::plan::ensure_quotas_permitted(plan.state, "planCode")?;
        if row.unit_id != plan.unit_id {
            ensure_below(access, plan.unit_id, row.unit_id, day_of_plan(plan, access.today()))?;
        }
        ensure_first(txn, row).await?;
        let insert = quota::Entity::insert(row.clone().into_active_model().reset_all());
        insert.exec_without_returning(txn.connection()).await?;
        Ok(())
    }
}

/// A quota that is issued, with its plan locked.
#[derive(Debug)]
pub struct NewQuota {
    row: quota::Model,
    plan: training_plan::Model,
}

/// The plan of a quota and the receiving unit.
#[derive(Debug)]
pub struct Parties {
    plan: training_plan::Model,
    unit: UnitId,
}

impl Subject for NewQuota {
    type Target<'a> = &'a Issue;
    type Found = Parties;
    type Prepared = Self;
    type Effect = ();
    type Written = quota::Model;
    type View = VisibleQuota;

    async fn find(access: &Access, input: Self::Target<'_>) -> CommandResult<Parties> {
        let unknown = || Refusal::not_found("planCode");
        let quotas = access.quotas()?;
        let code: PlanCode = input.plan_code.parse().map_err(|_| unknown())?;
        let plan = quotas.plan_for_issue(code).await?.ok_or_else(unknown)?;
        Ok(Parties { plan, unit: within_reach(access, "unitCode", &input.unit_code)? })
    }

    async fn prepare(access: &Access, input: Self::Target<'_>, of: Parties) -> CommandResult<Ready<Self>> {
        let row = quota_row(access, input, &of)?;
        Ok(Ready {
            object: row.id.to_string(),
            units: vec![of.plan.unit_id, of.unit],
            detail: Some(format!("{} {} {}", input.unit_code, input.programme_code, input.seats)),
            prepared: Self { row, plan: of.plan },
        })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Self)) -> CommandResult<VisibleQuota> {
        seen(access, object).await
    }

    /// Locks the plan: concurrent requests for one unit wait for each other at this lock.
    async fn lock(_: &Access, txn: &Txn, (_, prepared): (Self::Target<'_>, Self)) -> CommandResult<Self> {
        let plan = training_plan::Entity::find_by_id(prepared.plan.id).lock_exclusive().one(txn.connection()).await?;
        Ok(Self { plan: plan.ok_or_else(|| Error::internal("the row of a plan is missing"))?, ..prepared })
    }

    async fn write(self, txn: &Txn, (): ()) -> CommandResult<quota::Model> {
        record(txn, ChangeKind::Created, self.row.id).await?;
        row(txn, self.row.id).await
    }

    async fn view(access: &Access, row: quota::Model) -> CommandResult<Option<VisibleQuota>> {
        Ok(access.quotas()?.admitted(row))
    }
}

/// The row of the quota that the input describes.
fn quota_row(access: &Access, input: &Issue, of: &Parties) -> Result<quota::Model, Refusal> {
    let programme = access.reference_data().programme(&input.programme_code);
    let programme = programme.ok_or_else(|| Refusal::not_found("programmeCode"))?;
    let classes = input.classes.map(|classes| validate::between("classes", classes, (0, 10_000))).transpose()?;
    Ok(quota::Model {
        id: QuotaId::new(),
        plan_id: of.plan.id,
        unit_id: of.unit,
        programme_code: programme.code.clone(),
        mode: input.mode,
        measure: input.measure,
        seats: validate::between("seats", input.seats, SEATS)?,
        is_lower_bound: input.is_lower_bound,
        classes,
        allocated: 0,
        used: 0,
        excess: 0,
        parent_id: None,
        state: QuotaState::Issued,
        version: 1,
    })
}

/// Checks that the plan does not have such a quota of the unit yet: a second one would count twice.
async fn ensure_first(txn: &Txn, prepared: &quota::Model) -> CommandResult<()> {
    let of_mode = match prepared.mode {
        Some(mode) => quota::Column::Mode.eq(mode),
        None => quota::Column::Mode.is_null(),
    };
    let existing = quota::Entity::find()
        .filter(quota::Column::PlanId.eq(prepared.plan_id))
        .filter(quota::Column::UnitId.eq(prepared.unit_id))
        .filter(quota::Column::ProgrammeCode.eq(prepared.programme_code.clone()))
        .filter(of_mode)
        .filter(quota::Column::ParentId.is_null())
        .filter(quota::Column::State.eq(QuotaState::Issued))
        .one(txn.connection())
        .await?;
    let Some(existing) = existing else { return Ok(()) };
    let (id, seats) = (existing.id, existing.seats);
    Err(Refusal::conflict(
        Code::QuotaExists,
        "unitCode",
        format!(
            "Kế hoạch đã giao cho đơn vị này chỉ tiêu {id} gồm {seats} suất của chương trình và hình thức đào tạo đó; \
             hãy điều chỉnh bằng quotaAmend."
        ),
        format!(
            "The plan has already issued the quota {id} with {seats} seats of this programme and mode to this unit; \
             change that quota with quotaAmend."
        ),
    )
    .into())
}
