//! Renames tables after their contents: the keys of repeated requests, and the projections.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Old and new names of tables. Row security, triggers and foreign keys remain with the renamed table.
const TABLES: [(&str, &str); 7] = [
    ("answered", "idempotency_key"),
    ("cadre_card", "cadre_snapshot"),
    ("cadre_key", "level_index"),
    ("cadre_word", "name_index"),
    ("level_count", "headcount"),
    ("level_count_head", "headcount_state"),
    ("read_model", "projection"),
];

/// Names of projections in the table of their format versions.
const PROJECTIONS: [(&str, &str); 2] = [("card", "cadre_snapshot"), ("word", "name_index")];

/// Columns of the index that gives pages in the order of names.
const ORDER: [&str; 7] = ["subject_code", "rank", "sort_key", "cadre_id", "unit_id", "from_on", "until_on"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (old, new) in TABLES {
            manager.rename_table(Table::rename().table(old, new).to_owned()).await?;
        }
        rename_column(manager, "headcount_state", ("folded_on", "base_on")).await?;
        for (old, new) in PROJECTIONS {
            rename_projection(manager, (old, new)).await?;
        }
        indexes(manager, ("cadre_key", "level_index"), ("level_count", "headcount")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (old, new) in PROJECTIONS {
            rename_projection(manager, (new, old)).await?;
        }
        rename_column(manager, "headcount_state", ("base_on", "folded_on")).await?;
        for (old, new) in TABLES {
            manager.rename_table(Table::rename().table(new, old).to_owned()).await?;
        }
        indexes(manager, ("level_index", "cadre_key"), ("headcount", "level_count")).await
    }
}

async fn rename_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    (old, new): (&'static str, &'static str),
) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).rename_column(old, new).to_owned()).await
}

async fn rename_projection(manager: &SchemaManager<'_>, (old, new): (&str, &str)) -> Result<(), DbErr> {
    let table = if manager.has_table("projection").await? { "projection" } else { "read_model" };
    let rename = format!("UPDATE {table} SET name = '{new}' WHERE name = '{old}'");
    manager.get_connection().execute_unprepared(&rename).await.map(drop)
}

/// Names the indexes after their tables. SQLite cannot rename an index, so it creates them again.
async fn indexes(
    manager: &SchemaManager<'_>,
    (old_keys, keys): (&'static str, &'static str),
    (old_counts, counts): (&'static str, &'static str),
) -> Result<(), DbErr> {
    let names = [
        (format!("{old_keys}_order_idx"), format!("{keys}_order_idx")),
        (format!("{old_keys}_branch_idx"), format!("{keys}_branch_idx")),
        (format!("{old_counts}_coming_idx"), format!("{counts}_coming_idx")),
    ];
    if manager.get_database_backend() == DatabaseBackend::Postgres {
        for (old, new) in names {
            let rename = format!("ALTER INDEX {old} RENAME TO {new}");
            manager.get_connection().execute_unprepared(&rename).await?;
        }
        return Ok(());
    }
    for (old, _) in &names {
        manager.get_connection().execute_unprepared(&format!("DROP INDEX {old}")).await?;
    }
    let [(_, order), (_, branch), (_, coming)] = names;
    for (name, first) in [(order, None), (branch, Some("branch_id"))] {
        let mut index = Index::create();
        index.name(name).table(keys);
        first.into_iter().chain(ORDER).for_each(|column| {
            index.col(column);
        });
        manager.create_index(index).await?;
    }
    let mut of_day = Index::create();
    of_day.name(coming).table(counts).col("day").and_where(Expr::cust("day > '1800-01-01'"));
    manager.create_index(of_day).await
}
