//! Search index: words of names by unit.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{
    column::{code, drop_all, kept_by},
    wall::{raise, reaches},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut word = Table::create();
        word.table("cadre_word").col(uuid("unit_id")).col(code(manager, "words").not_null()).col(uuid("cadre_id"));
        manager.create_table(kept_by(manager, word, ["unit_id", "words", "cadre_id"])).await?;
        // A search queries units within reach only, so a row is visible by its unit.
        raise(manager, "cadre_word", &reaches("unit_id")).await?;
        // Without persons the projection is complete. Otherwise the program builds it, because only the program knows
        // its format.
        let made = "INSERT INTO read_model (name, version) SELECT 'word', 1 WHERE NOT EXISTS (SELECT 1 FROM cadre)";
        manager.get_connection().execute_unprepared(made).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["cadre_word"]).await?;
        manager.get_connection().execute_unprepared("DELETE FROM read_model WHERE name = 'word'").await.map(drop)
    }
}
