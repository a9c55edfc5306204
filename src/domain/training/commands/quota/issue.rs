//! Issues a quota of a plan to its unit or to a subordinate unit.

use entity::{
    quota,
    value::{ChangeKind, Measure, PlanCode, QuotaId, QuotaState, StudyMode},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

use super::{SEATS, day_of_plan, ensure_below, record, row, shown};
use crate::{
    authz::{Access, Act, Txn, VisibleQuota},
    domain::{
        command::{validate, within_reach},
        idempotency::{Claim, IdempotentRequest},
        refusal::{Code, CommandResult, Outcome, Refusal, outcome},
        training::state,
    },
    error::{Error, Result},
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

/// Issues a quota, once per idempotency key.
///
/// # Errors
/// `Forbidden` without `quota:allocate` and `quota:read`.
pub async fn issue(access: &Access, input: &Issue) -> Result<Outcome<VisibleQuota>> {
    outcome(issued(access, input).await)
}

async fn issued(access: &Access, input: &Issue) -> CommandResult<VisibleQuota> {
    let unknown = || Refusal::not_found("planCode");
    let quotas = access.quotas()?;
    let code: PlanCode = input.plan_code.parse().map_err(|_| unknown())?;
    let plan = quotas.plan_to_give(code).await?.ok_or_else(unknown)?;
    let unit = within_reach(access, "unitCode", &input.unit_code)?;
    let request = IdempotentRequest::of(access, Act::QuotaIssue, &input.idempotency_key, input)?
        .noting(format!("{} {} {}", input.unit_code, input.programme_code, input.seats));
    let given = quota::Model { plan_id: plan.id, unit_id: unit, ..drawn(access, input)? };

    let txn = match request.begin(access, &[plan.unit_id, unit], &given.id.to_string()).await? {
        Claim::New(txn) => *txn,
        Claim::Replayed(object) => return super::seen(access, &object).await,
    };
    let connection = txn.connection();
    // Concurrent requests for one unit wait for each other here.
    let plan = entity::training_plan::Entity::find_by_id(plan.id).lock_exclusive().one(connection).await?;
    let plan = plan.ok_or_else(|| Error::internal("a plan is gone"))?;
    state::plan::ensure_gives(plan.state, "planCode")?;
    if unit != plan.unit_id {
        ensure_below(access, plan.unit_id, unit, day_of_plan(&plan, access.today()))?;
    }
    ensure_first(&txn, &given).await?;

    let id = given.id;
    quota::Entity::insert(given.into_active_model().reset_all()).exec_without_returning(connection).await?;
    record(&txn, ChangeKind::Created, id).await?;
    let row = row(&txn, id).await?;
    txn.commit().await?;
    shown(access, row)
}

/// The quota as the input describes it; the caller fills in plan and unit after looking them up.
fn drawn(access: &Access, input: &Issue) -> Result<quota::Model, Refusal> {
    let programme = access.reference_data().programme(&input.programme_code);
    let programme = programme.ok_or_else(|| Refusal::not_found("programmeCode"))?;
    let classes = input.classes.map(|classes| validate::between("classes", classes, (0, 10_000))).transpose()?;
    Ok(quota::Model {
        id: QuotaId::new(),
        plan_id: entity::value::PlanId::new(),
        unit_id: entity::value::UnitId::new(),
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

/// Checks that the plan has no such quota of the unit yet: a second one would count twice.
async fn ensure_first(txn: &Txn, given: &quota::Model) -> CommandResult<()> {
    let of_mode = match given.mode {
        Some(mode) => quota::Column::Mode.eq(mode),
        None => quota::Column::Mode.is_null(),
    };
    let there = quota::Entity::find()
        .filter(quota::Column::PlanId.eq(given.plan_id))
        .filter(quota::Column::UnitId.eq(given.unit_id))
        .filter(quota::Column::ProgrammeCode.eq(given.programme_code.clone()))
        .filter(of_mode)
        .filter(quota::Column::ParentId.is_null())
        .filter(quota::Column::State.eq(QuotaState::Issued))
        .one(txn.connection())
        .await?;
    let Some(there) = there else { return Ok(()) };
    let (id, seats) = (there.id, there.seats);
    Err(Refusal::conflict(
        Code::QuotaExists,
        "unitCode",
        format!(
            "Kế hoạch đã giao cho đơn vị này chỉ tiêu {id} của chương trình và hình thức đó, {seats} suất; hãy điều \
            chỉnh bằng quotaAmend."
        ),
        format!(
            "The plan gives this unit the quota {id} of this programme and mode already, of {seats} seats; change that \
            one with quotaAmend."
        ),
    )
    .into())
}
