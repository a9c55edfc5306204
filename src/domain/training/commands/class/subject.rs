//! The class as the subject of commands.

use std::collections::BTreeSet;

use entity::{
    training_class,
    value::{CadreId, ChangeKind, Day, UnitId},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use crate::{
    authz::{Access, Txn, VisibleClass},
    domain::{
        command::{CommandContext, Ready, Subject, Versioned, bump_version},
        refusal::{Code, CommandResult, Refusal},
        training::{
            class::{self, TrainingClassKey},
            commands::session as sessions,
            session::{ClassDays, stated},
        },
    },
    error::Error,
};

/// Minimum and maximum number of seats of a class.
pub(super) const CAPACITY: (i32, i32) = (1, 100_000);

/// An existing class, locked.
#[derive(Debug)]
pub struct Class {
    /// Persons with a seat in the class, locked before the class. Read only for a command that states sessions.
    learners: BTreeSet<CadreId>,
    /// The row, to be changed by the command.
    pub(super) row: training_class::Model,
}

/// A class, as the input of a command names it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    code: &'a str,
    expected_version: Option<i32>,
    /// The new session days of the class, if the command states them.
    sessions: Option<&'a [Day]>,
}

impl<'a> Target<'a> {
    /// The class with a code. `None` accepts any version.
    pub(super) fn of(code: &'a str, expected_version: Option<i32>) -> Self {
        Self { code, expected_version, sessions: None }
    }

    /// Adds the session days that the command states, if any.
    pub(super) fn with_sessions(self, sessions: Option<&'a [Day]>) -> Self {
        Self { sessions, ..self }
    }
}

impl Versioned for training_class::Entity {
    const ID: training_class::Column = training_class::Column::Id;
    const VERSION: training_class::Column = training_class::Column::Version;

    fn version(row: &training_class::Model) -> i32 {
        row.version
    }
}

impl Subject for Class {
    type Target<'a> = Target<'a>;
    type Found = VisibleClass;
    type Prepared = VisibleClass;
    type Effect = ();
    type Written = training_class::Model;
    type View = VisibleClass;

    async fn find(access: &Access, target: Self::Target<'_>) -> CommandResult<VisibleClass> {
        let class = visible(access, target.code).await?;
        ensure_organised_here(access, class.row().organiser_id, "classCode")?;
        Ok(class)
    }

    async fn prepare(_: &Access, _: Self::Target<'_>, class: VisibleClass) -> CommandResult<Ready<VisibleClass>> {
        let (object, units) = (class.row().code.to_string(), vec![class.row().organiser_id]);
        Ok(Ready { object, units, detail: None, prepared: class })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, VisibleClass)) -> CommandResult<VisibleClass> {
        visible(access, object).await
    }

    /// Locks the learners, if their sessions are to be compared, then the class.
    async fn lock(_: &Access, txn: &Txn, (target, class): (Self::Target<'_>, VisibleClass)) -> CommandResult<Self> {
        let id = class.row().id;
        let learners = match target.sessions {
            Some([]) | None => BTreeSet::new(),
            Some(_) => sessions::lock_learners(txn, id).await?,
        };
        let row = bump_version::<training_class::Entity>(txn, id, target.expected_version).await?;
        Ok(Self { learners, row })
    }

    async fn write(self, txn: &Txn, (): ()) -> CommandResult<training_class::Model> {
        let update = training_class::Entity::update(self.row.clone().into_active_model().reset_all());
        update.exec_without_returning(txn.connection()).await?;
        txn.record(ChangeKind::Updated, "training_class", self.row.code.to_string()).await?;
        Ok(self.row)
    }

    async fn view(access: &Access, row: training_class::Model) -> CommandResult<Option<VisibleClass>> {
        Ok(access.training()?.admitted_class(row))
    }
}

impl CommandContext<'_, Class> {
    /// Replaces the session days of the class. Must run after the first and last day of the class are set.
    pub(super) async fn replace_sessions(&self, days: &[Day]) -> CommandResult<()> {
        let class = &self.subject.row;
        let sessions = &stated("sessions", days, (class.start_on, class.end_on))?;
        sessions::replace(&self.txn, class.id, sessions).await?;
        if sessions.is_empty() {
            return Ok(());
        }
        sessions::ensure_no_clashes(&self.txn, ClassDays { class, sessions }, &self.subject.learners).await
    }
}

/// The class with a code, if the caller may see it.
pub(in crate::domain::training::commands) async fn visible(access: &Access, code: &str) -> CommandResult<VisibleClass> {
    match class::look_up(access, &TrainingClassKey::Code(code.to_owned())).await {
        Err(Error::NotFound) => Err(Refusal::not_found("classCode").into()),
        found => Ok(found?),
    }
}

/// Checks that the organiser is within the caller's reach: only the organiser may change the class and record results.
pub(in crate::domain::training::commands) fn ensure_organised_here(
    access: &Access,
    organiser: UnitId,
    field: &str,
) -> Result<(), Refusal> {
    if access.reaches(organiser) {
        return Ok(());
    }
    let code = access.reference_data().units().get(organiser).map_or("-", |unit| unit.row.code.as_str());
    Err(Refusal::input(
        Code::NotOrganisedHere,
        field,
        format!(
            "Lớp này do đơn vị {code} tổ chức; chỉ đơn vị đó được quản lý lớp và ghi kết quả, hãy đề nghị đơn vị đó."
        ),
        format!(
            "The unit {code} organises this class; only that unit can manage the class and record results, so ask that \
             unit."
        ),
    ))
}
