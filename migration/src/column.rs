//! Common column definitions.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

/// A text column that sorts by code point on both databases, so that pages in its order are equal.
pub fn code(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.string();
    if manager.get_database_backend() == DatabaseBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

/// A foreign key without cascades: a referenced row cannot be deleted.
pub fn reference<const N: usize>(
    table: &'static str,
    columns: [&'static str; N],
    to_table: &'static str,
    to: [&'static str; N],
) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.name(format!("{table}_{}_fkey", columns.join("_")));
    for (column, to_column) in columns.into_iter().zip(to) {
        key.from(table, column).to(to_table, to_column);
    }
    key
}

/// A table without rowid on SQLite (a clustered primary key), so that the key is not stored twice.
pub fn kept_by<const N: usize>(
    manager: &SchemaManager<'_>,
    mut table: TableCreateStatement,
    key: [&'static str; N],
) -> TableCreateStatement {
    let mut primary = Index::create();
    primary.primary();
    for column in key {
        primary.col(column);
    }
    table.primary_key(&mut primary);
    if manager.get_database_backend() == DatabaseBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    table
}

/// An index named after its table and columns.
pub async fn index<const N: usize>(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: [&'static str; N],
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index.name(format!("{table}_{}_idx", columns.join("_"))).table(table);
    for column in columns {
        index.col(column);
    }
    manager.create_index(index).await
}

/// A partial unique index over the rows that satisfy a condition.
pub async fn unique_while<const N: usize>(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &'static str,
    columns: [&'static str; N],
    condition: &'static str,
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index.name(format!("{table}_{name}_key")).table(table).unique().and_where(Expr::cust(condition));
    for column in columns {
        index.col(column);
    }
    manager.create_index(index).await
}

/// Drops tables in reverse order.
pub async fn drop_all<const N: usize>(manager: &SchemaManager<'_>, tables: [&'static str; N]) -> Result<(), DbErr> {
    for table in tables.into_iter().rev() {
        manager.drop_table(Table::drop().table(table).to_owned()).await?;
    }
    Ok(())
}
