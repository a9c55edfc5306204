//! Revokes a client.

use async_graphql::ID;
use entity::value::Scope;

use super::subject::{Client, Target};
use crate::domain::{
    client::{REVOKE, end},
    command::{Command, CommandContext},
    refusal::CommandResult,
};

/// Revokes a client (thu hồi hệ thống kết nối).
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
#[graphql(name = "ClientRevokeInput")]
pub struct Revoke {
    /// Idempotency key, 1 to 200 characters. A request repeated with the same key is executed once.
    pub idempotency_key: String,
    /// Id of the client.
    pub client_id: ID,
    /// Version that you read last; the command is rejected if the client has changed since.
    pub expected_version: Option<i32>,
}

impl Command for Revoke {
    const NAME: &'static str = REVOKE;
    const SCOPE: Scope = Scope::ClientsAdmin;
    const PAYLOAD: &'static str = "ClientRevokePayload";
    type Subject = Client;

    fn idempotency_key(&self) -> &str {
        &self.idempotency_key
    }

    fn target(&self) -> Target<'_> {
        Target::of(&self.client_id, self.expected_version)
    }

    /// All nodes reject the tokens of the client within 5 seconds.
    async fn apply(&self, context: &mut CommandContext<'_, Client>) -> CommandResult<Option<String>> {
        end(&context.txn, context.subject.id).await?;
        Ok(None)
    }
}
