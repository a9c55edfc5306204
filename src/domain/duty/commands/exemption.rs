//! The exemptions of a person from a duty in a year, as the subject of commands.

use entity::{
    cadre, duty_exemption,
    value::{ChangeKind, Day, DutyCode},
};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{YEARS, recorded};
use crate::{
    authz::{Access, AuthorizedCadre, Txn},
    domain::{
        command::{Ready, Subject, person, validate},
        refusal::CommandResult,
    },
    error::Error,
    reference::duties::Duty,
};

/// A person, a duty and a calendar year, as the input of a command names them.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub(super) cadre_code: &'a str,
    pub(super) duty_code: &'a str,
    pub(super) year: i32,
}

/// The exemptions of a person, who is locked.
#[derive(Debug)]
pub struct Exemptions {
    /// The person.
    pub(super) cadre: cadre::Model,
    /// The person as the caller sees it; no command here changes that view.
    shown: AuthorizedCadre,
    /// The duty.
    pub(super) duty: Duty,
    /// First day of the year, and of the next year.
    pub(super) year: (Day, Day),
    /// The exemptions in force that contain at least one day of the year, oldest first.
    pub(super) in_force: Vec<duty_exemption::Model>,
}

/// A person and a duty that a caller may connect.
#[derive(Debug)]
pub struct Parties {
    cadre: AuthorizedCadre,
    duty: Duty,
    year: (Day, Day),
}

impl Subject for Exemptions {
    type Target<'a> = Target<'a>;
    type Found = (AuthorizedCadre, Duty);
    type Prepared = Parties;
    type Effect = ();
    type Written = AuthorizedCadre;
    type View = AuthorizedCadre;

    /// A person is found only if the file is in the caller's custody today.
    async fn find(access: &Access, target: Self::Target<'_>) -> CommandResult<Self::Found> {
        access.training()?;
        let cadre = person(access, "cadreCode", target.cadre_code).await?;
        Ok((cadre, recorded(access, "dutyCode", target.duty_code).await?))
    }

    async fn prepare(
        _: &Access,
        target: Self::Target<'_>,
        (cadre, duty): Self::Found,
    ) -> CommandResult<Ready<Parties>> {
        let number = validate::between("year", target.year, YEARS)?;
        let year = Day::of(number, 1, 1).zip(Day::of(number + 1, 1, 1));
        let year = year.ok_or_else(|| Error::internal("a year outside of the calendar"))?;
        Ok(Ready {
            object: cadre.card().code.to_string(),
            units: Vec::new(),
            detail: Some(format!("{} {number}", duty.row().code)),
            prepared: Parties { cadre, duty, year },
        })
    }

    async fn replay(_: &Access, _: &str, (_, of): (Self::Target<'_>, Parties)) -> CommandResult<AuthorizedCadre> {
        Ok(of.cadre)
    }

    /// Locks the person, so that two commands on exemptions of one person do not overlap.
    async fn lock(_: &Access, txn: &Txn, (_, of): (Self::Target<'_>, Parties)) -> CommandResult<Self> {
        let Parties { cadre, duty, year } = of;
        let row = cadre::Entity::find_by_id(cadre.id()).lock_exclusive().one(txn.connection()).await?;
        let row = row.ok_or_else(|| Error::internal("the person of an exemption is missing"))?;
        let in_force = in_force(txn, &row, (&duty.row().code, year)).await?;
        Ok(Self { cadre: row, shown: cadre, duty, year, in_force })
    }

    /// An exemption is a part of the person's file, so the change is one of the person.
    async fn write(self, txn: &Txn, (): ()) -> CommandResult<AuthorizedCadre> {
        let _ = txn.of_person(self.cadre.id);
        txn.record(ChangeKind::Updated, "cadre", self.cadre.code.to_string()).await?;
        Ok(self.shown)
    }

    async fn view(_: &Access, cadre: AuthorizedCadre) -> CommandResult<Option<AuthorizedCadre>> {
        Ok(Some(cadre))
    }
}

async fn in_force(
    txn: &Txn,
    cadre: &cadre::Model,
    (duty, (first, end)): (&DutyCode, (Day, Day)),
) -> CommandResult<Vec<duty_exemption::Model>> {
    use duty_exemption::Column as Exemption;
    let rows = duty_exemption::Entity::find()
        .filter(Exemption::CadreId.eq(cadre.id))
        .filter(Exemption::DutyCode.eq(duty.clone()))
        .filter(Exemption::WithdrawnOn.is_null())
        .filter(Exemption::ValidFrom.lt(end))
        .filter(Exemption::ValidTo.is_null().or(Exemption::ValidTo.gt(first)))
        .order_by_asc(Exemption::ValidFrom);
    Ok(rows.all(txn.connection()).await?)
}
