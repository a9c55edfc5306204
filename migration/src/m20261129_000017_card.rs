//! Cards: the data of a person that are usually read together, in one row; and format versions of the read models.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{
    column::{code, drop_all, reference},
    wall::{knows, raise},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let card = Table::create()
            .table("cadre_card")
            .col(uuid("cadre_id").primary_key())
            .col(code(manager, "code").not_null().unique_key())
            .col(boolean("has_rotations"))
            .col(blob("body"))
            .foreign_key(&mut reference("cadre_card", ["cadre_id"], "cadre", ["id"]))
            .to_owned();
        manager.create_table(card).await?;
        raise(manager, "cadre_card", &knows("cadre_card.cadre_id")).await?;

        let read_model =
            Table::create().table("read_model").col(string("name").primary_key()).col(integer("version")).to_owned();
        manager.create_table(read_model).await?;
        // Without persons the projection is complete. Otherwise the program builds it, because only the program knows
        // its format.
        let made = "INSERT INTO read_model (name, version) SELECT 'card', 1 WHERE NOT EXISTS (SELECT 1 FROM cadre)";
        manager.get_connection().execute_unprepared(made).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["cadre_card", "read_model"]).await
    }
}
