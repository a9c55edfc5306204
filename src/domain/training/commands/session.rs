//! Reads and writes the sessions of classes for commands, and checks that they do not overlap.
//!
//! A person never has two sessions on one day. This condition spans all classes of a person, so it is checked under the
//! lock of the person: enrolling locks the person, and changing the sessions of a class locks all its learners before
//! the class.

use std::collections::{BTreeSet, HashMap};

use entity::{
    cadre, class_session, enrolment, training_class,
    value::{CadreId, ClassId, ClassState, Day, EnrolmentState},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, Query, SelectStatement},
};

use crate::{
    authz::Txn,
    db,
    domain::{
        refusal::{Code, CommandResult, Refusal},
        training::session::{ClassDays, Overlap, overlap},
    },
};

/// The sessions of classes; those of each class are sorted by day.
pub(super) async fn of(
    connection: &impl ConnectionTrait,
    classes: impl Iterator<Item = ClassId>,
) -> CommandResult<HashMap<ClassId, Vec<Day>>> {
    let column = Expr::col((class_session::Entity, class_session::Column::ClassId));
    let rows = class_session::Entity::find()
        .filter(db::any_id(connection.get_database_backend(), column, classes.map(|class| class.0)))
        .order_by_asc(class_session::Column::OnDay)
        .all(connection)
        .await?;
    let mut sessions: HashMap<ClassId, Vec<Day>> = HashMap::new();
    for row in rows {
        sessions.entry(row.class_id).or_default().push(row.on_day);
    }
    Ok(sessions)
}

/// Writes the sessions of a class that has none.
pub(super) async fn write(txn: &Txn, class_id: ClassId, days: &[Day]) -> CommandResult<()> {
    if days.is_empty() {
        return Ok(());
    }
    let rows = days.iter().map(|on_day| class_session::Model { class_id, on_day: *on_day });
    let rows = rows.map(|row| row.into_active_model().reset_all());
    Ok(class_session::Entity::insert_many(rows).exec_without_returning(txn.connection()).await.map(drop)?)
}

/// Replaces the sessions of a class, which is locked.
pub(super) async fn replace(txn: &Txn, class: ClassId, days: &[Day]) -> CommandResult<()> {
    let before = class_session::Entity::delete_many().filter(class_session::Column::ClassId.eq(class));
    before.exec(txn.connection()).await?;
    write(txn, class, days).await
}

/// Condition for classes that take place: postponed and cancelled classes have no sessions.
pub(super) fn take_place() -> Condition {
    Condition::all().add(training_class::Column::State.is_not_in([ClassState::Postponed, ClassState::Cancelled]))
}

/// Locks the persons with a seat in a class, in a fixed order, until the command is done. Must run before the class is
/// locked.
pub(super) async fn lock_learners(txn: &Txn, class: ClassId) -> CommandResult<BTreeSet<CadreId>> {
    let learners = cadre::Entity::find()
        .select_only()
        .column(cadre::Column::Id)
        .filter(cadre::Column::Id.in_subquery(seated(class)))
        .order_by_asc(cadre::Column::Id)
        .lock_exclusive();
    let learners: Vec<CadreId> = learners.into_tuple().all(txn.connection()).await?;
    Ok(learners.into_iter().collect())
}

/// Checks that the new sessions of a class do not coincide with sessions of other classes of its learners. The class
/// and its learners are locked. If a learner was added between the two locks, the command must be sent again.
pub(super) async fn ensure_no_clashes(
    txn: &Txn,
    of_class: ClassDays<'_>,
    locked: &BTreeSet<CadreId>,
) -> CommandResult<()> {
    let class = of_class.class;
    let learners: Vec<CadreId> = enrolment::Entity::find()
        .select_only()
        .column(enrolment::Column::CadreId)
        .filter(enrolment::Column::ClassId.eq(class.id))
        .filter(enrolment::Column::State.is_in(EnrolmentState::SEATED))
        .into_tuple()
        .all(txn.connection())
        .await?;
    // Includes learners without a seat in another class, because they may be about to take one.
    if !learners.iter().all(|learner| locked.contains(learner)) {
        return Err(Refusal::version(class.version - 1).into());
    }
    let learners_with_clashes = learners_with_clashes(txn, of_class).await?;
    if learners_with_clashes.is_empty() { Ok(()) } else { Err(clash_refusal(learners_with_clashes.len()).into()) }
}

/// The learners of a class who have sessions of other classes on the days of its sessions.
async fn learners_with_clashes(txn: &Txn, of_class: ClassDays<'_>) -> CommandResult<BTreeSet<CadreId>> {
    let seats = other_seats(txn, of_class.class.id).await?;
    let ids = seats.iter().map(|(_, class)| class.0);
    let column = Expr::col((training_class::Entity, training_class::Column::Id));
    let others = training_class::Entity::find()
        .filter(db::any_id(txn.connection().get_database_backend(), column, ids))
        .filter(take_place());
    let others = others.all(txn.connection()).await?;
    let sessions = of(txn.connection(), others.iter().map(|other| other.id)).await?;
    let held = |class: &ClassId| sessions.get(class).map_or(&[][..], Vec::as_slice);
    let clashes = |other: &&training_class::Model| {
        matches!(overlap(of_class, ClassDays { class: other, sessions: held(&other.id) }), Overlap::Sessions(_))
    };
    let clashing: BTreeSet<ClassId> = others.iter().filter(clashes).map(|other| other.id).collect();
    Ok(seats.into_iter().filter(|(_, class)| clashing.contains(class)).map(|(person, _)| person).collect())
}

/// The seats of the learners of a class in other classes.
async fn other_seats(txn: &Txn, class: ClassId) -> CommandResult<Vec<(CadreId, ClassId)>> {
    let seats = enrolment::Entity::find()
        .select_only()
        .columns([enrolment::Column::CadreId, enrolment::Column::ClassId])
        .filter(enrolment::Column::CadreId.in_subquery(seated(class)))
        .filter(enrolment::Column::ClassId.is_not_null())
        .filter(enrolment::Column::ClassId.ne(class))
        .filter(enrolment::Column::State.is_in(EnrolmentState::SEATED));
    Ok(seats.into_tuple().all(txn.connection()).await?)
}

fn seated(class: ClassId) -> SelectStatement {
    Query::select()
        .column(enrolment::Column::CadreId)
        .from(enrolment::Entity)
        .and_where(enrolment::Column::ClassId.eq(class))
        .and_where(enrolment::Column::State.is_in(EnrolmentState::SEATED))
        .take()
}

fn clash_refusal(persons: usize) -> Refusal {
    Refusal::conflict(
        Code::OverlappingSessions,
        "sessions",
        format!(
            "{persons} học viên của lớp đã có buổi học ở lớp khác vào các ngày này; hãy chọn ngày khác, hoặc ghi thôi \
             học ở một trong hai lớp trước."
        ),
        format!(
            "Learners of the class with sessions of another class on these days: {persons}; choose other days, or drop \
             one of the enrolments first."
        ),
    )
}
