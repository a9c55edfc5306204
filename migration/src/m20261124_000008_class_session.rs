//! Sessions of classes.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{drop_all, reference};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let session = Table::create()
            .table("class_session")
            .col(uuid("class_id"))
            .col(date("on_day"))
            .primary_key(Index::create().col("class_id").col("on_day"))
            .foreign_key(&mut reference("class_session", ["class_id"], "training_class", ["id"]))
            .to_owned();
        manager.create_table(session).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["class_session"]).await
    }
}
