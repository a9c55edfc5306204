//! Many rows of one table at once, in the way that each database takes them fastest. Imports and read models write all
//! their rows here.
//!
//! PostgreSQL gets an array for each column: one statement text whatever the number of rows, planned once. Its `COPY`
//! would be no way: it refuses tables that row security closes to their owner. SQLite gets rows of parameters, in
//! statements of few lengths.

mod staging;
mod table;

pub use staging::{Indexes, StagingTable};

use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, EntityTrait};

use table::{Table, quoted};

/// Names and units come in no order of their indexes. With SQLite's usual 2 MB of pages a large import would write and
/// read back each page some twenty times. 32 MiB is the most that it takes, small imports take less.
const WIDE_CACHE: &str = "PRAGMA cache_size = -32768";
/// While much is sorted: pages come in order, and SQLite sorts in as much memory again.
const SORTING_CACHE: &str = "PRAGMA cache_size = -8192";
/// What SQLite starts with.
const USUAL_CACHE: &str = "PRAGMA cache_size = -2000";

/// Most rows in one statement: beyond it a statement only grows.
const ROWS: usize = 1_000;

/// Most parameters of one statement on SQLite.
const PARAMETERS: usize = 32_766;

/// Makes a transaction fit for millions of rows: it may take its time, and as much memory as that takes.
pub async fn enlarge_cache(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    let settings = match txn.get_database_backend() {
        DatabaseBackend::Postgres => {
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL work_mem = '64MB'"
        }
        _ => WIDE_CACHE,
    };
    txn.execute_unprepared(settings).await.map(drop)
}

/// As many new rows change how a table is best read.
pub const MANY: u64 = 1_000;

/// Has PostgreSQL look at what a table holds now, so that it plans by that. By itself it does so minutes after the commit,
/// and plans as for a table of unknown rows until then. A table that another is at, or that the role does not own, is
/// left to it. SQLite plans by its indexes alone.
pub async fn analyze<E: EntityTrait>(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    match txn.get_database_backend() {
        DatabaseBackend::Postgres => {
            let survey = format!("ANALYZE (SKIP_LOCKED) {}", quoted(E::default().as_str()));
            txn.execute_unprepared(&survey).await.map(drop)
        }
        _ => Ok(()),
    }
}

/// Sorts from here on in little memory: SQLite takes as much for it as its cache has.
pub async fn slim(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    cache(txn, SORTING_CACHE).await
}

/// Takes back what would outlive the transaction. Called inside it, right before its end: afterwards another one might
/// have the connection, and waiting for it could fail what is already committed.
pub async fn restore_cache(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    cache(txn, USUAL_CACHE).await
}

async fn cache(txn: &DatabaseTransaction, pragma: &str) -> Result<(), DbErr> {
    match txn.get_database_backend() {
        DatabaseBackend::Postgres => Ok(()),
        _ => txn.execute_unprepared(pragma).await.map(drop),
    }
}

/// What is done with each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It is new.
    Insert,
    /// It is new, or takes the place of the one with its key.
    Replace,
    /// It is new, or its numbers are added to those of the one with its key.
    Add,
    /// What has its values goes.
    Delete,
}

/// Inserts rows of a table in their order, however many there are; they are taken as they are written. A column that the
/// first row leaves out is left to its default in all of them.
///
/// # Errors
/// What the database refuses, and `AttrNotSet` for a row that lacks what the first one sets.
pub async fn insert<A: ActiveModelTrait>(
    txn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = A>,
) -> Result<(), DbErr> {
    write(txn, rows, Way::Insert, None).await
}

/// Inserts rows in their order; one with the primary key of a row that is there takes its place. No two of them have the
/// same key.
///
/// # Errors
/// As `insert`.
pub async fn replace<A: ActiveModelTrait>(
    txn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = A>,
) -> Result<(), DbErr> {
    write(txn, rows, Way::Replace, None).await
}

/// Inserts rows in their order; where a row with the primary key is there, what stands beside the key is added to it. No
/// two of them have the same key.
///
/// # Errors
/// As `insert`.
pub async fn add<A: ActiveModelTrait>(
    txn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = A>,
) -> Result<(), DbErr> {
    write(txn, rows, Way::Add, None).await
}

/// Deletes the rows that have all that is set in one of these; nothing of it may be null.
///
/// # Errors
/// As `insert`.
pub async fn delete<A: ActiveModelTrait>(
    txn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = A>,
) -> Result<(), DbErr> {
    write(txn, rows, Way::Delete, None).await
}

/// Writes rows into their table, or into one of another name that has its columns.
async fn write<A: ActiveModelTrait>(
    txn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = A>,
    way: Way,
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
            txn.execute_raw(table.statement(backend, way, chunk)?).await?;
            chunk = rest;
        }
        next = rows.next();
    }
    Ok(())
}

/// How many of some rows go into one statement. On SQLite each number of rows has a text of its own, which is prepared and
/// remembered: so there are few numbers.
fn length(backend: DatabaseBackend, rows: usize, most: usize) -> usize {
    match backend {
        DatabaseBackend::Postgres => rows,
        _ if rows == most => rows,
        _ => 1 << rows.ilog2(),
    }
}
