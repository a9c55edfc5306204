//! Acts on classes (lớp): plan a class, move it from state to state, change its number of seats or its sessions.

mod advance;
mod plan;
pub(super) mod seat;

pub use advance::{Advance, Amend};
pub use plan::{Plan, plan};

use std::collections::BTreeSet;

use entity::{
    training_class,
    value::{CadreId, ChangeKind, ClassId, Day, UnitId},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    authz::{Access, Act, Txn, VisibleClass},
    domain::{
        idempotency::{Claim, IdempotentRequest},
        refusal::{Code, CommandResult, Outcome, Refusal, outcome},
        training::{
            class::{self, TrainingClassKey},
            commands::session as sessions,
            session::{Held, stated},
        },
    },
    error::{Error, Result},
};

/// Minimum and maximum number of seats of a class.
const CAPACITY: (i32, i32) = (1, 100_000);

/// An act on an existing class.
pub trait OnClass: serde::Serialize + Sync {
    /// Its name in the policy and the audit log.
    const ACT: Act;

    /// The target, as the client names it.
    fn target(&self) -> Target<'_>;

    /// The new session days of the class, if the act states them.
    fn sessions(&self) -> Option<&[Day]>;

    /// Applies the act: changes the row and its related rows.
    fn apply(&self, context: &mut CommandContext<'_>) -> impl Future<Output = CommandResult<()>> + Send;
}

/// The target of an act, as the client names it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    class_code: &'a str,
    idempotency_key: &'a str,
    expected_version: Option<i32>,
}

/// Context of a running act: its transaction, with the class locked. Only `execute` creates it.
#[derive(Debug)]
pub struct CommandContext<'a> {
    access: &'a Access,
    txn: Txn,
    /// Persons with a seat in the class, locked before it. Read only for an act that states sessions.
    learners: BTreeSet<CadreId>,
    /// The row, to be changed by the act.
    row: training_class::Model,
}

impl CommandContext<'_> {
    /// Replaces the session days of the class. Must run after its first and last day are set.
    async fn meet_on(&self, days: &[Day]) -> CommandResult<()> {
        let class = &self.row;
        let sessions = &stated("sessions", days, (class.start_on, class.end_on))?;
        sessions::replace(&self.txn, class.id, sessions).await?;
        if sessions.is_empty() {
            return Ok(());
        }
        sessions::ensure_holds_up_nobody(&self.txn, Held { class, sessions }, &self.learners).await
    }
}

/// Executes an act on a class, once per idempotency key.
///
/// # Errors
/// `Forbidden` without `training:write` and `training:read`.
pub async fn execute(access: &Access, act: &impl OnClass) -> Result<Outcome<VisibleClass>> {
    outcome(acted(access, act).await)
}

async fn acted<A: OnClass>(access: &Access, act: &A) -> CommandResult<VisibleClass> {
    let target = act.target();
    let class = visible(access, target.class_code).await?;
    let (id, organiser, code) = (class.row().id, class.row().organiser_id, class.row().code.to_string());
    ensure_organised_here(access, organiser, "classCode")?;
    let request = IdempotentRequest::of(access, A::ACT, target.idempotency_key, act)?;
    let txn = match request.begin(access, &[organiser], &code).await? {
        Claim::New(txn) => *txn,
        Claim::Replayed(object) => return visible(access, &object).await,
    };
    let learners = match act.sessions() {
        Some([]) | None => BTreeSet::new(),
        Some(_) => sessions::locked_learners(&txn, id).await?,
    };
    let mut context =
        CommandContext { access, row: bump_version(&txn, id, target.expected_version).await?, learners, txn };
    act.apply(&mut context).await?;

    let CommandContext { txn, row, .. } = context;
    let written = training_class::Entity::update(row.clone().into_active_model().reset_all());
    written.exec_without_returning(txn.connection()).await?;
    txn.record(ChangeKind::Updated, "training_class", code).await?;
    txn.commit().await?;
    shown(access, row)
}

/// Locks the class by raising its version, and returns its current row.
async fn bump_version(txn: &Txn, id: ClassId, expected: Option<i32>) -> CommandResult<training_class::Model> {
    let mut raise = training_class::Entity::update_many()
        .col_expr(training_class::Column::Version, Expr::col(training_class::Column::Version).add(1))
        .filter(training_class::Column::Id.eq(id));
    if let Some(expected) = expected {
        raise = raise.filter(training_class::Column::Version.eq(expected));
    }
    let raised = raise.exec(txn.connection()).await?.rows_affected;
    let row = seat::row(txn, id).await?;
    if raised == 0 { Err(Refusal::version(row.version).into()) } else { Ok(row) }
}

/// The class with a code, if the caller may know of it.
pub(super) async fn visible(access: &Access, code: &str) -> CommandResult<VisibleClass> {
    match class::look_up(access, &TrainingClassKey::Code(code.to_owned())).await {
        Err(Error::NotFound) => Err(Refusal::not_found("classCode").into()),
        found => Ok(found?),
    }
}

/// Checks that the organiser is within the caller's reach: only the organiser may change the class and record results.
pub(super) fn ensure_organised_here(access: &Access, organiser: UnitId, field: &str) -> Result<(), Refusal> {
    if access.reaches(organiser) {
        return Ok(());
    }
    let code = access.reference_data().units().get(organiser).map_or("-", |unit| unit.row.code.as_str());
    Err(Refusal::input(
        Code::NotOrganisedHere,
        field,
        format!(
            "Lớp này do đơn vị {code} tổ chức; chỉ đơn vị đó được điều hành lớp và ghi kết quả, hãy đề nghị đơn vị đó."
        ),
        format!("The unit {code} holds this class; only that unit leads it and records results, so ask it to."),
    ))
}

/// The view of a class after an act on it.
fn shown(access: &Access, row: training_class::Model) -> CommandResult<VisibleClass> {
    let shown = access.training()?.admitted_class(row);
    shown.ok_or_else(|| Error::internal("an act on a class of an unknown unit").into())
}
