//! Commands on an existing quota except allocation: return seats, revoke it, change its number of seats.

use async_graphql::ID;
use entity::{
    quota,
    value::{ChangeKind, QuotaId, QuotaState, Scope},
};
use sea_orm::{
    ColumnTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};

use super::{
    SEATS, Wanted, apply, change, ensure_issued, exhausted, has_remaining, in_use, is_untouched, lock_quota, record,
    row,
    subject::{Quota, Target},
};
use crate::{
    authz::Txn,
    domain::{
        command::{Command, CommandContext, validate},
        refusal::{Code, CommandResult, Refusal},
    },
    error::Error,
};

/// Return of seats to the parent quota (trả lại chỉ tiêu).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "QuotaReturnInput")]
pub struct Return {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the quota that returns seats.
    pub quota_id: ID,
    /// Number of seats, at most those neither allocated nor used.
    pub seats: i32,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
}

impl Command for Return {
    const NAME: &'static str = "quota.return";
    const SCOPE: Scope = Scope::QuotaAllocate;
    const PAYLOAD: &'static str = "QuotaReturnPayload";
    type Subject = Quota;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.quota_id, Some(self.seats))
    }

    async fn apply(&self, context: &mut CommandContext<'_, Quota>) -> CommandResult<()> {
        let (txn, quota) = (&context.txn, &context.subject.row);
        let seats = validate::between("seats", self.seats, SEATS)?;
        let parent = quota.parent_id.ok_or_else(issued_by_plan)?;
        // Locks the parent before the child, the same order as for allocation.
        lock_quota(txn, parent).await?;
        let fewer = change(quota.id, self.expected_version)
            .col_expr(quota::Column::Seats, Expr::col(quota::Column::Seats).sub(seats))
            .filter(has_remaining(Expr::col(quota::Column::Seats), seats))
            .filter(quota::Column::Seats.gte(seats));
        let refuse = |row: &quota::Model| exhausted("seats", row, Wanted::Seats(seats));
        let row = apply(txn, (quota.id, self.expected_version), fewer, refuse).await?;
        record(txn, ChangeKind::Updated, quota.id).await?;
        return_seats(txn, parent, seats).await?;
        context.subject.row = row;
        Ok(())
    }
}

/// Revocation of a quota (thu hồi chỉ tiêu).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "QuotaRevokeInput")]
pub struct Revoke {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the quota; none of its seats may be allocated or used.
    pub quota_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
}

impl Command for Revoke {
    const NAME: &'static str = "quota.revoke";
    const SCOPE: Scope = Scope::QuotaAllocate;
    const PAYLOAD: &'static str = "QuotaRevokePayload";
    type Subject = Quota;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.quota_id, None)
    }

    async fn apply(&self, context: &mut CommandContext<'_, Quota>) -> CommandResult<()> {
        let (txn, quota) = (&context.txn, &context.subject.row);
        if let Some(parent) = quota.parent_id {
            // Locks the parent before the child, the same order as for allocation.
            lock_quota(txn, parent).await?;
        }
        let revoke = change(quota.id, self.expected_version)
            .col_expr(quota::Column::State, quota::Column::State.save_as(Expr::val(QuotaState::Revoked)))
            .filter(is_untouched());
        let row = apply(txn, (quota.id, self.expected_version), revoke, in_use).await?;
        if let Some(parent) = quota.parent_id.filter(|_| row.seats > 0) {
            return_seats(txn, parent, row.seats).await?;
        }
        record(txn, ChangeKind::Ended, row.id).await?;
        context.subject.row = row;
        Ok(())
    }
}

/// Change of the number of seats of an issued quota (điều chỉnh chỉ tiêu).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "QuotaAmendInput")]
pub struct Amend {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the quota; it must be issued by the plan itself, not allocated from another quota.
    pub quota_id: ID,
    /// New number of seats, at least those allocated and used.
    pub seats: i32,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
}

impl Command for Amend {
    const NAME: &'static str = "quota.amend";
    const SCOPE: Scope = Scope::QuotaAllocate;
    const PAYLOAD: &'static str = "QuotaAmendPayload";
    type Subject = Quota;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.quota_id, Some(self.seats))
    }

    async fn apply(&self, context: &mut CommandContext<'_, Quota>) -> CommandResult<()> {
        let (txn, quota) = (&context.txn, &context.subject.row);
        let seats = validate::between("seats", self.seats, SEATS)?;
        if quota.parent_id.is_some() {
            return Err(allocated_quota().into());
        }
        let amend = change(quota.id, self.expected_version)
            .col_expr(quota::Column::Seats, Expr::val(seats))
            .col_expr(quota::Column::Excess, Expr::val(0))
            .filter(has_remaining(Expr::val(seats), 0));
        let row = apply(txn, (quota.id, self.expected_version), amend, |row| fewer_than_taken(row, seats)).await?;
        record(txn, ChangeKind::Updated, quota.id).await?;
        context.subject.row = row;
        Ok(())
    }
}

/// Returns seats to the parent quota, which is locked.
async fn return_seats(txn: &Txn, parent: QuotaId, seats: i32) -> CommandResult<()> {
    let update = change(parent, None)
        .col_expr(quota::Column::Allocated, Expr::col(quota::Column::Allocated).sub(seats))
        .filter(quota::Column::Allocated.gte(seats));
    if update.exec(txn.connection()).await?.rows_affected == 0 {
        ensure_issued(&row(txn, parent).await?, "quotaId")?;
        return Err(Error::internal("more seats are returned than were allocated").into());
    }
    record(txn, ChangeKind::Updated, parent).await
}

fn issued_by_plan() -> Refusal {
    Refusal::input(
        Code::QuotaOfPlan,
        "quotaId",
        "Chỉ tiêu này do kế hoạch giao trực tiếp nên không có cấp trên để trả lại; hãy điều chỉnh bằng quotaAmend.",
        "The plan issued this quota directly, so there is no superior quota to return seats to; change it with \
         quotaAmend.",
    )
}

fn allocated_quota() -> Refusal {
    Refusal::input(
        Code::QuotaHandedOn,
        "quotaId",
        "Chỉ tiêu này được phân bổ từ một chỉ tiêu cấp trên; hãy tăng bằng quotaAllocate, giảm bằng quotaReturn.",
        "This quota was allocated from another quota; raise it with quotaAllocate, lower it with quotaReturn.",
    )
}

fn fewer_than_taken(row: &quota::Model, wanted: i32) -> Refusal {
    let seats = super::seats_of(row);
    let taken = seats.allocated + seats.used;
    Refusal::seats(
        Code::QuotaInUse,
        "seats",
        seats,
        crate::language::Sentence::new(
            format!(
                "Chỉ tiêu có {} suất, đã phân bổ {} và đã sử dụng {}, tổng cộng {taken}, nên không thể giảm còn \
                 {wanted}; hãy chọn từ {taken} trở lên, hoặc đề nghị cấp dưới trả lại suất trước.",
                seats.seats, seats.allocated, seats.used
            ),
            format!(
                "Of the {} seats {} are allocated and {} used, together {taken}, so the quota cannot be reduced to \
                 {wanted}; choose {taken} or more, or ask subordinate units to return seats first.",
                seats.seats, seats.allocated, seats.used
            ),
        ),
    )
}
