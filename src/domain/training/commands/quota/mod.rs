//! Commands on quotas (chỉ tiêu): a plan issues seats to a unit, which allocates them to subordinate units; unused
//! seats are returned.

mod adjust;
mod allocate;
pub(super) mod consumption;
mod issue;
mod subject;

pub use adjust::{Amend, Return, Revoke};
pub use allocate::{Allocate, Allocation, Handed};
pub use issue::{Issue, NewQuota};
pub use subject::Quota;

use entity::{
    quota, training_plan,
    value::{ChangeKind, Day, Hierarchy, PlanId, QuotaId, QuotaState, UnitId},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect, UpdateMany,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use crate::{
    authz::{Access, Txn, VisibleQuota},
    domain::{
        refusal::{Code, CommandResult, Refusal, Seats},
        training::state,
    },
    error::Error,
    language::Sentence,
};

/// Minimum and maximum number of seats of one command.
const SEATS: (i32, i32) = (1, 1_000_000);

/// Looks up a quota for a caller that reaches the unit that holds it.
pub(super) async fn seen(access: &Access, id: &str) -> CommandResult<VisibleQuota> {
    let unknown = || Refusal::not_found("quotaId");
    let quotas = access.quotas()?;
    let id: QuotaId = id.parse().map_err(|_| unknown())?;
    Ok(quotas.by_ids(&[id]).await?.pop().ok_or_else(unknown)?)
}

/// A quota with its plan, locked and checked by `lock_plan`.
pub(super) async fn quota_with_plan(
    txn: &Txn,
    id: QuotaId,
    field: &'static str,
) -> CommandResult<(quota::Model, training_plan::Model)> {
    let quota = row(txn, id).await?;
    let plan = lock_plan(txn, quota.plan_id, field).await?;
    Ok((quota, plan))
}

/// Locks the plan so that it cannot be closed until the command is done; refused if its state permits no quotas.
pub(super) async fn lock_plan(txn: &Txn, id: PlanId, field: &'static str) -> CommandResult<training_plan::Model> {
    let plan = training_plan::Entity::find_by_id(id).lock_shared().one(txn.connection()).await?;
    let plan = plan.ok_or_else(|| Error::internal("a quota refers to a plan that does not exist"))?;
    state::plan::ensure_quotas_permitted(plan.state, field)?;
    Ok(plan)
}

/// The day whose tree of units applies to a plan: today, or the nearest day within the years of the plan.
pub(super) fn day_of_plan(plan: &training_plan::Model, today: Day) -> Day {
    let (first, last) = (Day::of(plan.year_from, 1, 1), Day::end_of_year(plan.year_to));
    Ord::min(Ord::max(today, first.unwrap_or(today)), last.unwrap_or(today))
}

/// Checks that seats can be allocated from one unit to another on a day: the other exists and is subordinate to the
/// first.
fn ensure_below(access: &Access, holder: UnitId, unit: UnitId, day: Day) -> Result<(), Refusal> {
    let units = access.reference_data().units();
    let (Some(above), Some(to)) = (units.get(holder), units.get(unit)) else {
        return Err(Refusal::not_found("unitCode"));
    };
    let (above, code) = (&above.row.code, &to.row.code);
    if to.on(day).is_none() {
        return Err(Refusal::input(
            Code::UnitNotAlive,
            "unitCode",
            format!("Đơn vị {code} không tồn tại vào ngày {day}; hãy chọn đơn vị kế thừa."),
            format!("The unit {code} does not exist on {day}; choose its successor."),
        ));
    }
    if units.ancestors(unit, Hierarchy::Administrative, day).contains(&holder) {
        return Ok(());
    }
    Err(Refusal::input(
        Code::UnitNotBelow,
        "unitCode",
        format!(
            "Vào ngày {day}, đơn vị {code} không trực thuộc đơn vị {above} trong hệ thống chính quyền; hãy chọn một đơn \
             vị cấp dưới của đơn vị đó."
        ),
        format!("On {day} the unit {code} is not below {above} in the administrative tree; choose a unit below it."),
    ))
}

/// An update of a quota in force, limited to the version that the client read last, if the input states one.
fn change(id: QuotaId, expected: Option<i32>) -> UpdateMany<quota::Entity> {
    let update = quota::Entity::update_many()
        .col_expr(quota::Column::Version, Expr::col(quota::Column::Version).add(1))
        .filter(quota::Column::Id.eq(id))
        .filter(quota::Column::State.eq(QuotaState::Issued));
    match expected {
        Some(expected) => update.filter(quota::Column::Version.eq(expected)),
        None => update,
    }
}

/// Condition: at least this many seats remain.
fn has_remaining(seats: impl Into<SimpleExpr>, wanted: i32) -> SimpleExpr {
    let taken = Expr::col(quota::Column::Allocated).add(Expr::col(quota::Column::Used));
    Expr::col(quota::Column::IsLowerBound).eq(true).or(taken.add(wanted).lte(seats))
}

/// Condition: no seat is allocated or used.
fn is_untouched() -> SimpleExpr {
    let none = |column| Expr::col(column).eq(0);
    none(quota::Column::Allocated).and(none(quota::Column::Used))
}

/// Updates one row and returns its current state. If no row matched, returns the refusal: the quota is revoked, was
/// changed meanwhile, or `otherwise` explains the missing seats.
async fn apply(
    txn: &Txn,
    (id, expected): (QuotaId, Option<i32>),
    update: UpdateMany<quota::Entity>,
    otherwise: impl FnOnce(&quota::Model) -> Refusal,
) -> CommandResult<quota::Model> {
    let changed = update.exec(txn.connection()).await?.rows_affected;
    let row = row(txn, id).await?;
    if changed > 0 {
        return Ok(row);
    }
    ensure_issued(&row, "quotaId")?;
    match expected {
        Some(expected) if expected != row.version => Err(Refusal::version(row.version).into()),
        _ => Err(otherwise(&row).into()),
    }
}

async fn record(txn: &Txn, kind: ChangeKind, id: QuotaId) -> CommandResult<()> {
    Ok(txn.record(kind, "quota", id.to_string()).await?)
}

async fn row(txn: &Txn, id: QuotaId) -> CommandResult<quota::Model> {
    let row = quota::Entity::find_by_id(id).one(txn.connection()).await?;
    row.ok_or_else(|| Error::internal("the row of a quota is missing").into())
}

/// Locks a quota until the command is done.
async fn lock_quota(txn: &Txn, id: QuotaId) -> CommandResult<quota::Model> {
    let row = quota::Entity::find_by_id(id).lock_exclusive().one(txn.connection()).await?;
    row.ok_or_else(|| Error::internal("the row of a quota is missing").into())
}

fn ensure_issued(row: &quota::Model, field: &str) -> Result<(), Refusal> {
    match row.state {
        QuotaState::Issued => Ok(()),
        state @ QuotaState::Revoked => Err(Refusal::step(
            field,
            &state,
            Vec::new(),
            Sentence::new(
                format!("Chỉ tiêu đã ở trạng thái cuối {state}; hãy giao một chỉ tiêu mới."),
                format!("The quota is {state}, which is a final state; issue a new quota."),
            ),
        )),
    }
}

/// The purpose for which a quota has too few seats.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    /// Seats to be allocated or returned.
    Seats(i32),
    /// A seat for a learner.
    Learner,
}

