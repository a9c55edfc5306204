//! The enrolment as the subject of commands.

use entity::{
    cadre, enrolment, quota, training_class, training_plan,
    value::{CadreId, ChangeKind, EnrolmentId},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect};

use crate::{
    authz::{Access, Txn, VisibleEnrolment},
    domain::{
        command::{Ready, Subject},
        refusal::{CommandResult, Refusal},
        training::commands::{
            class::{ensure_organised_here, seat},
            quota::{self as quotas, consumption},
        },
    },
    error::Error,
};

/// An existing enrolment, with its person and class locked.
#[derive(Debug)]
pub struct Enrolment {
    /// The person.
    pub(super) cadre: cadre::Model,
    /// The class; `None` for an enrolment of a year.
    pub(super) class: Option<training_class::Model>,
    /// The quotas from which the command takes seats, in the order of their ids, each with its plan, which is locked.
    pub(super) quotas: Vec<(quota::Model, training_plan::Model)>,
    /// The row, to be changed by the command.
    pub(super) row: enrolment::Model,
}

/// Units that may run a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// Callers that reach the sending unit, or the organiser of the class.
    Either,
    /// Callers that reach the organiser; for an enrolment without a class, callers that reach the sending unit.
    Organiser,
}

/// An enrolment, as the input of a command names it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    id: &'a str,
    expected_version: Option<i32>,
    by: By,
    /// Whether the command takes seats of the quotas of the enrolment: their plans must then permit the use of quotas.
    takes_seat: bool,
}

impl<'a> Target<'a> {
    /// The enrolment with an id. `None` accepts any version.
    pub(super) fn of(id: &'a str, expected_version: Option<i32>) -> Self {
        Self { id, expected_version, by: By::Either, takes_seat: false }
    }

    /// Restricts the command to the organiser of the class.
    pub(super) fn by_organiser(self) -> Self {
        Self { by: By::Organiser, ..self }
    }

    /// States that the command takes seats of the quotas of the enrolment.
    pub(super) fn taking_seat(self) -> Self {
        Self { takes_seat: true, ..self }
    }
}

impl Subject for Enrolment {
    type Target<'a> = Target<'a>;
    type Found = VisibleEnrolment;
    type Prepared = VisibleEnrolment;
    type Effect = ();
    type Written = enrolment::Model;
    type View = VisibleEnrolment;

    async fn find(access: &Access, target: Self::Target<'_>) -> CommandResult<VisibleEnrolment> {
        let enrolment = visible(access, target.id).await?;
        if target.by == By::Organiser {
            ensure_responsible(access, &enrolment).await?;
        }
        Ok(enrolment)
    }

    async fn prepare(
        _: &Access,
        _: Self::Target<'_>,
        enrolment: VisibleEnrolment,
    ) -> CommandResult<Ready<VisibleEnrolment>> {
        Ok(Ready { object: enrolment.row().id.to_string(), units: Vec::new(), detail: None, prepared: enrolment })
    }

    async fn replay(
        access: &Access,
        object: &str,
        _: (Self::Target<'_>, VisibleEnrolment),
    ) -> CommandResult<VisibleEnrolment> {
        visible(access, object).await
    }

    /// Locks the plans of the quotas, then the person, then the class, and reads the enrolment under these locks. The
    /// quotas of an enrolment never change.
    async fn lock(
        _: &Access,
        txn: &Txn,
        (target, enrolment): (Self::Target<'_>, VisibleEnrolment),
    ) -> CommandResult<Self> {
        let enrolment = enrolment.row();
        let mut quotas = Vec::new();
        if target.takes_seat {
            for quota in consumption::quotas_of(txn, enrolment.id).await? {
                quotas.push(quotas::quota_with_plan(txn, quota, "enrolmentId").await?);
            }
        }
        let cadre = lock_person(txn, enrolment.cadre_id).await?;
        let class = match enrolment.class_id {
            Some(class) => Some(seat::lock_class(txn, class).await?),
            None => None,
        };
        let row = enrolment::Entity::find_by_id(enrolment.id).one(txn.connection()).await?;
        let mut row = row.ok_or_else(|| Error::internal("the row of an enrolment is missing"))?;
        if target.expected_version.is_some_and(|expected| expected != row.version) {
            return Err(Refusal::version(row.version).into());
        }
        row.version += 1;
        Ok(Self { cadre, class, quotas, row })
    }

    async fn write(self, txn: &Txn, (): ()) -> CommandResult<enrolment::Model> {
        let update = enrolment::Entity::update(self.row.clone().into_active_model().reset_all());
        update.exec_without_returning(txn.connection()).await?;
        txn.record(ChangeKind::Updated, "enrolment", self.row.id.to_string()).await?;
        Ok(self.row)
    }

    async fn view(access: &Access, row: enrolment::Model) -> CommandResult<Option<VisibleEnrolment>> {
        Ok(access.training()?.admitted_enrolment(row))
    }
}

/// The enrolment of an id, if the caller may see it.
pub(super) async fn visible(access: &Access, id: &str) -> CommandResult<VisibleEnrolment> {
    let unknown = || Refusal::not_found("enrolmentId");
    let training = access.training()?;
    let id: EnrolmentId = id.parse().map_err(|_| unknown())?;
    Ok(training.enrolments_by_ids(&[id]).await?.pop().ok_or_else(unknown)?)
}

async fn ensure_responsible(access: &Access, enrolment: &VisibleEnrolment) -> CommandResult<()> {
    let row = enrolment.row();
    let Some(class) = row.class_id else {
        return Ok(ensure_organised_here(access, row.unit_id, "enrolmentId")?);
    };
    let class = access.training()?.classes_by_ids(&[class]).await?.pop();
    let class = class.ok_or_else(|| Refusal::not_found("enrolmentId"))?;
    Ok(ensure_organised_here(access, class.row().organiser_id, "enrolmentId")?)
}

/// Locks the person until the command ends. Conditions on all classes of a person are checked under this lock.
pub(super) async fn lock_person(txn: &Txn, id: CadreId) -> CommandResult<cadre::Model> {
    let cadre = cadre::Entity::find_by_id(id).lock_exclusive().one(txn.connection()).await?;
    cadre.ok_or_else(|| Error::internal("the person of an enrolment is missing").into())
}
