//! Issues a new secret to a client.

use async_graphql::ID;
use chrono::TimeDelta;
use entity::value::Scope;

use super::subject::{Client, Target};
use crate::{
    auth::secret::Secret,
    domain::{
        client::secret::{ROTATE_SECRET, renew},
        command::{Command, CommandContext},
        refusal::CommandResult,
    },
};

/// Issues a new secret to a client (cấp lại mã bí mật).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientRotateSecretInput")]
pub struct RotateSecret {
    /// Idempotency key, 1 to 200 characters. A request repeated with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the client.
    pub client_id: ID,
    /// Version that you read last; the command is rejected if the client has changed since.
    pub expected_version: Option<i32>,
    /// Hours for which the old secret stays valid, 0 to 720; if absent, it ends at once.
    pub overlap_hours: Option<i32>,
}

impl RotateSecret {
    fn hours(&self) -> i32 {
        self.overlap_hours.unwrap_or(0)
    }
}

impl Command for RotateSecret {
    const NAME: &'static str = ROTATE_SECRET;
    const SCOPE: Scope = Scope::ClientsAdmin;
    const PAYLOAD: &'static str = "ClientRotateSecretPayload";
    type Subject = Client;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.client_id, self.expected_version).with_overlap(self.hours())
    }

    async fn apply(&self, context: &mut CommandContext<'_, Client>) -> CommandResult<Option<String>> {
        let secret = Secret::draw()?;
        renew(&context.txn, context.subject.id, &secret, TimeDelta::hours(i64::from(self.hours()))).await?;
        Ok(Some(secret.into_text()))
    }
}
