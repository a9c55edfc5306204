//! Documents that are registered for clients, and the documents that a grant allows.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::reference;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Existing grants allow all documents.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let document = Table::create()
            .table("client_document")
            .col(uuid("client_id"))
            .col(string("hash"))
            .col(string("body"))
            .col(string_null("name"))
            .col(timestamp_with_time_zone("added_at"))
            .col(timestamp_with_time_zone_null("ended_at"))
            .primary_key(Index::create().col("client_id").col("hash"))
            .foreign_key(&mut reference("client_document", ["client_id"], "client", ["id"]))
            .to_owned();
        manager.create_table(document).await?;
        let column = string("documents").default("ANY").to_owned();
        manager.alter_table(Table::alter().table("client_grant").add_column(column).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("client_grant").drop_column("documents").to_owned()).await?;
        manager.drop_table(Table::drop().table("client_document").to_owned()).await
    }
}
