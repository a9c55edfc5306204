//! Results of learners. A pass grants the qualification of the programme, once; withdrawing the result withdraws the
//! qualification too.

use async_graphql::ID;
use entity::{
    enrolment, qualification, training_class,
    value::{ChangeKind, Day, EnrolmentState, Grade, PartialDate, ProgrammeCode, QualificationId, Scope, SubjectCode},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter};

use super::{
    enrol::granted,
    subject::{Enrolment, Target},
};
use crate::{
    authz::Change,
    domain::{
        command::{Command, CommandContext, validate},
        refusal::CommandResult,
        training::state::{
            class::ensure_has_results,
            enrolment::{Transition, after},
        },
    },
};

/// A result (kết quả học tập).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "EnrolmentCompleteInput")]
pub struct Complete {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the enrolment.
    pub enrolment_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// Whether the learner passed (đạt). A pass grants the qualification of the programme.
    pub passed: bool,
    /// Grade of the result (xếp loại).
    pub grade: Option<Grade>,
    /// Day of the result, from the first day of the class to today; a qualification is granted on it.
    pub completed_on: Day,
}

impl Command for Complete {
    const NAME: &'static str = "enrolment.complete";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "EnrolmentCompletePayload";
    type Subject = Enrolment;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.enrolment_id, self.expected_version).by_organiser()
    }

    async fn apply(&self, context: &mut CommandContext<'_, Enrolment>) -> CommandResult<()> {
        let step = if self.passed { Transition::Pass } else { Transition::Fail };
        context.subject.row.state = after(context.subject.row.state, step)?;
        context.subject.row.grade = self.grade;
        validate::not_in_future("completedOn", self.completed_on, context.access.today())?;
        if let Some(class) = &context.subject.class {
            ensure_has_results(class.state)?;
            validate::not_before("completedOn", self.completed_on, class.start_on)?;
        }
        if self.passed { context.grant(self.completed_on).await } else { Ok(()) }
    }
}

/// Withdrawal of a result (thu hồi kết quả), together with the qualification that it granted.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "EnrolmentRevokeInput")]
pub struct Revoke {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the enrolment.
    pub enrolment_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// Reason, at most 2,000 characters.
    pub reason: String,
}

impl Command for Revoke {
    const NAME: &'static str = "enrolment.revoke";
    const SCOPE: Scope = Scope::TrainingWrite;
    const PAYLOAD: &'static str = "EnrolmentRevokePayload";
    type Subject = Enrolment;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.enrolment_id, self.expected_version).by_organiser()
    }

    async fn apply(&self, context: &mut CommandContext<'_, Enrolment>) -> CommandResult<()> {
        let passed = context.subject.row.state == EnrolmentState::Completed;
        context.subject.row.state = after(context.subject.row.state, Transition::Revoke)?;
        context.subject.row.grade = None;
        context.subject.row.remark = Some(validate::remark("reason", &self.reason)?);
        if passed { context.remove_qualification().await } else { Ok(()) }
    }
}