/// Refusal: the quota has too few seats left.
fn exhausted(field: &str, row: &quota::Model, wanted: Wanted) -> Refusal {
    let seats = seats_of(row);
    let Seats { seats: all, allocated, used } = seats;
    let left = seats.remaining();
    let [vi, en] = match wanted {
        Wanted::Seats(wanted) => [
            format!(", không đủ {wanted}; hãy giảm số lượng, hoặc đề nghị cấp trên giao thêm."),
            format!(", which is not enough for {wanted}; request fewer seats, or ask the superior unit for more."),
        ],
        Wanted::Learner => [
            "; hãy dùng chỉ tiêu khác, hoặc đề nghị cấp trên giao thêm.".to_owned(),
            "; use another quota, or ask the superior unit for more seats.".to_owned(),
        ],
    };
    Refusal::seats(
        Code::QuotaExhausted,
        field,
        seats,
        Sentence::new(
            format!("Chỉ tiêu có {all} suất, đã phân bổ {allocated}, đã sử dụng {used}, còn lại {left}{vi}"),
            format!("The quota has {all} seats, {allocated} allocated, {used} used and {left} left{en}"),
        ),
    )
}

fn in_use(row: &quota::Model) -> Refusal {
    let seats = seats_of(row);
    let Seats { seats: all, allocated, used } = seats;
    Refusal::seats(
        Code::QuotaInUse,
        "quotaId",
        seats,
        Sentence::new(
            format!(
                "Chỉ tiêu có {all} suất, đã phân bổ {allocated}, đã sử dụng {used}; chỉ được thu hồi chỉ tiêu chưa phân \
                 bổ và chưa sử dụng, hãy trả lại phần còn lại bằng quotaReturn."
            ),
            format!(
                "The quota has {all} seats, {allocated} allocated and {used} used; a quota can only be revoked if no \
                 seat is allocated or used, so return the remaining seats with quotaReturn."
            ),
        ),
    )
}

fn seats_of(row: &quota::Model) -> Seats {
    Seats { seats: row.seats, allocated: row.allocated, used: row.used }
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    #[test]
    fn the_tree_of_a_plan_is_that_of_the_day_nearest_to_today() {
        let plan = |year_from, year_to| training_plan::Model { year_from, year_to, ..sample::training_plan() };
        let today: Day = "2026-06-01".parse().expect("a day");
        for (plan, expected) in [
            (plan(2026, 2026), "2026-06-01"),
            (plan(2021, 2030), "2026-06-01"),
            (plan(2021, 2025), "2025-12-31"),
            (plan(2027, 2030), "2027-01-01"),
        ] {
            assert_eq!(day_of_plan(&plan, today).to_string(), expected);
        }
    }
}
