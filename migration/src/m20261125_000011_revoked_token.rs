//! Access tokens that were revoked before their expiry.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{drop_all, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let revoked = Table::create()
            .table("revoked_token")
            .col(string("jti").primary_key())
            .col(timestamp_with_time_zone("expires_at"))
            .to_owned();
        manager.create_table(revoked).await?;
        index(manager, "revoked_token", ["expires_at"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["revoked_token"]).await
    }
}
