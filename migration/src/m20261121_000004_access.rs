//! Clients, their grants, and the keys of the service.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{drop_all, index, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let client = Table::create()
            .table("client")
            .col(uuid("id").primary_key())
            .col(string_uniq("name"))
            .col(string("secret_hash"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone_null("revoked_at"))
            .to_owned();
        manager.create_table(client).await?;

        let grant = Table::create()
            .table("client_grant")
            .col(uuid("id").primary_key())
            .col(uuid("client_id"))
            .col(string("scopes"))
            .col(string("purposes"))
            .col(date_null("valid_from"))
            .col(date_null("valid_to"))
            .foreign_key(&mut reference("client_grant", ["client_id"], "client", ["id"]))
            .check(Expr::col("valid_from").lt(Expr::col("valid_to")))
            .to_owned();
        manager.create_table(grant).await?;
        index(manager, "client_grant", ["client_id"]).await?;

        let root = Table::create()
            .table("grant_unit")
            .col(uuid("grant_id"))
            .col(uuid("unit_id"))
            .primary_key(Index::create().col("grant_id").col("unit_id"))
            .foreign_key(&mut reference("grant_unit", ["grant_id"], "client_grant", ["id"]))
            .foreign_key(&mut reference("grant_unit", ["unit_id"], "unit", ["id"]))
            .to_owned();
        manager.create_table(root).await?;

        let key = Table::create()
            .table("signing_key")
            .col(string("kid").primary_key())
            .col(string("purpose"))
            .col(blob("material"))
            .col(timestamp_with_time_zone("created_at"))
            .to_owned();
        manager.create_table(key).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["client", "client_grant", "grant_unit", "signing_key"]).await
    }
}
