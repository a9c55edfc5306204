//! The audit log and the change log.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{drop_all, index, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let audit = Table::create()
            .table("audit_entry")
            .col(big_pk_auto("seq"))
            .col(timestamp_with_time_zone("at"))
            .col(string("actor"))
            .col(string("act"))
            .col(string_null("object"))
            .col(string_null("detail"))
            .to_owned();
        manager.create_table(audit).await?;

        let change = Table::create()
            .table("change")
            .col(big_pk_auto("seq"))
            .col(big_integer("audit_seq"))
            .col(string("kind"))
            .col(string("object_type"))
            .col(string("object"))
            .foreign_key(&mut reference("change", ["audit_seq"], "audit_entry", ["seq"]))
            .to_owned();
        manager.create_table(change).await?;
        index(manager, "change", ["audit_seq"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["audit_entry", "change"]).await
    }
}
