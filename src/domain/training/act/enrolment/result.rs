//! The result of a learner: a pass grants the qualification of the programme, once; what is taken back takes it along.

use async_graphql::ID;
use entity::{
    qualification,
    value::{ChangeKind, Day, Grade, PartialDate, QualificationId, SubjectCode},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter};

use super::{By, OnEnrolment, Scene, Target, enrol::granted};
use crate::domain::{
    access::Act,
    act::words,
    refusal::Acted,
    training::stage::{
        class::ensure_has_results,
        enrolment::{Move, after},
    },
};

/// A result (kết quả học tập).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "EnrolmentCompleteInput")]
pub struct Complete {
    /// Key of the request, 1 to 200 characters: sent again under it, the same request happens once.
    pub idempotency_key: String,
    /// Id of the enrolment.
    pub enrolment_id: ID,
    /// The version that you saw last; the act is refused if it has changed since.
    pub expected_version: Option<i32>,
    /// Whether the learner passed (đạt). A pass grants the qualification that the programme leads to.
    pub passed: bool,
    /// Grade.
    pub grade: Option<Grade>,
    /// Day of the result, from the first day of the class to today; a qualification is granted on it.
    pub completed_on: Day,
}

impl OnEnrolment for Complete {
    const ACT: Act = Act::EnrolmentComplete;
    const BY: By = By::Organiser;

    fn target(&self) -> Target<'_> {
        let (enrolment_id, idempotency_key) = (&self.enrolment_id, &self.idempotency_key);
        Target { enrolment_id, idempotency_key, expected_version: self.expected_version }
    }

    async fn perform(&self, scene: &mut Scene<'_>) -> Acted<()> {
        let step = if self.passed { Move::Pass } else { Move::Fail };
        scene.row.state = after(scene.row.state, step)?;
        scene.row.grade = self.grade;
        words::not_ahead("completedOn", self.completed_on, scene.access.today())?;
        if let Some(class) = &scene.class {
            ensure_has_results(class.state)?;
            words::not_before("completedOn", self.completed_on, class.start_on)?;
        }
        if self.passed { scene.grant(self.completed_on).await } else { Ok(()) }
    }
}

/// A result that is taken back (thu hồi kết quả), with the qualification that it granted.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "EnrolmentRevokeInput")]
pub struct Revoke {
    /// Key of the request, 1 to 200 characters: sent again under it, the same request happens once.
    pub idempotency_key: String,
    /// Id of the enrolment.
    pub enrolment_id: ID,
    /// The version that you saw last; the act is refused if it has changed since.
    pub expected_version: Option<i32>,
    /// Reason, at most 2,000 characters.
    pub reason: String,
}

impl OnEnrolment for Revoke {
    const ACT: Act = Act::EnrolmentRevoke;
    const BY: By = By::Organiser;

    fn target(&self) -> Target<'_> {
        let (enrolment_id, idempotency_key) = (&self.enrolment_id, &self.idempotency_key);
        Target { enrolment_id, idempotency_key, expected_version: self.expected_version }
    }

    async fn perform(&self, scene: &mut Scene<'_>) -> Acted<()> {
        scene.row.state = after(scene.row.state, Move::Revoke)?;
        scene.row.grade = None;
        scene.row.remark = Some(words::remark("reason", &self.reason)?);
        scene.take_back().await
    }
}

impl Scene<'_> {
    /// Grants the qualification of the programme, if it leads to one. The table keeps a result from granting two.
    async fn grant(&self, on: Day) -> Acted<()> {
        let programme = self.access.registry().programme(self.row.programme_code.as_str());
        let Some(programme) = programme.filter(|programme| granted(self.access, programme).is_some()) else {
            return Ok(());
        };
        let subject: Option<SubjectCode> = programme.subject.parse().ok();
        let (Some(subject_code), Some(level_code)) = (subject, programme.level_code.clone()) else { return Ok(()) };
        let paper = qualification::Model {
            id: QualificationId::new(),
            cadre_id: self.row.cadre_id,
            subject_code,
            level_code,
            field_code: None,
            institution_code: None,
            mode: self.class.as_ref().and_then(|class| class.mode),
            granted_on: PartialDate::Day(on),
            counts_from: on,
            enrolment_id: Some(self.row.id),
        };
        let id = paper.id;
        let insert = qualification::Entity::insert(paper.into_active_model().reset_all());
        insert.exec_without_returning(self.txn.of_person(self.row.cadre_id)).await?;
        self.record(ChangeKind::Created, id).await
    }

    /// Takes the qualification back that the result granted, if it granted one.
    async fn take_back(&self) -> Acted<()> {
        let granted = qualification::Entity::find().filter(qualification::Column::EnrolmentId.eq(self.row.id));
        let Some(paper) = granted.one(self.txn.connection()).await? else { return Ok(()) };
        let id = paper.id;
        paper.delete(self.txn.of_person(self.row.cadre_id)).await?;
        self.record(ChangeKind::Ended, id).await
    }

    async fn record(&self, kind: ChangeKind, paper: QualificationId) -> Acted<()> {
        self.txn.record(kind, "qualification", paper.to_string()).await?;
        Ok(self.txn.record(ChangeKind::Updated, "cadre", self.cadre.code.to_string()).await?)
    }
}
