//! Computes the data that is lost if migrations are rolled back.

use std::collections::BTreeMap;

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database as SeaOrm, DatabaseConnection, DbErr,
    sea_query::{Alias, Expr, ExprTrait, Query},
};
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

use super::Database;

/// The effects of a rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// Migrations to roll back, newest first.
    pub migrations: Vec<String>,
    /// The lost data.
    pub losses: Vec<Loss>,
}

/// A dropped table, or a dropped column of a remaining table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// Name of the table.
    pub table: String,
    /// Name of the column; `None` if the whole table is dropped.
    pub column: Option<String>,
    /// Rows of the table, or rows that have a value in the column.
    pub rows: u64,
}

/// The columns of each table.
type Schema = BTreeMap<String, Vec<String>>;

impl Database {
    /// Computes the effects of rolling back the newest migrations, without changing the database.
    ///
    /// The migrations run forwards and back in a scratch database; tables and columns that are missing afterwards are
    /// lost.
    pub async fn rollback(&self, steps: u32) -> Result<Rollback, DbErr> {
        let known: Vec<String> =
            Migrator::get_migration_files().iter().map(|migration| migration.name().to_owned()).collect();
        let applied = self.applied_migrations().await?;
        let applied: Vec<String> = known.into_iter().filter(|name| applied.contains(name)).collect();
        let (before, after) = schemas(applied.len(), steps).with_subscriber(NoSubscriber::new()).await?;
        let mut losses = Vec::new();
        for (table, columns) in &before {
            let Some(rest) = after.get(table) else {
                losses.push(self.loss(table, None).await?);
                continue;
            };
            for column in columns.iter().filter(|column| !rest.contains(column)) {
                losses.push(self.loss(table, Some(column)).await?);
            }
        }
        Ok(Rollback { migrations: applied.into_iter().rev().take(steps as usize).collect(), losses })
    }

    async fn loss(&self, table: &str, column: Option<&str>) -> Result<Loss, DbErr> {
        let counted = match column {
            None => Expr::cust("*").count(),
            Some(column) => Expr::col(Alias::new(column)).count(),
        };
        let select = Query::select().expr(counted).from(Alias::new(table)).take();
        let row = self.write.query_one(&select).await?;
        let rows: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        Ok(Loss {
            table: table.to_owned(),
            column: column.map(str::to_owned),
            rows: rows.try_into().unwrap_or_default(),
        })
    }
}

/// The schema after `applied` migrations, and after rolling back `steps` of them.
async fn schemas(applied: usize, steps: u32) -> Result<(Schema, Schema), DbErr> {
    let applied = u32::try_from(applied).unwrap_or(u32::MAX);
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1).sqlx_logging(false);
    let scratch = SeaOrm::connect(options).await?;
    Migrator::up(&scratch, Some(applied)).await?;
    let before = schema(&scratch).await?;
    Migrator::down(&scratch, Some(steps)).await?;
    let after = schema(&scratch).await?;
    scratch.close().await?;
    Ok((before, after))
}

async fn schema(scratch: &DatabaseConnection) -> Result<Schema, DbErr> {
    let select = "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c \
                  WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> 'seaql_migrations'";
    let rows = scratch.query_all_raw(sea_orm::Statement::from_string(scratch.get_database_backend(), select)).await?;
    let mut schema = Schema::new();
    for row in rows {
        schema.entry(row.try_get_by_index(0)?).or_default().push(row.try_get_by_index(1)?);
    }
    Ok(schema)
}
