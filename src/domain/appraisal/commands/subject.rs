//! An existing appraisal as the subject of commands, and its view.

use entity::{
    appraisal, cadre,
    value::{AppraisalId, AppraisalState, CadreId, ChangeKind, Day, Scope, UnitId},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect};

use super::facts::{Warning, already, warnings};
use crate::{
    authz::{Access, AuthorizedCadre, Change, Txn, VisibleAppraisal},
    domain::{
        command::{Ready, Subject, Versioned, bump_version, unless_unique, within_reach},
        refusal::{Code, CommandResult, Refusal},
    },
    error::Error,
    language::Sentence,
};

/// A recorded appraisal.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The appraisal.
    pub appraisal: VisibleAppraisal,
    /// Warnings about it.
    pub warnings: Vec<Warning>,
}

impl Versioned for appraisal::Entity {
    const ID: appraisal::Column = appraisal::Column::Id;
    const VERSION: appraisal::Column = appraisal::Column::Version;

    fn version(row: &appraisal::Model) -> i32 {
        row.version
    }
}

/// A current appraisal, with its person locked.
#[derive(Debug)]
pub struct Appraisal {
    /// The person.
    pub(super) person: AuthorizedCadre,
    /// Unit that the input names.
    pub(super) unit: Option<UnitId>,
    /// Id of the appraisal that replaces it, if one does.
    pub(super) next: AppraisalId,
    /// The row, to be changed by the command.
    pub(super) row: appraisal::Model,
}

/// An appraisal, as the input of a command names it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Id of the appraisal.
    pub(super) id: &'a str,
    pub(super) expected_version: Option<i32>,
    /// Code of the unit that rated the person, if it is corrected.
    pub(super) unit_code: Option<&'a str>,
    /// Whether the command replaces the appraisal by another one.
    pub(super) replaces: bool,
}

/// An appraisal before it is locked.
#[derive(Debug)]
pub struct Prepared {
    row: appraisal::Model,
    person: AuthorizedCadre,
    unit: Option<UnitId>,
    next: AppraisalId,
}

/// The rows after a command: the appraisal that ended, and the one that replaces it.
#[derive(Debug)]
pub struct Ended {
    pub(super) old: appraisal::Model,
    pub(super) new: Option<appraisal::Model>,
}

impl Subject for Appraisal {
    type Target<'a> = Target<'a>;
    type Found = Prepared;
    type Prepared = Prepared;
    type Effect = Ended;
    type Written = AppraisalId;
    type View = Recorded;

    async fn find(access: &Access, target: Self::Target<'_>) -> CommandResult<Prepared> {
        // The response shows the result, so its rights are checked before anything is written.
        access.ensure_may_open(Scope::AppraisalRead, "Mutation.appraisal")?;
        let unknown = || Refusal::not_found("appraisalId");
        let id: AppraisalId = target.id.parse().map_err(|_| unknown())?;
        let (row, person) = access.cadres()?.appraisals_by_ids(&[id]).await?.pop().ok_or_else(unknown)?;
        // A unit out of reach decided it: custody of the person's file is not a right over decisions of other units.
        if !access.reaches(row.unit_id) {
            return Err(of_another_unit().into());
        }
        let unit = target.unit_code.map(|code| within_reach(access, "unitCode", code)).transpose()?;
        Ok(Prepared { row, person, unit, next: AppraisalId::new() })
    }

    async fn prepare(_: &Access, target: Self::Target<'_>, found: Prepared) -> CommandResult<Ready<Prepared>> {
        let shown = if target.replaces { found.next } else { found.row.id };
        let units = found.unit.into_iter().collect();
        Ok(Ready { object: shown.to_string(), units, detail: None, prepared: found })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Prepared)) -> CommandResult<Recorded> {
        recorded(access, object).await
    }

    async fn lock(
        _: &Access,
        txn: &Txn,
        (target, Prepared { row, person, unit, next }): (Self::Target<'_>, Prepared),
    ) -> CommandResult<Self> {
        lock_person(txn, row.cadre_id).await?;
        let row = bump_version::<appraisal::Entity>(txn, row.id, target.expected_version).await?;
        if row.state != AppraisalState::Current {
            return Err(not_current(&row).into());
        }
        Ok(Self { person, unit, next, row })
    }

    async fn write(self, txn: &Txn, Ended { old, new }: Ended) -> CommandResult<AppraisalId> {
        let ended = Change::of(ChangeKind::Ended, "appraisal", old.id.to_string()).about(old.cadre_id);
        txn.record_change(ended).await?;
        let Some(new) = new else { return Ok(old.id) };
        txn.record_change(Change::of_appraisal(&new)).await?;
        Ok(new.id)
    }

    async fn view(access: &Access, id: AppraisalId) -> CommandResult<Option<Recorded>> {
        view(access, id).await
    }
}

