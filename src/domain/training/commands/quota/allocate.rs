//! Allocates seats of a quota to a subordinate unit.

use async_graphql::ID;
use entity::{
    quota,
    value::{ChangeKind, QuotaId, QuotaState, StudyMode, UnitId},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait},
};

use super::{
    SEATS, apply, change, day_of_plan, ensure_below, exhausted, giving_plan, has_left, record, row, seen, shown,
};
use crate::{
    authz::{Access, Act, Txn, VisibleQuota},
    domain::{
        command::{validate, within_reach},
        idempotency::{Claim, IdempotentRequest},
        refusal::{Code, CommandResult, Outcome, Refusal, outcome},
    },
    error::{Error, Result},
};

/// Allocation of seats (phân bổ chỉ tiêu).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "QuotaAllocateInput")]
pub struct Allocate {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the quota to allocate from.
    pub quota_id: ID,
    /// Code of the receiving unit, subordinate to the unit that holds the quota.
    pub unit_code: String,
    /// Number of seats, from 1 to 1,000,000.
    pub seats: i32,
    /// The version that you read last; the act is refused if the version has changed since.
    pub expected_version: Option<i32>,
    /// Mode of the seats, if the quota itself is for any mode.
    pub mode: Option<StudyMode>,
}

/// Result of allocating seats.
#[derive(Clone, Debug)]
pub struct Handed {
    /// The quota that the seats were taken from.
    pub quota: VisibleQuota,
    /// The quota of the receiving unit.
    pub child: VisibleQuota,
}

/// Allocates seats to a unit, once per idempotency key. Adds them to the seats that the unit already has from this
/// quota in this mode.
///
/// # Errors
/// `Forbidden` without `quota:allocate` and `quota:read`.
pub async fn allocate(access: &Access, input: &Allocate) -> Result<Outcome<Handed>> {
    outcome(allocated(access, input).await)
}

async fn allocated(access: &Access, input: &Allocate) -> CommandResult<Handed> {
    let seen = seen(access, &input.quota_id).await?;
    let unit = within_reach(access, "unitCode", &input.unit_code)?;
    let seats = validate::between("seats", input.seats, SEATS)?;
    let (id, holder) = (seen.row().id, seen.row().unit_id);
    let request = IdempotentRequest::of(access, Act::QuotaAllocate, &input.idempotency_key, input)?
        .noting(format!("{} {seats}", input.unit_code));
    let txn = match request.begin(access, &[holder, unit], &id.to_string()).await? {
        Claim::New(txn) => *txn,
        Claim::Replayed(_) => return handed_before(access, seen, (unit, input.mode)).await,
    };

    let plan = giving_plan(&txn, seen.row().plan_id, "quotaId").await?;
    ensure_below(access, holder, unit, day_of_plan(&plan, access.today()))?;
    let mode = mode_of(seen.row(), input.mode)?;
    let update = change(id, input.expected_version)
        .col_expr(quota::Column::Allocated, Expr::col(quota::Column::Allocated).add(seats))
        .filter(has_left(Expr::col(quota::Column::Seats), seats));
    let refuse = |row: &quota::Model| exhausted("seats", row, seats);
    let quota = apply(&txn, (id, input.expected_version), update, refuse).await?;
    record(&txn, ChangeKind::Updated, id).await?;
    // Concurrent allocations from one quota wait for its row, so a unit gets only one child quota.
    let child = match child_of(id, (unit, mode)).one(txn.connection()).await? {
        Some(child) => add(&txn, child.id, seats).await?,
        None => begin(&txn, quota::Model { unit_id: unit, mode, seats, ..quota.clone() }).await?,
    };

    txn.commit().await?;
    Ok(Handed { quota: shown(access, quota)?, child: shown(access, child)? })
}

