//! Encryption and rotation of the keys of the service.

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

    /// The previous version cannot read encrypted keys, and generates new ones instead: issued tokens and cursors
    /// become invalid.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let encrypted = "DELETE FROM signing_key WHERE encryption_key_id IS NOT NULL";
        manager.get_connection().execute_unprepared(encrypted).await?;
        for column in ["signs_from", "encryption_key_id"] {
            manager.alter_table(Table::alter().table("signing_key").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