impl CommandContext<'_, Enrolment> {
    /// Grants the qualification of the programme, if it has one. A unique index prevents a second qualification from
    /// the same result.
    async fn grant(&self, on: Day) -> CommandResult<()> {
        let programme = self.access.reference_data().programme(self.subject.row.programme_code.as_str());
        let Some(programme) = programme.filter(|programme| granted(self.access, programme).is_some()) else {
            return Ok(());
        };
        let subject: Option<SubjectCode> = programme.subject.parse().ok();
        let (Some(subject_code), Some(level_code)) = (subject, programme.level_code.clone()) else { return Ok(()) };
        let qualification_row = qualification::Model {
            id: QualificationId::new(),
            cadre_id: self.subject.row.cadre_id,
            subject_code,
            level_code,
            field_code: None,
            institution_code: None,
            mode: self.subject.class.as_ref().and_then(|class| class.mode),
            granted_on: PartialDate::Day(on),
            counts_from: on,
            enrolment_id: Some(self.subject.row.id),
        };
        let id = qualification_row.id;
        let insert = qualification::Entity::insert(qualification_row.into_active_model().reset_all());
        insert.exec_without_returning(self.txn.of_person(self.subject.row.cadre_id)).await?;
        self.record(ChangeKind::Created, id).await
    }

    /// Removes the qualification that the result granted, if any.
    async fn remove_qualification(&self) -> CommandResult<()> {
        let granted = qualification::Entity::find().filter(qualification::Column::EnrolmentId.eq(self.subject.row.id));
        let qualification_row = match granted.one(self.txn.connection()).await? {
            Some(qualification_row) => Some(qualification_row),
            None => self.imported_qualification().await?,
        };
        let Some(qualification_row) = qualification_row else { return Ok(()) };
        let id = qualification_row.id;
        qualification_row.delete(self.txn.of_person(self.subject.row.cadre_id)).await?;
        self.record(ChangeKind::Ended, id).await
    }

    /// The qualification of an imported pass: it was imported too, and refers to no enrolment.
    async fn imported_qualification(&self) -> CommandResult<Option<qualification::Model>> {
        let granted =
            |code: &ProgrammeCode| granted(self.access, self.access.reference_data().programme(code.as_str())?);
        let Some((subject, level, rank)) = granted(&self.subject.row.programme_code) else { return Ok(None) };
        let connection = self.txn.connection();
        let qualification_rows = qualification::Entity::find()
            .filter(qualification::Column::CadreId.eq(self.subject.row.cadre_id))
            .filter(qualification::Column::SubjectCode.eq(subject))
            .filter(qualification::Column::LevelCode.eq(level))
            .filter(qualification::Column::EnrolmentId.is_null())
            .all(connection)
            .await?;
        let passes = enrolment::Entity::find()
            .find_also_related(training_class::Entity)
            .filter(enrolment::Column::CadreId.eq(self.subject.row.cadre_id))
            .filter(enrolment::Column::Id.ne(self.subject.row.id))
            .filter(enrolment::Column::State.eq(EnrolmentState::Completed))
            .all(connection)
            .await?;
        let similar = passes.iter().filter(|(row, _)| granted(&row.programme_code) == Some((subject, level, rank)));
        let others: Vec<Day> = similar.filter_map(|(row, class)| Some(days_of(row, class.as_ref())?.0)).collect();
        let days = days_of(&self.subject.row, self.subject.class.as_ref());
        Ok(days.and_then(|days| granted_in(days, &others, qualification_rows)))
    }

    async fn record(&self, kind: ChangeKind, qualification_row: QualificationId) -> CommandResult<()> {
        let person = self.subject.row.cadre_id;
        self.txn.record_change(Change::of(kind, "qualification", qualification_row.to_string()).about(person)).await?;
        Ok(self.txn.record(ChangeKind::Updated, "cadre", self.subject.cadre.code.to_string()).await?)
    }
}

/// The first and the last day of an enrolment: the days of the class, or of the year if there is no class.
fn days_of(row: &enrolment::Model, class: Option<&training_class::Model>) -> Option<(Day, Day)> {
    match class {
        Some(class) => Some((class.start_on, class.end_on)),
        None => Some((Day::of(row.year, 1, 1)?, Day::end_of_year(row.year)?)),
    }
}

/// The qualification that a pass granted: the first one dated from the first day of the enrolment to the end of the
/// year after its last day, unless another pass of the person began in between. `others` are the first days of the
/// other passes.
fn granted_in(
    (start, end): (Day, Day),
    others: &[Day],
    qualification_rows: Vec<qualification::Model>,
) -> Option<qualification::Model> {
    let later = qualification_rows.into_iter().filter(|qualification_row| qualification_row.counts_from >= start);
    let first = later.min_by_key(|qualification_row| (qualification_row.counts_from, qualification_row.id))?;
    let is_of_another = others.iter().any(|other| *other > start && *other <= first.counts_from);
    (first.counts_from.year() <= end.year() + 1 && !is_of_another).then_some(first)
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    #[test]
    fn a_pass_granted_the_first_qualification_after_its_first_day() {
        let day = |text: &str| text.parse::<Day>().expect(text);
        let qualification_row = |on: &str| qualification::Model {
            granted_on: PartialDate::Day(day(on)),
            counts_from: day(on),
            ..sample::qualification()
        };
        let class = (day("2020-03-02"), day("2020-09-30"));
        for (qualification_rows, others, expected) in [
            (&[][..], &[][..], None),
            (&["2012-12-31"], &[], None),
            (&["2012-12-31", "2021-01-15", "2020-10-01"], &[], Some("2020-10-01")),
            (&["2021-12-31"], &[], Some("2021-12-31")),
            (&["2022-01-01"], &[], None),
            (&["2021-06-01"], &["2021-02-01"], None),
            (&["2020-10-01"], &["2021-02-01", "2018-01-01"], Some("2020-10-01")),
        ] {
            let others: Vec<Day> = others.iter().map(|other| day(other)).collect();
            let found = granted_in(class, &others, qualification_rows.iter().map(|on| qualification_row(on)).collect());
            assert_eq!(
                found.map(|qualification_row| qualification_row.counts_from),
                expected.map(day),
                "{qualification_rows:?} {others:?}"
            );
        }
    }
}