/// The mode of the allocated seats: that of the quota, or the requested one if the quota has none.
fn mode_of(row: &quota::Model, asked: Option<StudyMode>) -> Result<Option<StudyMode>, Refusal> {
    match (row.mode, asked) {
        (None, asked) => Ok(asked),
        (of_quota, None) => Ok(of_quota),
        (Some(of_quota), Some(asked)) if of_quota == asked => Ok(Some(asked)),
        (Some(of_quota), Some(_)) => Err(Refusal::input(
            Code::InvalidMode,
            "mode",
            format!("Chỉ tiêu có hình thức {of_quota}; hãy bỏ trường này hoặc chọn {of_quota}."),
            format!("The quota is for {of_quota}; leave the mode out or choose {of_quota}."),
        )),
    }
}

/// The child quota of a unit in a mode.
fn child_of(of: QuotaId, (unit, mode): (UnitId, Option<StudyMode>)) -> sea_orm::Select<quota::Entity> {
    let in_mode = match mode {
        Some(mode) => quota::Column::Mode.eq(mode),
        None => quota::Column::Mode.is_null(),
    };
    quota::Entity::find()
        .filter(quota::Column::ParentId.eq(of))
        .filter(quota::Column::UnitId.eq(unit))
        .filter(in_mode)
        .filter(quota::Column::State.eq(QuotaState::Issued))
}

async fn add(txn: &Txn, child: QuotaId, seats: i32) -> CommandResult<quota::Model> {
    let more = change(child, None).col_expr(quota::Column::Seats, Expr::col(quota::Column::Seats).add(seats));
    let row = apply(txn, (child, None), more, |row| exhausted("seats", row, seats)).await?;
    record(txn, ChangeKind::Updated, child).await?;
    Ok(row)
}

/// Creates the child quota of a unit; its other columns are copied from the parent quota.
async fn begin(txn: &Txn, like: quota::Model) -> CommandResult<quota::Model> {
    let child = quota::Model {
        id: QuotaId::new(),
        parent_id: Some(like.id),
        is_lower_bound: false,
        classes: None,
        allocated: 0,
        used: 0,
        excess: 0,
        version: 1,
        ..like
    };
    let id = child.id;
    quota::Entity::insert(child.into_active_model().reset_all()).exec_without_returning(txn.connection()).await?;
    record(txn, ChangeKind::Created, id).await?;
    row(txn, id).await
}

/// The replayed result of a request: the quota, and the child quota of the unit.
async fn handed_before(
    access: &Access,
    quota: VisibleQuota,
    (unit, asked): (UnitId, Option<StudyMode>),
) -> CommandResult<Handed> {
    let id = quota.row().id;
    let to = (unit, mode_of(quota.row(), asked)?);
    let child = child_of(id, to).one(access.reader()).await?;
    let child = match child {
        Some(child) => child,
        // It was revoked since.
        None => quota::Entity::find()
            .filter(quota::Column::ParentId.eq(id))
            .filter(quota::Column::UnitId.eq(unit))
            .order_by_desc(quota::Column::Id)
            .one(access.reader())
            .await?
            .ok_or_else(|| Error::internal("what was handed on is gone"))?,
    };
    // The quota was read before the request waited for the other.
    Ok(Handed { quota: seen(access, &id.to_string()).await?, child: shown(access, child)? })
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    #[test]
    fn what_is_handed_on_keeps_the_mode_of_the_quota() {
        let quota = |mode| quota::Model { mode, ..sample::quota() };
        let (full, part) = (Some(StudyMode::FullTime), Some(StudyMode::PartTime));
        for (of_quota, asked, expected) in [
            (None, None, Ok(None)),
            (None, full, Ok(full)),
            (full, None, Ok(full)),
            (full, full, Ok(full)),
            (full, part, Err(Code::InvalidMode)),
        ] {
            let mode = mode_of(&quota(of_quota), asked).map_err(|refusal| refusal.code());
            assert_eq!(mode, expected, "{of_quota:?} {asked:?}");
        }
    }
}