impl Appraisal {
    /// Ends the appraisal: it no longer counts.
    pub(super) async fn end(
        &mut self,
        txn: &Txn,
        (state, on, reason): (AppraisalState, Day, String),
    ) -> CommandResult<()> {
        self.row.state = state;
        self.row.ended_on = Some(on);
        self.row.reason = Some(reason);
        self.update(txn).await
    }

    /// Names the appraisal that replaces it, which must exist.
    pub(super) async fn supersede(&mut self, txn: &Txn, by: AppraisalId) -> CommandResult<()> {
        self.row.superseded_by = Some(by);
        self.update(txn).await
    }

    async fn update(&self, txn: &Txn) -> CommandResult<()> {
        let update = appraisal::Entity::update(self.row.clone().into_active_model().reset_all());
        update.exec_without_returning(txn.of_person(self.row.cadre_id)).await?;
        Ok(())
    }
}

/// Inserts an appraisal. The index of current appraisals allows one for each period.
pub(super) async fn insert(txn: &Txn, row: &appraisal::Model) -> CommandResult<()> {
    let insert = appraisal::Entity::insert(row.clone().into_active_model().reset_all());
    let inserted = insert.exec_without_returning(txn.of_person(row.cadre_id)).await;
    inserted.map_err(|error| unless_unique(error, || already(row)))?;
    Ok(())
}

/// Locks the person until the command ends.
pub(super) async fn lock_person(txn: &Txn, id: CadreId) -> CommandResult<()> {
    let cadre = cadre::Entity::find_by_id(id).lock_exclusive().one(txn.connection()).await?;
    cadre.map(drop).ok_or_else(|| Error::internal("the person of an appraisal is missing").into())
}

/// The view of the appraisal with this id; it was shown to the caller before.
pub(super) async fn recorded(access: &Access, id: &str) -> CommandResult<Recorded> {
    let id: AppraisalId = id.parse().map_err(Error::internal)?;
    Ok(view(access, id).await?.ok_or_else(|| Refusal::not_found("appraisalId"))?)
}

/// The view of an appraisal; `None` if the person's file is not in the caller's custody. Recorded for the access log.
pub(super) async fn view(access: &Access, id: AppraisalId) -> CommandResult<Option<Recorded>> {
    let Some((row, person)) = access.cadres()?.appraisals_by_ids(&[id]).await?.pop() else { return Ok(None) };
    let opened = access.open_appraisals(&person, [&row].into_iter(), "Mutation.appraisal")?;
    let Some(appraisal) = opened.and_then(|mut opened| opened.pop()) else { return Ok(None) };
    let warnings = warnings(access, &person, &appraisal).await?;
    Ok(Some(Recorded { appraisal, warnings }))
}

fn of_another_unit() -> Refusal {
    Refusal::input(
        Code::NotRatingUnit,
        "appraisalId",
        "Kết quả này do một đơn vị ngoài phạm vi của hệ thống quyết định; hãy đề nghị đơn vị đó hoặc cấp trên đính chính.",
        "A unit out of reach decided the result; ask that unit or a superior one to change it.",
    )
}

fn not_current(row: &appraisal::Model) -> Refusal {
    Refusal::step(
        "appraisalId",
        &row.state,
        Vec::new(),
        Sentence::new(
            "Kết quả này đã được đính chính hoặc hủy bỏ nên không thể thay đổi; hãy đọc lại danh sách và dùng kết quả \
             đang có hiệu lực.",
            "The appraisal was corrected or annulled and cannot be changed; read the list again and use the current one.",
        ),
    )
}
