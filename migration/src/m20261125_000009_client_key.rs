//! Public keys of clients, and used assertions.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{drop_all, index, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let key = Table::create()
            .table("client_key")
            .col(uuid("client_id"))
            .col(string("kid"))
            .col(string("algorithm"))
            .col(blob("public_key"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("revoked_at"))
            .primary_key(Index::create().col("client_id").col("kid"))
            .foreign_key(&mut reference("client_key", ["client_id"], "client", ["id"]))
            .to_owned();
        manager.create_table(key).await?;

        let used = Table::create()
            .table("assertion_use")
            .col(uuid("client_id"))
            .col(string("jti_hash"))
            .col(timestamp_with_time_zone("expires_at"))
            .primary_key(Index::create().col("client_id").col("jti_hash"))
            .foreign_key(&mut reference("assertion_use", ["client_id"], "client", ["id"]))
            .to_owned();
        manager.create_table(used).await?;
        index(manager, "assertion_use", ["expires_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["client_key", "assertion_use"]).await
    }
}
