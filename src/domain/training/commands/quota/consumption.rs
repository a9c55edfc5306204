//! Seats of quotas that learners use, each taken and freed by one conditional statement. A quota of turns (lượt) counts
//! every enrolment. A quota of persons (người) counts each person once, even if the person is in several classes under
//! it. Enrolments of imports and of commands are treated alike: `enrolment_quota` names the quotas of both.

use std::collections::{BTreeMap, BTreeSet};

use entity::{
    enrolment, enrolment_quota, quota,
    value::{CadreId, ChangeKind, EnrolmentId, EnrolmentState, Measure, QuotaId},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use super::{Wanted, change, ensure_issued, exhausted, has_remaining, lock_quota, record, row};
use crate::{authz::Txn, db, domain::refusal::CommandResult, error::Error};

/// Uses a seat of a quota for a person; no further seat if the quota counts persons and the person already has one.
/// `field` is the field of the input that a refusal names.
pub(in crate::domain::training::commands) async fn take(
    txn: &Txn,
    quota: &quota::Model,
    (person, field): (CadreId, &'static str),
) -> CommandResult<()> {
    if quota.measure == Measure::Persons {
        ensure_issued(&lock_quota(txn, quota.id).await?, field)?;
        if holders(txn, quota.id, &[person].into(), &[]).await? > 0 {
            return Ok(());
        }
    }
    let more = change(quota.id, None)
        .col_expr(quota::Column::Used, Expr::col(quota::Column::Used).add(1))
        .filter(has_remaining(Expr::col(quota::Column::Seats), 1));
    if more.exec(txn.connection()).await?.rows_affected == 0 {
        let row = row(txn, quota.id).await?;
        ensure_issued(&row, field)?;
        return Err(exhausted(field, &row, Wanted::Learner).into());
    }
    record(txn, ChangeKind::Updated, quota.id).await
}

/// Links an enrolment to a quota: from now on, the enrolment uses the quota whenever it takes a seat.
pub(in crate::domain::training::commands) async fn link(
    txn: &Txn,
    enrolment_id: EnrolmentId,
    quota_id: QuotaId,
) -> CommandResult<()> {
    let link = enrolment_quota::Model { enrolment_id, quota_id }.into_active_model().reset_all();
    enrolment_quota::Entity::insert(link).exec_without_returning(txn.connection()).await?;
    Ok(())
}

/// The quotas of an enrolment, in the order of their ids.
pub(in crate::domain::training::commands) async fn quotas_of(
    txn: &Txn,
    enrolment: EnrolmentId,
) -> CommandResult<Vec<QuotaId>> {
    let links = enrolment_quota::Entity::find().filter(enrolment_quota::Column::EnrolmentId.eq(enrolment));
    let links = links.order_by_asc(enrolment_quota::Column::QuotaId).all(txn.connection()).await?;
    Ok(links.into_iter().map(|link| link.quota_id).collect())
}

/// Frees the seats of enrolments that end. Locks their quotas in the order of the ids, in which parents come before
/// children.
pub(in crate::domain::training::commands) async fn free(txn: &Txn, ending: &[&enrolment::Model]) -> CommandResult<()> {
    let connection = txn.connection();
    let column = Expr::col(enrolment_quota::Column::EnrolmentId);
    let of = db::any_id(connection.get_database_backend(), column, ending.iter().map(|row| row.id.0));
    let by_id: BTreeMap<EnrolmentId, &enrolment::Model> = ending.iter().map(|row| (row.id, *row)).collect();
    let mut by_quota: BTreeMap<QuotaId, Vec<&enrolment::Model>> = BTreeMap::new();
    for link in enrolment_quota::Entity::find().filter(of).all(connection).await? {
        by_quota.entry(link.quota_id).or_default().extend(by_id.get(&link.enrolment_id));
    }
    for (quota, ending) in by_quota {
        free_of(txn, quota, &ending).await?;
    }
    Ok(())
}

/// Frees the seats of a quota, in force or not, that the ending enrolments use. In a quota that counts persons, a
/// person with another enrolment under the quota keeps the seat.
async fn free_of(txn: &Txn, id: QuotaId, ending: &[&enrolment::Model]) -> CommandResult<()> {
    let seats = match row(txn, id).await?.measure {
        Measure::Turns => ending.len(),
        Measure::Persons => {
            lock_quota(txn, id).await?;
            let persons: BTreeSet<CadreId> = ending.iter().map(|row| row.cadre_id).collect();
            persons.len() - holders(txn, id, &persons, ending).await?
        }
    };
    let seats =
        i32::try_from(seats).map_err(|_| Error::internal("a class has more learners than an integer can count"))?;
    if seats == 0 {
        return Ok(());
    }
    let freed = quota::Entity::update_many()
        .col_expr(quota::Column::Used, Expr::col(quota::Column::Used).sub(seats))
        .col_expr(quota::Column::Excess, reduced_excess(seats))
        .col_expr(quota::Column::Version, Expr::col(quota::Column::Version).add(1))
        .filter(quota::Column::Id.eq(id))
        .filter(quota::Column::Used.gte(seats))
        .exec(txn.connection())
        .await?;
    if freed.rows_affected == 0 {
        return Err(Error::internal("a quota records fewer used seats than it has learners").into());
    }
    record(txn, ChangeKind::Updated, id).await
}

/// Number of seats over the limit after seats are freed.
fn reduced_excess(seats: i32) -> SimpleExpr {
    let excess = || Expr::col(quota::Column::Excess);
    Expr::case(excess().gt(seats), excess().sub(seats)).finally(0).into()
}

/// Number of these persons who use a seat of a quota through an enrolment other than `apart_from`. A separate statement
/// that runs after the quota is locked: a condition inside the update would see the enrolments from before the wait for
/// the lock.
async fn holders(
    txn: &Txn,
    id: QuotaId,
    persons: &BTreeSet<CadreId>,
    apart_from: &[&enrolment::Model],
) -> CommandResult<usize> {
    let connection = txn.connection();
    let backend = connection.get_database_backend();
    let of_persons = db::any_id(backend, Expr::col(enrolment::Column::CadreId), persons.iter().map(|id| id.0));
    let column = Expr::col((enrolment::Entity, enrolment::Column::Id));
    let apart = db::any_id(backend, column, apart_from.iter().map(|row| row.id.0));
    let count: Option<i64> = enrolment_quota::Entity::find()
        .join(JoinType::InnerJoin, enrolment_quota::Relation::Enrolment.def())
        .filter(enrolment_quota::Column::QuotaId.eq(id))
        .filter(enrolment::Column::State.is_in(EnrolmentState::SEATED))
        .filter(of_persons)
        .filter(apart.not())
        .select_only()
        .expr_as(Expr::col(enrolment::Column::CadreId).count_distinct(), "persons")
        .into_tuple()
        .one(connection)
        .await?;
    usize::try_from(count.unwrap_or_default()).map_err(|_| Error::internal("a count of used seats is negative").into())
}
