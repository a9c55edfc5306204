//! Statistics of the commands in the change log, for PostgreSQL.
//!
//! An import writes thousands of changes under one command, so the sampled number of commands is far too low. PostgreSQL
//! then expects thousands of changes for each command, and reads the whole table for the changes of one.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// A command usually writes one to five changes: the number of commands is a fifth of the number of rows.
const COMMANDS_PER_ROW: &str = "SET (n_distinct = -0.2)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        alter(manager, COMMANDS_PER_ROW).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        alter(manager, "RESET (n_distinct)").await
    }
}

/// Changes the setting, which takes effect when the table is analysed.
async fn alter(manager: &SchemaManager<'_>, setting: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(());
    }
    let statement = format!("ALTER TABLE change ALTER COLUMN audit_seq {setting}; ANALYZE change");
    manager.get_connection().execute_unprepared(&statement).await.map(drop)
}
