//! The branch of each page key, and an index by branch.

use sea_orm_migration::{prelude::*, schema::*};

use crate::{
    column::{code, drop_all, kept_by},
    m20261129_000018_level_count as level_count,
    wall::{raise, reaches},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Keys are a projection, so the table is created again and the program fills it. Meanwhile a running version
    /// without branches falls back to counting.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        unmake(manager).await?;
        let mut of_cadre = Table::create();
        of_cadre
            .table("cadre_key")
            .col(uuid("unit_id"))
            .col(code(manager, "subject_code").not_null())
            .col(small_integer("rank"))
            .col(uuid("branch_id"))
            .col(blob("sort_key"))
            .col(uuid("cadre_id"))
            .col(date("from_on"))
            .col(date_null("until_on"));
        let key = ["unit_id", "subject_code", "rank", "cadre_id", "from_on"];
        manager.create_table(kept_by(manager, of_cadre, key)).await?;
        // A covering index for pages, so that skipped entries need no access to the table.
        let order = ["subject_code", "rank", "sort_key", "cadre_id", "unit_id", "from_on", "until_on"];
        for (name, first) in [("cadre_key_order_idx", None), ("cadre_key_branch_idx", Some("branch_id"))] {
            let mut index = Index::create();
            index.name(name).table("cadre_key");
            first.into_iter().chain(order).for_each(|column| {
                index.col(column);
            });
            manager.create_index(index).await?;
        }
        raise(manager, "cadre_key", &reaches("unit_id")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        unmake(manager).await?;
        level_count::keys(manager).await
    }
}

/// Drops the table, and marks counts and keys as not built.
async fn unmake(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    drop_all(manager, ["cadre_key"]).await?;
    manager.get_connection().execute_unprepared("UPDATE level_count_head SET version = 0").await.map(drop)
}
