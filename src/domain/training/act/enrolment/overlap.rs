//! Nobody is in two full-time classes on one day; other classes that share days are warned of.

use entity::{
    enrolment, training_class,
    value::{CadreId, ClassId, ClassState, EnrolmentState, StudyMode},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Query};

use crate::{
    domain::refusal::{Acted, Code, Refusal},
    language::Sentence,
};

/// Something that was done and may be doubted.
#[derive(Clone, Debug)]
pub struct Warning {
    /// Code, for programs; never changes.
    pub code: &'static str,
    /// What may be doubted.
    pub sentence: Sentence,
}

/// The other classes in which a person has a seat and that share a day with one.
async fn sharing_days(
    connection: &impl ConnectionTrait,
    person: CadreId,
    class: &training_class::Model,
) -> Acted<Vec<training_class::Model>> {
    let of_person = Query::select()
        .column(enrolment::Column::ClassId)
        .from(enrolment::Entity)
        .and_where(enrolment::Column::CadreId.eq(person))
        .and_where(enrolment::Column::ClassId.is_not_null())
        .and_where(enrolment::Column::State.is_in(EnrolmentState::SEATED))
        .to_owned();
    let classes = training_class::Entity::find()
        .filter(training_class::Column::Id.in_subquery(of_person))
        .filter(training_class::Column::Id.ne(class.id))
        .filter(training_class::Column::State.is_not_in([ClassState::Postponed, ClassState::Cancelled]))
        .filter(training_class::Column::StartOn.lte(class.end_on))
        .filter(training_class::Column::EndOn.gte(class.start_on));
    Ok(classes.all(connection).await?)
}

/// Whether two classes that share a day cannot both be attended.
fn exclude(one: &training_class::Model, other: &training_class::Model) -> bool {
    one.mode == Some(StudyMode::FullTime) && other.mode == Some(StudyMode::FullTime)
}

/// Checks that a person, who is locked, can take a seat in a class beside those that they have. The other class is not
/// named: it may be one that the caller may not know of.
pub(super) async fn ensure_free(
    connection: &impl ConnectionTrait,
    person: CadreId,
    class: &training_class::Model,
    field: &str,
) -> Acted<()> {
    let others = sharing_days(connection, person, class).await?;
    if !others.iter().any(|other| exclude(class, other)) {
        return Ok(());
    }
    let (start, end) = (class.start_on, class.end_on);
    Err(Refusal::conflict(
        Code::OverlappingClasses,
        field,
        format!(
            "Trong thời gian từ {start} đến {end}, người này đã có chỗ trong một lớp tập trung khác; hãy chọn lớp \
            khác, hoặc cho thôi học lớp kia trước."
        ),
        format!(
            "Between {start} and {end} the person has a seat in another full-time class; choose another class, or \
            let them give the other up first."
        ),
    )
    .into())
}

/// What may be doubted about a seat that a person has in a class.
pub(super) async fn warnings(
    connection: &impl ConnectionTrait,
    person: CadreId,
    class: ClassId,
) -> Acted<Vec<Warning>> {
    let Some(class) = training_class::Entity::find_by_id(class).one(connection).await? else { return Ok(Vec::new()) };
    if sharing_days(connection, person, &class).await?.is_empty() {
        return Ok(Vec::new());
    }
    let (start, end) = (class.start_on, class.end_on);
    let sentence = Sentence::new(
        format!(
            "Trong thời gian từ {start} đến {end}, người này còn có chỗ trong lớp khác; hãy kiểm tra lịch học của \
            các lớp."
        ),
        format!("Between {start} and {end} the person has a seat in another class, too; compare the hours of both."),
    );
    Ok(vec![Warning { code: "CLASSES_SHARE_DAYS", sentence }])
}
