//! Takes and frees seats of classes, each by one conditional statement.

use entity::{
    enrolment, training_class,
    value::{ChangeKind, ClassId, ClassState, EnrolmentState},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    authz::Txn,
    domain::{
        refusal::{Code, CommandResult, Refusal, Seats},
        training::{commands::quota::consumption, state},
    },
    error::Error,
    language::Sentence,
};

/// States in which a person attends a class or waits for it.
pub(in crate::domain::training::commands) const PRESENT: [EnrolmentState; 3] =
    [EnrolmentState::Waitlisted, EnrolmentState::Confirmed, EnrolmentState::Attending];

/// The current row of a class.
pub(in crate::domain::training::commands) async fn row(txn: &Txn, id: ClassId) -> CommandResult<training_class::Model> {
    let row = training_class::Entity::find_by_id(id).one(txn.connection()).await?;
    row.ok_or_else(|| Error::internal("the row of a class is missing").into())
}

/// Locks a class until the command is done.
pub(in crate::domain::training::commands) async fn lock_class(
    txn: &Txn,
    id: ClassId,
) -> CommandResult<training_class::Model> {
    let row = training_class::Entity::find_by_id(id).lock_exclusive().one(txn.connection()).await?;
    row.ok_or_else(|| Error::internal("the row of a class is missing").into())
}

/// Takes a seat of a class that is open for enrolment, and returns the current row of the class; `None` if it is full.
/// `field` is the field of the input that a refusal names.
pub(in crate::domain::training::commands) async fn take(
    txn: &Txn,
    id: ClassId,
    field: &'static str,
) -> CommandResult<Option<training_class::Model>> {
    let more = Expr::col(training_class::Column::Enrolled).add(1);
    let has_seat =
        training_class::Column::Capacity.is_null().or(more.clone().lte(Expr::col(training_class::Column::Capacity)));
    let taken = training_class::Entity::update_many()
        .col_expr(training_class::Column::Enrolled, more)
        .col_expr(training_class::Column::Version, Expr::col(training_class::Column::Version).add(1))
        .filter(training_class::Column::Id.eq(id))
        .filter(training_class::Column::State.is_in(ClassState::ENROLLING))
        .filter(has_seat)
        .exec(txn.connection())
        .await?;
    let row = row(txn, id).await?;
    if taken.rows_affected > 0 {
        txn.record(ChangeKind::Updated, "training_class", row.code.to_string()).await?;
        return Ok(Some(row));
    }
    state::class::ensure_enrols(row.state, field)?;
    Ok(None)
}

/// Frees a seat of a class.
pub(in crate::domain::training::commands) async fn free(txn: &Txn, id: ClassId) -> CommandResult<()> {
    let freed = training_class::Entity::update_many()
        .col_expr(training_class::Column::Enrolled, Expr::col(training_class::Column::Enrolled).sub(1))
        .col_expr(training_class::Column::Version, Expr::col(training_class::Column::Version).add(1))
        .filter(training_class::Column::Id.eq(id))
        .filter(training_class::Column::Enrolled.gt(0))
        .exec(txn.connection())
        .await?;
    if freed.rows_affected == 0 {
        return Err(Error::internal("a class records fewer taken seats than it has learners").into());
    }
    let code = row(txn, id).await?.code;
    Ok(txn.record(ChangeKind::Updated, "training_class", code.to_string()).await?)
}

/// Moves every person who is in a class, or waits for it, to a state. Frees their seats if that state takes none; the
/// caller writes the row of the class.
pub(super) async fn move_all(
    txn: &Txn,
    class: &mut training_class::Model,
    (from, to): (&[EnrolmentState], EnrolmentState),
) -> CommandResult<()> {
    let present = enrolment::Entity::find()
        .filter(enrolment::Column::ClassId.eq(class.id))
        .filter(enrolment::Column::State.is_in(from.iter().copied()))
        .all(txn.connection())
        .await?;
    if !to.is_seated() {
        free_all(txn, class, &present).await?;
    }
    enrolment::Entity::update_many()
        .col_expr(enrolment::Column::State, enrolment::Column::State.save_as(Expr::val(to)))
        .col_expr(enrolment::Column::Version, Expr::col(enrolment::Column::Version).add(1))
        .filter(enrolment::Column::ClassId.eq(class.id))
        .filter(enrolment::Column::State.is_in(from.iter().copied()))
        .exec(txn.connection())
        .await?;
    for learner in present {
        txn.record(ChangeKind::Updated, "enrolment", learner.id.to_string()).await?;
    }
    Ok(())
}

/// Frees the seats of learners.
async fn free_all(txn: &Txn, class: &mut training_class::Model, learners: &[enrolment::Model]) -> CommandResult<()> {
    let leaving: Vec<&enrolment::Model> = learners.iter().filter(|learner| learner.state.is_seated()).collect();
    class.enrolled -= i32::try_from(leaving.len())
        .map_err(|_| Error::internal("a class has more learners than an integer can count"))?;
    consumption::free(txn, &leaving).await
}

/// Refusal for a full class, with a remedy.
pub(in crate::domain::training::commands) fn full(
    field: &str,
    row: &training_class::Model,
    remedy: [&str; 2],
) -> Refusal {
    let seats = seats_of(row);
    let (all, taken, [vi, en]) = (seats.seats, seats.used, remedy);
    Refusal::seats(
        Code::ClassFull,
        field,
        seats,
        Sentence::new(
            format!("Lớp có {all} chỗ, đã nhận {taken} học viên; {vi}."),
            format!("The class has {all} seats and {taken} learners; {en}."),
        ),
    )
}

/// The number of seats of a class; if it has no limit, the seats taken.
pub(super) fn seats_of(row: &training_class::Model) -> Seats {
    Seats { seats: row.capacity.unwrap_or(row.enrolled), allocated: 0, used: row.enrolled }
}
