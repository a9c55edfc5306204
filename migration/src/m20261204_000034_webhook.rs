//! Webhooks: the endpoint of a client to which the service announces that the change feed may have changes.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{drop_all, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let webhook = Table::create()
            .table("webhook")
            .col(uuid("client_id").primary_key())
            .col(string("url"))
            .col(blob("secret"))
            .col(blob_null("previous_secret"))
            .col(timestamp_with_time_zone_null("previous_secret_until"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("disabled_at"))
            .col(big_integer("announced_position"))
            .col(uuid_null("pending_id"))
            .col(timestamp_with_time_zone_null("pending_since"))
            .col(big_integer_null("pending_position"))
            .col(integer("failures"))
            .col(timestamp_with_time_zone_null("failing_since"))
            .col(timestamp_with_time_zone("next_attempt_at"))
            .col(timestamp_with_time_zone_null("last_success_at"))
            .col(timestamp_with_time_zone_null("last_failure_at"))
            .col(string_null("last_failure"))
            .col(integer("version"))
            .foreign_key(&mut reference("webhook", ["client_id"], "client", ["id"]))
            .to_owned();
        manager.create_table(webhook).await
    }

    /// The signing key of webhooks goes too: older versions do not know its purpose and could not read the keys.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["webhook"]).await?;
        manager.get_connection().execute_unprepared("DELETE FROM signing_key WHERE purpose = 'WEBHOOK'").await?;
        Ok(())
    }
}
