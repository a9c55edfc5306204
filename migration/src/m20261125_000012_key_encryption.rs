//! Keys of the service are encrypted, and take turns.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [string_null("encryption_key_id"), timestamp_with_time_zone_null("signs_from")] {
            manager.alter_table(Table::alter().table("signing_key").add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    /// What is encrypted cannot be read by the version before, which makes new keys instead: tokens and cursors that
    /// are out end with the old ones.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let encrypted = "DELETE FROM signing_key WHERE encryption_key_id IS NOT NULL";
        manager.get_connection().execute_unprepared(encrypted).await?;
        for column in ["signs_from", "encryption_key_id"] {
            manager.alter_table(Table::alter().table("signing_key").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
