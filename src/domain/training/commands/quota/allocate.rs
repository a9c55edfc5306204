//! Allocates seats of a quota to a subordinate unit.

use async_graphql::ID;
use entity::{
    quota,
    value::{ChangeKind, QuotaId, QuotaState, Scope, StudyMode, UnitId},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait},
};

use super::{
    SEATS, Wanted, apply, change, day_of_plan, ensure_below, exhausted, has_remaining, lock_plan, record, row, seen,
};
use crate::{
    authz::{Access, Txn, VisibleQuota},
    domain::{
        command::{Command, CommandContext, Ready, Subject, validate, within_reach},
        refusal::{Code, CommandResult, Refusal},
    },
    error::Error,
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
    /// The version that you read last; the command is rejected if the version has changed since.
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

impl Command for Allocate {
    const NAME: &'static str = "quota.allocate";
    const SCOPE: Scope = Scope::QuotaAllocate;
    const PAYLOAD: &'static str = "QuotaAllocatePayload";
    type Subject = Allocation;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> &Self {
        self
    }

    /// Adds the seats to the seats that the unit already has from this quota in this mode.
    async fn apply(&self, context: &mut CommandContext<'_, Allocation>) -> CommandResult<Rows> {
        let (txn, Allocation { row, unit, seats }) = (&context.txn, &context.subject);
        let (id, unit, seats) = (row.id, *unit, *seats);
        let mode = mode_of(row, self.mode)?;
        let update = change(id, self.expected_version)
            .col_expr(quota::Column::Allocated, Expr::col(quota::Column::Allocated).add(seats))
            .filter(has_remaining(Expr::col(quota::Column::Seats), seats));
        let refuse = |row: &quota::Model| exhausted("seats", row, Wanted::Seats(seats));
        let quota = apply(txn, (id, self.expected_version), update, refuse).await?;
        record(txn, ChangeKind::Updated, id).await?;
        // Concurrent allocations from one quota wait for its row, so a unit gets only one child quota.
        let child = match child_of(id, (unit, mode)).one(txn.connection()).await? {
            Some(child) => add(txn, child.id, seats).await?,
            None => begin(txn, quota::Model { unit_id: unit, mode, seats, ..quota.clone() }).await?,
        };
        Ok(Rows { quota, child })
    }
}

/// A quota whose seats are allocated to a unit, with its plan locked.
#[derive(Debug)]
pub struct Allocation {
    /// The quota before the command.
    row: quota::Model,
    /// The receiving unit.
    unit: UnitId,
    seats: i32,
}

/// A quota of the caller, and the unit that receives seats of it.
#[derive(Debug)]
pub struct Receiver {
    quota: VisibleQuota,
    unit: UnitId,
    seats: i32,
}

/// The quota and the quota of the receiving unit, as they are written.
#[derive(Debug)]
pub struct Rows {
    quota: quota::Model,
    child: quota::Model,
}

impl Subject for Allocation {
    type Target<'a> = &'a Allocate;
    type Found = Receiver;
    type Prepared = Receiver;
    type Effect = Rows;
    type Written = Rows;
    type View = Handed;

    async fn find(access: &Access, input: Self::Target<'_>) -> CommandResult<Receiver> {
        let quota = seen(access, &input.quota_id).await?;
        let unit = within_reach(access, "unitCode", &input.unit_code)?;
        Ok(Receiver { quota, unit, seats: validate::between("seats", input.seats, SEATS)? })
    }

    async fn prepare(_: &Access, input: Self::Target<'_>, to: Receiver) -> CommandResult<Ready<Receiver>> {
        Ok(Ready {
            object: to.quota.row().id.to_string(),
            units: vec![to.quota.row().unit_id, to.unit],
            detail: Some(format!("{} {}", input.unit_code, to.seats)),
            prepared: to,
        })
    }

    async fn replay(access: &Access, _: &str, (input, to): (Self::Target<'_>, Receiver)) -> CommandResult<Handed> {
        replayed_allocation(access, to.quota, (to.unit, input.mode)).await
    }

    async fn lock(access: &Access, txn: &Txn, (_, to): (Self::Target<'_>, Receiver)) -> CommandResult<Self> {
        let Receiver { quota, unit, seats } = to;
        let row = quota.row().clone();
        let plan = lock_plan(txn, row.plan_id, "quotaId").await?;
        ensure_below(access, row.unit_id, unit, day_of_plan(&plan, access.today()))?;
        Ok(Self { row, unit, seats })
    }

    async fn write(self, _: &Txn, rows: Rows) -> CommandResult<Rows> {
        Ok(rows)
    }

    async fn view(access: &Access, Rows { quota, child }: Rows) -> CommandResult<Option<Handed>> {
        let quotas = access.quotas()?;
        let (quota, child) = (quotas.admitted(quota), quotas.admitted(child));
        Ok(quota.zip(child).map(|(quota, child)| Handed { quota, child }))
    }
}

/// The mode of the allocated seats: the mode of the quota, or the requested one if the quota has none.
fn mode_of(row: &quota::Model, asked: Option<StudyMode>) -> Result<Option<StudyMode>, Refusal> {
    match (row.mode, asked) {
        (None, asked) => Ok(asked),
        (of_quota, None) => Ok(of_quota),
        (Some(of_quota), Some(asked)) if of_quota == asked => Ok(Some(asked)),
        (Some(of_quota), Some(_)) => Err(Refusal::input(
            Code::InvalidMode,
            "mode",
            format!("Chỉ tiêu có hình thức đào tạo {of_quota}; hãy bỏ trường này hoặc chọn {of_quota}."),
            format!("The quota is for the mode of study {of_quota}; omit the mode or choose {of_quota}."),
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
    let row = apply(txn, (child, None), more, |row| exhausted("seats", row, Wanted::Seats(seats))).await?;
    record(txn, ChangeKind::Updated, child).await?;
    Ok(row)
}

/// Creates the child quota of a unit; its other columns are copied from the parent quota.
async fn begin(txn: &Txn, template: quota::Model) -> CommandResult<quota::Model> {
    let child = quota::Model {
        id: QuotaId::new(),
        parent_id: Some(template.id),
        is_lower_bound: false,
        classes: None,
        allocated: 0,
        used: 0,
        excess: 0,
        version: 1,
        ..template
    };
    let id = child.id;
    quota::Entity::insert(child.into_active_model().reset_all()).exec_without_returning(txn.connection()).await?;
    record(txn, ChangeKind::Created, id).await?;
    row(txn, id).await
}

/// The replayed result of a request: the quota, and the child quota of the unit.
async fn replayed_allocation(
    access: &Access,
    quota: VisibleQuota,
    (unit, asked): (UnitId, Option<StudyMode>),
) -> CommandResult<Handed> {
    let id = quota.row().id;
    let to = (unit, mode_of(quota.row(), asked)?);
    let child = child_of(id, to).one(access.reader()).await?;
    let child = match child {
        Some(child) => child,
        // The child quota has been revoked meanwhile.
        None => quota::Entity::find()
            .filter(quota::Column::ParentId.eq(id))
            .filter(quota::Column::UnitId.eq(unit))
            .order_by_desc(quota::Column::Id)
            .one(access.reader())
            .await?
            .ok_or_else(|| Error::internal("the row of an allocated quota is missing"))?,
    };
    let child = access
        .quotas()?
        .admitted(child)
        .ok_or_else(|| Error::internal("a quota refers to a unit that does not exist"))?;
    // Read again, because the quota was read before the request waited for the first one.
    Ok(Handed { quota: seen(access, &id.to_string()).await?, child })
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    #[test]
    fn allocated_seats_keep_the_mode_of_the_quota() {
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
