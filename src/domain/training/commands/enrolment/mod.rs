//! Acts on enrolments (học viên): enrol a person, confirm one on the waiting list, drop one, record a result.

mod confirm;
mod enrol;
mod overlap;
mod result;

pub use confirm::{Confirm, Drop};
pub use enrol::{Enrol, Enrolled, enrol};
pub use overlap::Warning;
pub use result::{Complete, Revoke};

use entity::{
    cadre, enrolment, quota, training_class, training_plan,
    value::{CadreId, ChangeKind, EnrolmentId},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect};

use super::{
    class::{ensure_organised_here, seat},
    quota::{self as quotas, consumption},
};
use crate::{
    authz::{Access, Act, Txn, VisibleEnrolment},
    domain::{
        idempotency::{Claim, IdempotentRequest},
        refusal::{CommandResult, Outcome, Refusal, outcome},
    },
    error::{Error, Result},
};

/// An act on an existing enrolment.
pub trait OnEnrolment: serde::Serialize + Sync {
    /// Its name in the policy and the audit log.
    const ACT: Act;
    /// Which units may perform the act.
    const BY: By;
    /// Whether the act takes seats of the quotas of the enrolment: their plans must then permit the use of quotas.
    const TAKES_SEAT: bool = false;

    /// The target, as the client names it.
    fn target(&self) -> Target<'_>;

    /// Applies the act: changes the row and its related rows.
    fn apply(&self, context: &mut CommandContext<'_>) -> impl Future<Output = CommandResult<()>> + Send;
}

/// Which units may perform an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Callers who reach the unit that sent the person, or the organiser of the class.
    Either,
    /// Callers who reach the organiser; for an enrolment without a class, those who reach the unit that sent the
    /// person.
    Organiser,
}

/// The target of an act, as the client names it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    enrolment_id: &'a str,
    idempotency_key: &'a str,
    expected_version: Option<i32>,
}

/// Context of a running act: its transaction, with the person and the class locked. Only `execute` creates it.
#[derive(Debug)]
pub struct CommandContext<'a> {
    access: &'a Access,
    txn: Txn,
    cadre: cadre::Model,
    class: Option<training_class::Model>,
    /// The quotas whose seats the act takes, in the order of their ids, each with its plan, which is locked.
    quotas: Vec<(quota::Model, training_plan::Model)>,
    /// The row, to be changed by the act.
    row: enrolment::Model,
}

/// Executes an act on an enrolment, once per idempotency key.
///
/// # Errors
/// `Forbidden` without `training:write` and `training:read`.
pub async fn execute(access: &Access, act: &impl OnEnrolment) -> Result<Outcome<VisibleEnrolment>> {
    outcome(acted(access, act).await)
}

async fn acted<A: OnEnrolment>(access: &Access, act: &A) -> CommandResult<VisibleEnrolment> {
    let target = act.target();
    let seen = visible(access, target.enrolment_id).await?;
    if A::BY == By::Organiser {
        ensure_responsible(access, &seen).await?;
    }
    let request = IdempotentRequest::of(access, A::ACT, target.idempotency_key, act)?;
    let object = seen.row().id.to_string();
    let txn = match request.begin(access, &[], &object).await? {
        Claim::New(txn) => *txn,
        Claim::Replayed(object) => return visible(access, &object).await,
    };
    // The quotas of an enrolment never change; their plans are locked before the person.
    let mut quotas = Vec::new();
    if A::TAKES_SEAT {
        for quota in consumption::quotas_of(&txn, seen.row().id).await? {
            quotas.push(quotas::of_giving_plan(&txn, quota, "enrolmentId").await?);
        }
    }
    let mut context =
        CommandContext { quotas, ..CommandContext::open(access, txn, seen.row(), target.expected_version).await? };
    act.apply(&mut context).await?;
    context.close().await
}

/// The enrolment of an id, if the caller may know of it.
async fn visible(access: &Access, id: &str) -> CommandResult<VisibleEnrolment> {
    let unknown = || Refusal::not_found("enrolmentId");
    let training = access.training()?;
    let id: EnrolmentId = id.parse().map_err(|_| unknown())?;
    Ok(training.enrolments_by_ids(&[id]).await?.pop().ok_or_else(unknown)?)
}

async fn ensure_responsible(access: &Access, enrolment: &VisibleEnrolment) -> CommandResult<()> {
    let row = enrolment.row();
    let Some(class) = row.class_id else {
        return Ok(ensure_organised_here(access, row.unit_id, "enrolmentId")?);
    };
    let class = access.training()?.classes_by_ids(&[class]).await?.pop();
    let class = class.ok_or_else(|| Refusal::not_found("enrolmentId"))?;
    Ok(ensure_organised_here(access, class.row().organiser_id, "enrolmentId")?)
}

/// Locks the person until the act is done. Conditions on all classes of a person are checked under this lock.
async fn locked_person(txn: &Txn, id: CadreId) -> CommandResult<cadre::Model> {
    let cadre = cadre::Entity::find_by_id(id).lock_exclusive().one(txn.connection()).await?;
    cadre.ok_or_else(|| Error::internal("an enrolment of nobody").into())
}

impl<'a> CommandContext<'a> {
    /// Locks the person, then the class, and reads the enrolment under these locks.
    async fn open(access: &'a Access, txn: Txn, seen: &enrolment::Model, expected: Option<i32>) -> CommandResult<Self> {
        let cadre = locked_person(&txn, seen.cadre_id).await?;
        let class = match seen.class_id {
            Some(class) => Some(seat::locked(&txn, class).await?),
            None => None,
        };
        let row = enrolment::Entity::find_by_id(seen.id).one(txn.connection()).await?;
        let mut row = row.ok_or_else(|| Error::internal("an enrolment is gone"))?;
        if expected.is_some_and(|expected| expected != row.version) {
            return Err(Refusal::version(row.version).into());
        }
        row.version += 1;
        Ok(Self { access, txn, cadre, class, quotas: Vec::new(), row })
    }

    /// Writes the row and its change, and commits.
    async fn close(self) -> CommandResult<VisibleEnrolment> {
        let Self { access, txn, row, .. } = self;
        let written = enrolment::Entity::update(row.clone().into_active_model().reset_all());
        written.exec_without_returning(txn.connection()).await?;
        txn.record(ChangeKind::Updated, "enrolment", row.id.to_string()).await?;
        txn.commit().await?;
        shown(access, row)
    }
}

/// The view of an enrolment after an act on it.
fn shown(access: &Access, row: enrolment::Model) -> CommandResult<VisibleEnrolment> {
    let shown = access.training()?.admitted_enrolment(row);
    shown.ok_or_else(|| Error::internal("an act on an enrolment of an unknown unit").into())
}
