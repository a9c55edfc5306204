//! The single connection that writes to the embedded database.
//!
//! When a commit fails, for instance on a full disk, SQLite rolls the transaction back automatically. The driver does
//! not notice: its own `ROLLBACK` fails, and it treats the next transaction as nested in the lost one. Later writes
//! would be acknowledged and never stored. Therefore a connection returns to the pool only if both SQLite and the
//! driver report that no transaction is open; otherwise it is closed, and the next write opens another.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use sea_orm::{
    ConnectOptions,
    sqlx::{
        self, Connection, Sqlite, SqliteConnection,
        pool::PoolOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};

use super::storage::Health;

/// Options of the writer of a database file. `health` is notified when a connection had to be closed.
pub(super) fn options(
    url: &str,
    acquire_timeout: Duration,
    max_pages: Option<NonZeroU32>,
    health: Arc<Health>,
) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).min_connections(1).acquire_timeout(acquire_timeout).sqlx_logging(false);
    // Not necessary for a file, which cannot disconnect.
    options.test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |sqlite| writer_options(sqlite, max_pages));
    options.map_sqlx_sqlite_pool_opts(move |pool| with_checks(pool, Arc::clone(&health)));
    options
}

fn writer_options(sqlite: SqliteConnectOptions, max_pages: Option<NonZeroU32>) -> SqliteConnectOptions {
    let sqlite = sqlite
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        // Deleted or replaced values, such as keys, must not remain in the file.
        .pragma("secure_delete", "on")
        .foreign_keys(true);
    match max_pages {
        Some(pages) => sqlite.pragma("max_page_count", pages.to_string()),
        None => sqlite,
    }
}

/// Checks a connection when it is returned and before it is used again.
fn with_checks(pool: PoolOptions<Sqlite>, health: Arc<Health>) -> PoolOptions<Sqlite> {
    pool.after_release(move |connection, _| {
        let health = Arc::clone(&health);
        Box::pin(async move {
            let state = has_no_transaction(connection).await;
            if !matches!(state, Ok(true)) {
                health.mark_doubtful();
                tracing::warn!(?state, "the write connection was left in an open transaction and is replaced");
            }
            Ok(state.unwrap_or(false))
        })
    })
    .before_acquire(|connection, _| {
        let is_in_transaction = connection.is_in_transaction();
        Box::pin(async move { Ok(!is_in_transaction) })
    })
}

/// Whether no transaction is open. SQLite refuses a `BEGIN` inside a transaction; outside of one these statements take
/// no lock. They run after all queued statements of the connection, such as a rollback.
async fn has_no_transaction(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    sqlx::raw_sql("BEGIN DEFERRED; ROLLBACK").execute(&mut *connection).await?;
    Ok(!connection.is_in_transaction())
}
