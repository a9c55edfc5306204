//! The administrator whose limits apply to a client, and an index that finds a secret by its hash.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Existing clients belong to the operator.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = uuid_null("administrator_id");
        manager.alter_table(Table::alter().table("client").add_column(column).to_owned()).await?;
        index(manager, "client_secret", ["hash"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = Index::drop().name("client_secret_hash_idx").table("client_secret").to_owned();
        manager.drop_index(drop).await?;
        manager.alter_table(Table::alter().table("client").drop_column("administrator_id").to_owned()).await
    }
}
