//! The request of an X-Road security server, in entries of the access log.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The new columns. They are null in older entries, whose content in the chain therefore does not change.
const COLUMNS: [&str; 4] = ["gateway_client", "gateway_request", "gateway_user", "gateway_issue"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            let added = Table::alter().table("access_entry").add_column(string_null(column)).to_owned();
            manager.alter_table(added).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS.into_iter().rev() {
            manager.alter_table(Table::alter().table("access_entry").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
