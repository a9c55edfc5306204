//! Annuls a result.

use async_graphql::ID;
use entity::value::{AppraisalState, Scope};

use super::subject::{Appraisal, Ended, Target};
use crate::domain::{
    command::{Command, CommandContext, validate},
    refusal::CommandResult,
};

/// An annulment of a result (hủy bỏ kết quả), Decree 233/2026/NĐ-CP, Art. 4(5). The period may then get another result.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "AppraisalAnnulInput")]
pub struct Annul {
    /// Idempotency key, 1 to 200 characters. A request that is sent again with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the current appraisal.
    pub appraisal_id: ID,
    /// The version that you read last; the command is rejected if the version has changed since.
    pub expected_version: Option<i32>,
    /// Reason of the annulment, at most 2,000 characters.
    pub reason: String,
}

impl Command for Annul {
    const NAME: &'static str = "appraisal.annul";
    const SCOPE: Scope = Scope::AppraisalWrite;
    const PAYLOAD: &'static str = "AppraisalAnnulPayload";
    type Subject = Appraisal;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target { id: &self.appraisal_id, expected_version: self.expected_version, unit_code: None, replaces: false }
    }

    async fn apply(&self, context: &mut CommandContext<'_, Appraisal>) -> CommandResult<Ended> {
        let reason = validate::remark("reason", &self.reason)?;
        let (access, txn, subject) = (context.access, &context.txn, &mut context.subject);
        subject.end(txn, (AppraisalState::Annulled, access.today(), reason)).await?;
        Ok(Ended { old: subject.row.clone(), new: None })
    }
}
