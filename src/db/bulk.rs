//! Bulk writes into one table, with the fastest statements of each database. Imports and read models write all their
//! rows here.
//!
//! PostgreSQL gets an array for each column: one statement text regardless of the number of rows, planned once. `COPY`
//! is not an option: it refuses tables with forced row security. SQLite gets rows of parameters, in statements of few
//! distinct lengths.

mod staging;
mod table;

pub use staging::{Indexes, StagingTable};

use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, EntityTrait};

use table::{RowOperation, Table, quoted};

/// Cache size for bulk writes. Names and units arrive in no index order: with SQLite's default cache of 2 MB a large
/// import would write and reread each page about twenty times. At most 32 MiB; small imports use less.
const WIDE_CACHE: &str = "PRAGMA cache_size = -32768";
/// Cache size while sorting: pages are written in order, and SQLite uses the same amount of memory again for the sort.
const SORTING_CACHE: &str = "PRAGMA cache_size = -8192";
/// SQLite's default cache size.
const DEFAULT_CACHE: &str = "PRAGMA cache_size = -2000";

/// Maximum number of rows in one statement; more do not make it faster.
const ROWS: usize = 1_000;

/// Maximum number of parameters in one SQLite statement.
const PARAMETERS: usize = 32_766;

/// Prepares a transaction for millions of rows: lifts its time limits and raises its memory limits.
pub async fn enlarge_cache(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    let settings = match txn.get_database_backend() {
        DatabaseBackend::Postgres => {
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL work_mem = '64MB'"
        }
        _ => WIDE_CACHE,
    };
    txn.execute_unprepared(settings).await.map(drop)
}

/// Number of new rows from which a table is analysed again.
pub const MANY: u64 = 1_000;

/// Runs `ANALYZE` on PostgreSQL, so that it plans with the new rows. Autovacuum does so only minutes after the commit.
/// Skips tables that are locked or that the role does not own. SQLite needs no statistics here.
pub async fn analyze<E: EntityTrait>(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    match txn.get_database_backend() {
        DatabaseBackend::Postgres => {
            let statement = format!("ANALYZE (SKIP_LOCKED) {}", quoted(E::default().as_str()));
            txn.execute_unprepared(&statement).await.map(drop)
        }
        _ => Ok(()),
    }
}

/// Lowers SQLite's memory for sorting, which equals its cache size.
pub async fn lower_sort_memory(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    cache(txn, SORTING_CACHE).await
}

/// Resets the settings that would remain after the transaction. Called inside it, right before the commit: later,
/// another transaction might use the connection, and waiting for it could fail after the commit.
pub async fn restore_cache(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    cache(txn, DEFAULT_CACHE).await
}

async fn cache(txn: &DatabaseTransaction, pragma: &str) -> Result<(), DbErr> {
    match txn.get_database_backend() {
        DatabaseBackend::Postgres => Ok(()),
        _ => txn.execute_unprepared(pragma).await.map(drop),
    }
}

/// Inserts any number of rows in their order; the iterator is consumed while writing. A column that is not set in the
/// first row takes its default in all rows.
///
/// # Errors
/// Errors of the database, and `AttrNotSet` for a row that lacks a column that the first one sets.
pub async fn insert<A: ActiveModelTrait>(
    txn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = A>,
) -> Result<(), DbErr> {
    write(txn, rows, RowOperation::Insert, None).await
}

/// Inserts rows in their order; a row replaces the stored one with its primary key. Keys must be unique among the rows.
///
/// # Errors
/// As `insert`.
pub async fn replace<A: ActiveModelTrait>(
    txn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = A>,
) -> Result<(), DbErr> {
    write(txn, rows, RowOperation::Replace, None).await
}

/// Inserts rows in their order; if the primary key exists, the other columns are added to the stored row. Keys must be
/// unique among the rows.
///
/// # Errors
/// As `insert`.
pub async fn add<A: ActiveModelTrait>(
    txn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = A>,
) -> Result<(), DbErr> {
    write(txn, rows, RowOperation::Add, None).await
}

/// Deletes the rows that equal one of these in all columns that are set; none of these may be null.
///
/// # Errors
/// As `insert`.
pub async fn delete<A: ActiveModelTrait>(
    txn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = A>,
) -> Result<(), DbErr> {
    write(txn, rows, RowOperation::Delete, None).await
}

/// Writes rows into their table, or into another table with the same columns.
async fn write<A: ActiveModelTrait>(
    txn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = A>,
    operation: RowOperation,
    into: Option<&str>,
) -> Result<(), DbErr> {
    let mut rows = rows.into_iter();
    let Some(first) = rows.next() else { return Ok(()) };
    let table = Table::of(&first, into);
    let backend = txn.get_database_backend();
    let most = match backend {
        DatabaseBackend::Postgres => ROWS,
        _ => ROWS.min(PARAMETERS / table.width().max(1)),
    };
    let mut next = Some(first);
    while next.is_some() {
        let mut chunk: Vec<A> = next.take().into_iter().chain(rows.by_ref().take(most - 1)).collect();
        while !chunk.is_empty() {
            let rest = chunk.split_off(length(backend, chunk.len(), most));
            txn.execute_raw(table.statement(backend, operation, chunk)?).await?;
            chunk = rest;
        }
        next = rows.next();
    }
    Ok(())
}

/// Number of rows in the next statement. On SQLite each number of rows is a statement text that is prepared and cached,
/// so only few numbers are used.
fn length(backend: DatabaseBackend, rows: usize, most: usize) -> usize {
    match backend {
        DatabaseBackend::Postgres => rows,
        _ if rows == most => rows,
        _ => 1 << rows.ilog2(),
    }
}
