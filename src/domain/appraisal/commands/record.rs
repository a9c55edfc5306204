//! Records a result.

use entity::{
    appraisal,
    value::{
        AppraisalId, AppraisalPeriod, AppraisalRating, AppraisalState, AppraisalSystem, Day, Scope, SealedPoints,
        SealedRating, UnitId,
    },
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{
    facts::{self, Period, Stated},
    subject::{Recorded, insert, lock_person, recorded, view},
};
use crate::{
    authz::{Access, AuthorizedCadre, Txn},
    domain::{
        command::{self, Command, CommandContext, Ready, Subject, validate},
        refusal::CommandResult,
    },
};

/// A result of a person (kết quả đánh giá, xếp loại). Each period has one result in each system.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "AppraisalRecordInput")]
pub struct Record {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Code of the person.
    pub cadre_code: String,
    /// System of appraisal.
    pub system: AppraisalSystem,
    /// Period that the result covers.
    pub period: AppraisalPeriod,
    /// Calendar year; for a term, the year in which it ends.
    pub year: i32,
    /// Number of the quarter (1 to 4) or month (1 to 12); omit it for a year and a term.
    pub number: Option<i32>,
    /// Code of the unit that rated the person: the unit of a post on the day of the decision, or a unit above it.
    pub unit_code: String,
    /// Points, 0 to 100 with at most two decimals; only if an instrument with a scale was in force on the day.
    pub points: Option<f64>,
    /// Result of the appraisal (mức xếp loại).
    pub result: AppraisalRating,
    /// Day of the decision, today at the latest.
    pub decided_on: Day,
    /// Number of its document.
    pub document_no: Option<String>,
}

impl Command for Record {
    const NAME: &'static str = "appraisal.record";
    const SCOPE: Scope = Scope::AppraisalWrite;
    const PAYLOAD: &'static str = "AppraisalRecordPayload";
    type Subject = NewAppraisal;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> &Self {
        self
    }

    /// Locks the person: two results of a period wait for each other.
    async fn apply(&self, context: &mut CommandContext<'_, NewAppraisal>) -> CommandResult<appraisal::Model> {
        let (access, txn, NewAppraisal { id, person, unit }) = (context.access, &context.txn, &context.subject);
        let period = Period::of(self.period, self.year, self.number)?;
        let stated = Stated {
            category: person.card().category,
            system: self.system,
            period,
            unit: *unit,
            points: facts::points_of(self.points)?,
            result: self.result,
            decided_on: period.ensure_decided(self.decided_on, access.today())?,
        };
        let document_no = validate::number_if("documentNo", self.document_no.as_deref())?;
        lock_person(txn, person.id()).await?;
        let posts = facts::posts_of(txn.connection(), person.id()).await?;
        stated.ensure_valid(access, (person, &posts))?;

        let row = appraisal::Model {
            id: *id,
            cadre_id: person.id(),
            category: stated.category,
            system: stated.system,
            period: period.period,
            year: period.year,
            number: period.number,
            unit_id: stated.unit,
            points: stated.points.map(SealedPoints::seal),
            result: SealedRating::seal(stated.result),
            decided_on: stated.decided_on,
            document_no,
            state: AppraisalState::Current,
            superseded_by: None,
            ended_on: None,
            reason: None,
            version: 1,
        };
        ensure_new(txn, &row).await?;
        insert(txn, &row).await?;
        Ok(row)
    }
}

/// Checks that the period of the person, who is locked, has no current result.
async fn ensure_new(txn: &Txn, row: &appraisal::Model) -> CommandResult<()> {
    let present = appraisal::Entity::find()
        .filter(appraisal::Column::CadreId.eq(row.cadre_id))
        .filter(appraisal::Column::System.eq(row.system))
        .filter(appraisal::Column::Period.eq(row.period))
        .filter(appraisal::Column::Year.eq(row.year))
        .filter(appraisal::Column::Number.eq(row.number))
        .filter(appraisal::Column::State.eq(AppraisalState::Current))
        .one(txn.connection())
        .await?;
    if present.is_some() { Err(facts::already(row).into()) } else { Ok(()) }
}

/// An appraisal that is about to be written.
#[derive(Debug)]
pub struct NewAppraisal {
    id: AppraisalId,
    person: AuthorizedCadre,
    unit: UnitId,
}

impl Subject for NewAppraisal {
    type Target<'a> = &'a Record;
    type Found = (AuthorizedCadre, UnitId);
    type Prepared = Self;
    type Effect = appraisal::Model;
    type Written = appraisal::Model;
    type View = Recorded;

    async fn find(access: &Access, input: Self::Target<'_>) -> CommandResult<(AuthorizedCadre, UnitId)> {
        // The response shows the result, so its rights are checked before anything is written.
        access.ensure_may_open(Scope::AppraisalRead, "Mutation.appraisalRecord")?;
        let person = command::person(access, "cadreCode", &input.cadre_code).await?;
        Ok((person, command::within_reach(access, "unitCode", &input.unit_code)?))
    }

    async fn prepare(
        _: &Access,
        _: Self::Target<'_>,
        (person, unit): (AuthorizedCadre, UnitId),
    ) -> CommandResult<Ready<Self>> {
        let id = AppraisalId::new();
        Ok(Ready { object: id.to_string(), units: vec![unit], detail: None, prepared: Self { id, person, unit } })
    }

    async fn replay(access: &Access, object: &str, _: (Self::Target<'_>, Self)) -> CommandResult<Recorded> {
        recorded(access, object).await
    }

    async fn lock(_: &Access, _: &Txn, (_, prepared): (Self::Target<'_>, Self)) -> CommandResult<Self> {
        Ok(prepared)
    }

    async fn write(self, txn: &Txn, row: appraisal::Model) -> CommandResult<appraisal::Model> {
        txn.record_change(crate::authz::Change::of_appraisal(&row)).await?;
        Ok(row)
    }

    async fn view(access: &Access, row: appraisal::Model) -> CommandResult<Option<Recorded>> {
        view(access, row.id).await
    }
}
