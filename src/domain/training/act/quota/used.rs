//! Seats of quotas that learners use, each taken and freed by one conditional statement. A quota of turns (lượt) counts
//! every enrolment; one of persons (người) counts each person once, however many classes they are in under it.

use std::collections::BTreeSet;

use entity::{
    enrolment, quota,
    value::{CadreId, ChangeKind, EnrolmentState, Measure, QuotaId},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use super::{change, ensure_issued, has_left, locked, record, row, used_up};
use crate::{
    db,
    domain::{access::Txn, refusal::Acted},
    error::Error,
};

/// Uses a seat of a quota for a person; none where the quota counts persons and the person has one already. A refusal
/// is about a field of the input.
pub(in crate::domain::training::act) async fn take(
    txn: &Txn,
    quota: &quota::Model,
    (person, field): (CadreId, &'static str),
) -> Acted<()> {
    if quota.measure == Measure::Persons {
        ensure_issued(&locked(txn, quota.id).await?, field)?;
        if holders(txn, quota.id, &[person].into(), &[]).await? > 0 {
            return Ok(());
        }
    }
    let more = change(quota.id, None)
        .col_expr(quota::Column::Used, Expr::col(quota::Column::Used).add(1))
        .filter(has_left(Expr::col(quota::Column::Seats), 1));
    if more.exec(txn.connection()).await?.rows_affected == 0 {
        let row = row(txn, quota.id).await?;
        ensure_issued(&row, field)?;
        return Err(used_up(field, &row).into());
    }
    record(txn, ChangeKind::Updated, quota.id).await
}

/// Frees the seats of a quota, in force or not, that enrolments use which end. Of a quota that counts persons, whoever
/// has another enrolment under it keeps the seat.
pub(in crate::domain::training::act) async fn free(txn: &Txn, id: QuotaId, leaving: &[&enrolment::Model]) -> Acted<()> {
    let seats = match row(txn, id).await?.measure {
        Measure::Turns => leaving.len(),
        Measure::Persons => {
            locked(txn, id).await?;
            let persons: BTreeSet<CadreId> = leaving.iter().map(|row| row.cadre_id).collect();
            persons.len() - holders(txn, id, &persons, leaving).await?
        }
    };
    let seats = i32::try_from(seats).map_err(|_| Error::internal("a class of billions"))?;
    if seats == 0 {
        return Ok(());
    }
    let freed = quota::Entity::update_many()
        .col_expr(quota::Column::Used, Expr::col(quota::Column::Used).sub(seats))
        .col_expr(quota::Column::Version, Expr::col(quota::Column::Version).add(1))
        .filter(quota::Column::Id.eq(id))
        .filter(quota::Column::Used.gte(seats))
        .exec(txn.connection())
        .await?;
    if freed.rows_affected == 0 {
        return Err(Error::internal("a quota has fewer seats used than learners").into());
    }
    record(txn, ChangeKind::Updated, id).await
}

/// How many of these persons use a seat of a quota by another enrolment than some. Asked in a statement of its own once
/// the quota is locked: a condition inside the one that changes the seats would see the enrolments of before it waited.
async fn holders(
    txn: &Txn,
    id: QuotaId,
    persons: &BTreeSet<CadreId>,
    apart_from: &[&enrolment::Model],
) -> Acted<usize> {
    let connection = txn.connection();
    let backend = connection.get_database_backend();
    let of_persons = db::any_id(backend, Expr::col(enrolment::Column::CadreId), persons.iter().map(|id| id.0));
    let apart = db::any_id(backend, Expr::col(enrolment::Column::Id), apart_from.iter().map(|row| row.id.0));
    let count: Option<i64> = enrolment::Entity::find()
        .filter(enrolment::Column::QuotaId.eq(id))
        .filter(enrolment::Column::State.is_in(EnrolmentState::SEATED))
        .filter(of_persons)
        .filter(apart.not())
        .select_only()
        .expr_as(Expr::col(enrolment::Column::CadreId).count_distinct(), "persons")
        .into_tuple()
        .one(connection)
        .await?;
    usize::try_from(count.unwrap_or_default()).map_err(|_| Error::internal("a count below zero").into())
}
