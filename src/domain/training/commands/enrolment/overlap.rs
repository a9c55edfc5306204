//! Rejects two full-time classes of a person on one day, and sessions of two classes on one day. Warns of other classes
//! that may share days.

use std::collections::{BTreeSet, HashMap};

use entity::{
    enrolment, training_class,
    value::{CadreId, ClassId, Day, EnrolmentState},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Query};

use crate::{
    domain::{
        refusal::{Code, CommandResult, Refusal},
        training::{
            commands::session as sessions,
            session::{ClassDays, Overlap, overlap},
        },
    },
    language::Sentence,
};

/// A warning about an executed command.
#[derive(Clone, Debug)]
pub struct Warning {
    /// Stable code of the warning, for programs.
    pub code: &'static str,
    /// Text of the warning.
    pub sentence: Sentence,
}

/// The overlaps of one class with the other classes in which a person has a seat, if they share days or may share days.
async fn overlaps(
    connection: &impl ConnectionTrait,
    person: CadreId,
    class: &training_class::Model,
) -> CommandResult<Vec<Overlap>> {
    let of_person = Query::select()
        .column(enrolment::Column::ClassId)
        .from(enrolment::Entity)
        .and_where(enrolment::Column::CadreId.eq(person))
        .and_where(enrolment::Column::ClassId.is_not_null())
        .and_where(enrolment::Column::State.is_in(EnrolmentState::SEATED))
        .take();
    let classes = training_class::Entity::find()
        .filter(training_class::Column::Id.in_subquery(of_person))
        .filter(training_class::Column::Id.ne(class.id))
        .filter(sessions::take_place())
        .filter(training_class::Column::StartOn.lte(class.end_on))
        .filter(training_class::Column::EndOn.gte(class.start_on));
    let others = classes.all(connection).await?;
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let days = sessions::of(connection, others.iter().map(|other| other.id).chain([class.id])).await?;
    let overlaps = others.iter().map(|other| overlap(days_of(class, &days), days_of(other, &days)));
    Ok(overlaps.filter(|overlap| *overlap != Overlap::Apart).collect())
}

fn days_of<'a>(class: &'a training_class::Model, days: &'a HashMap<ClassId, Vec<Day>>) -> ClassDays<'a> {
    ClassDays { class, sessions: days.get(&class.id).map_or(&[], Vec::as_slice) }
}

/// Checks that a person, who is locked, can take a seat in a class in addition to the present ones. The refusal does
/// not name the other class, because the caller may not be allowed to see it.
pub(super) async fn ensure_free(
    connection: &impl ConnectionTrait,
    person: CadreId,
    class: &training_class::Model,
    field: &str,
) -> CommandResult<()> {
    let overlaps = overlaps(connection, person, class).await?;
    if overlaps.contains(&Overlap::FullTime) {
        return Err(in_full_time(field, class).into());
    }
    let shared = overlaps.into_iter().filter_map(|overlap| match overlap {
        Overlap::Sessions(days) => Some(days),
        Overlap::Apart | Overlap::Possible | Overlap::FullTime => None,
    });
    let shared: BTreeSet<Day> = shared.flatten().collect();
    match shared.first() {
        Some(first) => Err(in_session(field, shared.len(), *first).into()),
        None => Ok(()),
    }
}

fn in_full_time(field: &str, class: &training_class::Model) -> Refusal {
    let (start, end) = (class.start_on, class.end_on);
    Refusal::conflict(
        Code::OverlappingClasses,
        field,
        format!(
            "Trong thời gian từ {start} đến {end}, người này đã có chỗ trong một lớp tập trung khác; hãy chọn lớp khác, \
             hoặc ghi thôi học ở lớp kia trước."
        ),
        format!(
            "Between {start} and {end} the person has a seat in another full-time class; choose another class, or drop \
             the other enrolment first."
        ),
    )
}

fn in_session(field: &str, days: usize, first: Day) -> Refusal {
    Refusal::conflict(
        Code::OverlappingSessions,
        field,
        format!(
            "Người này đã có chỗ trong một lớp khác có buổi học trùng {days} ngày với lớp này, sớm nhất là ngày \
             {first}; hãy chọn lớp khác, hoặc ghi thôi học ở lớp kia trước."
        ),
        format!(
            "The person has a seat in another class with sessions on the same days as this class: {days} in all, \
             the first on {first}; choose another class, or drop the other enrolment first."
        ),
    )
}

/// Warnings about a person's seat in a class.
pub(super) async fn warnings(
    connection: &impl ConnectionTrait,
    person: CadreId,
    class: ClassId,
) -> CommandResult<Vec<Warning>> {
    let Some(class) = training_class::Entity::find_by_id(class).one(connection).await? else { return Ok(Vec::new()) };
    if overlaps(connection, person, &class).await?.is_empty() {
        return Ok(Vec::new());
    }
    let (start, end) = (class.start_on, class.end_on);
    let sentence = Sentence::new(
        format!(
            "Trong thời gian từ {start} đến {end}, người này còn có chỗ trong lớp khác; hãy kiểm tra lịch học của \
            các lớp."
        ),
        format!(
            "Between {start} and {end} the person also has a seat in another class; compare the timetables of both."
        ),
    );
    Ok(vec![Warning { code: "CLASSES_SHARE_DAYS", sentence }])
}
