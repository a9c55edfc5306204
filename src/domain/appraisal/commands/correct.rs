//! Corrects a result: the old one stays and is superseded.

use async_graphql::ID;
use entity::{
    appraisal,
    value::{AppraisalRating, AppraisalState, Day, Scope, SealedPoints, SealedRating},
};

use super::{
    facts::{self, Period, Stated},
    subject::{Appraisal, Ended, Target, insert},
};
use crate::domain::{
    command::{Command, CommandContext, validate},
    refusal::CommandResult,
};

/// A correction of a result (đính chính): for the same person, system and period.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "AppraisalCorrectInput")]
pub struct Correct {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the current appraisal.
    pub appraisal_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// Code of the unit that rated the person; the recorded one if absent.
    pub unit_code: Option<String>,
    /// Points, 0 to 100 with at most two decimals; none if absent.
    pub points: Option<f64>,
    /// Result of the appraisal (mức xếp loại).
    pub result: AppraisalRating,
    /// Day of the decision, today at the latest.
    pub decided_on: Day,
    /// Number of its document.
    pub document_no: Option<String>,
    /// Reason of the correction, at most 2,000 characters.
    pub reason: String,
}

impl Command for Correct {
    const NAME: &'static str = "appraisal.correct";
    const SCOPE: Scope = Scope::AppraisalWrite;
    const PAYLOAD: &'static str = "AppraisalCorrectPayload";
    type Subject = Appraisal;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target {
            id: &self.appraisal_id,
            expected_version: self.expected_version,
            unit_code: self.unit_code.as_deref(),
            replaces: true,
        }
    }

    async fn apply(&self, context: &mut CommandContext<'_, Appraisal>) -> CommandResult<Ended> {
        let (access, txn, subject) = (context.access, &context.txn, &mut context.subject);
        let old = &subject.row;
        let period = Period { period: old.period, year: old.year, number: old.number };
        let stated = Stated {
            category: subject.person.card().category,
            system: old.system,
            period,
            unit: subject.unit.unwrap_or(old.unit_id),
            points: facts::points_of(self.points)?,
            result: self.result,
            decided_on: period.ensure_decided(self.decided_on, access.today())?,
        };
        let document_no = validate::number_if("documentNo", self.document_no.as_deref())?;
        let reason = validate::remark("reason", &self.reason)?;
        let posts = facts::posts_of(txn.connection(), old.cadre_id).await?;
        stated.ensure_valid(access, (&subject.person, &posts))?;

        let new = appraisal::Model {
            id: subject.next,
            category: stated.category,
            unit_id: stated.unit,
            points: stated.points.map(SealedPoints::seal),
            result: SealedRating::seal(stated.result),
            decided_on: stated.decided_on,
            document_no,
            version: 1,
            ..old.clone()
        };
        // In this order, the period never has two current results, and the new one exists before the old one names it.
        subject.end(txn, (AppraisalState::Superseded, access.today(), reason)).await?;
        insert(txn, &new).await?;
        subject.supersede(txn, new.id).await?;
        Ok(Ended { old: subject.row.clone(), new: Some(new) })
    }
}
