//! Index of titles: the posts of persons with their highest levels, by which gaps are counted.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{
    column::{code, drop_all, kept_by},
    wall::{raise, reaches},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// The program fills the table at its next start, because only the program knows the format of the levels. Until then
    /// people are counted.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut index = Table::create();
        index
            .table("title_index")
            .col(boolean("is_only"))
            .col(uuid("branch_id"))
            .col(date("until_on"))
            .col(uuid("unit_id"))
            .col(code(manager, "title_code").not_null())
            .col(uuid("cadre_id"))
            .col(date("from_on"))
            .col(big_integer("levels"));
        // All columns are in the key, so that a count reads the index only.
        let key = ["is_only", "branch_id", "until_on", "unit_id", "title_code", "cadre_id", "from_on", "levels"];
        manager.create_table(kept_by(manager, index, key)).await?;
        // A count reads units within reach only, so a row is visible by its unit.
        raise(manager, "title_index", &reaches("unit_id")).await?;
        unmake(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["title_index"]).await?;
        unmake(manager).await
    }
}

/// Marks counts and indexes as not built.
async fn unmake(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared("UPDATE headcount_state SET version = 0").await.map(drop)
}
