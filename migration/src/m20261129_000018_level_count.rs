//! Counts of people by unit and highest level, and page keys: the projections for compositions, totals and lists.

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
        counts(manager).await?;
        keys(manager).await?;

        let head = Table::create()
            .table("level_count_head")
            .col(integer("id").primary_key())
            .col(integer("version"))
            .col(date_null("folded_on"))
            .col(big_integer("list_change"))
            .to_owned();
        manager.create_table(head).await?;
        // The program builds them, because only the program knows their format.
        let unmade = Query::insert()
            .into_table("level_count_head")
            .columns(["id", "version", "list_change"])
            .values_panic([1.into(), 0.into(), 0.into()])
            .to_owned();
        manager.execute(unmade).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_all(manager, ["level_count", "cadre_key", "level_count_head"]).await
    }
}

/// The tables have no foreign keys: a projection contains only rows of its sources, and millions are written at once.
async fn counts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut count = Table::create();
    count
        .table("level_count")
        .col(code(manager, "scope").not_null())
        .col(uuid("unit_id"))
        .col(boolean("key_leaders"))
        .col(code(manager, "subject_code").not_null())
        .col(small_integer("rank"))
        .col(date("day"))
        .col(integer("people"));
    let key = ["scope", "unit_id", "key_leaders", "subject_code", "rank", "day"];
    manager.create_table(kept_by(manager, count, key)).await?;
    let mut coming = Index::create();
    coming.name("level_count_coming_idx").table("level_count").col("day").and_where(Expr::cust("day > '1800-01-01'"));
    manager.create_index(coming).await?;
    // A caller that reaches a unit reaches its subtree. If the tree of another day excludes a part of the subtree, only
    // the program enforces this.
    raise(manager, "level_count", &reaches("unit_id")).await
}

pub async fn keys(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut of_cadre = Table::create();
    of_cadre
        .table("cadre_key")
        .col(uuid("unit_id"))
        .col(code(manager, "subject_code").not_null())
        .col(small_integer("rank"))
        .col(blob("sort_key"))
        .col(uuid("cadre_id"))
        .col(date("from_on"))
        .col(date_null("until_on"));
    let key = ["unit_id", "subject_code", "rank", "cadre_id", "from_on"];
    manager.create_table(kept_by(manager, of_cadre, key)).await?;
    // A covering index for pages, so that skipped entries need no access to the table.
    let mut order = Index::create();
    order.name("cadre_key_order_idx").table("cadre_key");
    for column in ["subject_code", "rank", "sort_key", "cadre_id", "unit_id", "from_on", "until_on"] {
        order.col(column);
    }
    manager.create_index(order).await?;
    // A list queries units within reach only, so a row is visible by its unit, without a look-up of the person.
    raise(manager, "cadre_key", &reaches("unit_id")).await
}
