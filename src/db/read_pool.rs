//! Connection pools for queries.
//!
//! sqlx's own pool tests each returned connection by a round trip, which doubles the cost of a query of one round trip.
//! Here a connection is tested only if it was idle or its last use did not end cleanly.

use std::{
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use deadpool::{
    Runtime,
    managed::{self, Manager, Metrics, Object, QueueMode, RecycleError, RecycleResult},
};
use sea_orm::{
    ConnAcquireErr, DatabaseBackend, DbErr, RuntimeErr,
    sea_query::Values,
    sqlx::{self, AssertSqlSafe, ConnectOptions, Connection, Postgres, Sqlite},
};
use sea_query_sqlx::SqlxValues;
use tokio::runtime::Handle;

use crate::db::statement_metrics::{QUERIES, count};

/// Idle time after which a connection is tested before use: a restarted server leaves dead ones behind.
const TRUSTED: Duration = Duration::from_secs(1);

/// Maximum age of a connection; limits the memory that the server holds for it.
const OLDEST: Duration = Duration::from_secs(1800);

/// Instructions of SQLite's virtual machine between two checks of the stop flag: a fraction of a millisecond.
const SQLITE_STEPS: i32 = 10_000;

/// The operations of a sqlx database that queries need.
pub(super) trait QueryBackend: sqlx::Database<Connection: Debug> {
    /// Runs a statement and returns its rows.
    fn rows(
        connection: &mut Self::Connection,
        sql: String,
        values: Values,
    ) -> impl Future<Output = Result<Vec<Self::Row>, sqlx::Error>> + Send;

    /// Runs statements that return no rows.
    fn run(connection: &mut Self::Connection, sql: String) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Makes a running statement of the connection fail soon after the flag is set.
    fn watch(
        connection: &mut Self::Connection,
        stop: Arc<AtomicBool>,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

macro_rules! asked {
    ($database:ty, $watch:expr) => {
        impl QueryBackend for $database {
            async fn rows(
                connection: &mut Self::Connection,
                sql: String,
                values: Values,
            ) -> Result<Vec<Self::Row>, sqlx::Error> {
                sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values)).fetch_all(connection).await
            }

            async fn run(connection: &mut Self::Connection, sql: String) -> Result<(), sqlx::Error> {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
            }

            async fn watch(connection: &mut Self::Connection, stop: Arc<AtomicBool>) -> Result<(), sqlx::Error> {
                $watch(connection, stop).await
            }
        }
    };
}

asked!(Sqlite, async |connection: &mut sqlx::SqliteConnection, stop: Arc<AtomicBool>| {
    let goes_on = move || !stop.load(Ordering::Relaxed);
    connection.lock_handle().await?.set_progress_handler(SQLITE_STEPS, goes_on);
    Ok(())
});
// PostgreSQL needs no flag: it stops the statement of a closed connection (`client_connection_check_interval`).
asked!(Postgres, async |_: &mut sqlx::PgConnection, _: Arc<AtomicBool>| Ok(()));

/// Pool of connections, opened on demand.
#[derive(Debug)]
pub(super) struct ReadPool<DB: QueryBackend>(managed::Pool<Opener<DB>>);

impl<DB: QueryBackend> Clone for ReadPool<DB> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

type Options<DB> = <<DB as sqlx::Database>::Connection as Connection>::Options;

#[derive(Debug)]
struct Opener<DB: QueryBackend>(Options<DB>);

/// An open connection.
#[derive(Debug)]
struct Opened<DB: QueryBackend> {
    connection: DB::Connection,
    /// Flag that stops the running statement. The connection is not used afterwards.
    stop: Arc<AtomicBool>,
}

impl<DB: QueryBackend> Manager for Opener<DB> {
    type Type = Opened<DB>;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Opened<DB>, sqlx::Error> {
        let (mut connection, stop) = (self.0.connect().await?, Arc::new(AtomicBool::new(false)));
        DB::watch(&mut connection, Arc::clone(&stop)).await?;
        Ok(Opened { connection, stop })
    }

    async fn recycle(&self, opened: &mut Opened<DB>, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.age() > OLDEST {
            return Err(RecycleError::message("old"));
        }
        if metrics.last_used() > TRUSTED {
            opened.connection.ping().await?;
        }
        Ok(())
    }
}

impl<DB: QueryBackend> ReadPool<DB> {
    /// A pool of at most `most` connections; a request waits at most `patience` for one. Opens no connection yet.
    ///
    /// # Errors
    /// `Custom` if there is no runtime for timeouts.
    pub fn new(options: Options<DB>, most: u32, patience: Duration) -> Result<Self, DbErr> {
        managed::Pool::builder(Opener(options))
            .max_size(most as usize)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(patience))
            .create_timeout(Some(patience))
            .recycle_timeout(Some(patience))
            // The connection used last has the warmest caches.
            .queue_mode(QueueMode::Lifo)
            .build()
            .map(Self)
            .map_err(|error| DbErr::Custom(error.to_string()))
    }

    /// Waits for a free connection.
    ///
    /// # Errors
    /// `ConnectionAcquire` if none is free in time or the pool is closed, `Conn` if none can be opened.
    pub async fn acquire(&self) -> Result<PooledRead<DB>, DbErr> {
        match self.0.get().await {
            Ok(opened) => Ok(PooledRead { opened: Some(opened), is_begun: false, is_running: false }),
            Err(managed::PoolError::Backend(error)) => Err(DbErr::Conn(RuntimeErr::SqlxError(error.into()))),
            Err(managed::PoolError::Closed) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
            Err(_) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        }
    }

    /// Maximum number of connections.
    pub fn most(&self) -> usize {
        self.0.status().max_size
    }

    /// Number of open connections, and how many of them are idle.
    pub fn measure(&self) -> (usize, usize) {
        let status = self.0.status();
        (status.size, status.available)
    }

    /// Closes the pool.
    ///
    /// # Errors
    /// Errors of closing a connection.
    pub async fn close(&self) -> Result<(), DbErr> {
        let idle = self.0.retain(|_, _| false).removed;
        self.0.close();
        for opened in idle {
            opened.connection.close().await.map_err(failed)?;
        }
        Ok(())
    }
}

/// A borrowed connection.
#[derive(Debug)]
pub(super) struct PooledRead<DB: QueryBackend> {
    opened: Option<Object<Opener<DB>>>,
    /// Whether a transaction has begun, or may have.
    is_begun: bool,
    /// Whether a statement was sent and has not ended yet.
    is_running: bool,
}

impl<DB: QueryBackend> PooledRead<DB> {
    fn connection(&mut self) -> &mut DB::Connection {
        &mut self.opened.as_mut().expect("a connection is present until it is released").connection
    }

    /// Runs and counts a statement, and returns its rows.
    ///
    /// # Errors
    /// From the database.
    pub async fn rows(&mut self, sql: String, values: Values) -> Result<Vec<DB::Row>, DbErr> {
        let since = Instant::now();
        self.is_running = true;
        let rows = DB::rows(self.connection(), sql, values).await;
        self.is_running = false;
        count(QUERIES, since.elapsed(), rows.is_err());
        rows.map_err(failed)
    }

    /// Runs the statements that begin a transaction.
    ///
    /// # Errors
    /// From the database.
    pub async fn begin(&mut self, sql: String) -> Result<(), DbErr> {
        self.is_begun = true;
        DB::run(self.connection(), sql).await.map_err(failed)
    }

    /// Runs a statement that changes a setting of the transaction.
    ///
    /// # Errors
    /// From the database.
    pub async fn set(&mut self, sql: String) -> Result<(), DbErr> {
        DB::run(self.connection(), sql).await.map_err(failed)
    }

    /// Returns the connection after statements that were read to their end. An open transaction is read-only and is
    /// rolled back.
    pub async fn release(mut self) {
        if self.is_begun && DB::run(self.connection(), "ROLLBACK".to_owned()).await.is_err() {
            return;
        }
        self.opened.take();
    }
}

/// A statement whose result is no longer awaited (a timeout, or a disconnected client) is stopped, and its connection
/// is closed. After a failed statement the connection is reset before its next use.
impl<DB: QueryBackend> Drop for PooledRead<DB> {
    fn drop(&mut self) {
        let Some(mut opened) = self.opened.take() else { return };
        if self.is_running {
            opened.stop.store(true, Ordering::Relaxed);
            return drop(Object::take(opened));
        }
        let Ok(runtime) = Handle::try_current() else { return drop(Object::take(opened)) };
        let is_begun = self.is_begun;
        runtime.spawn(async move {
            let rest = match is_begun {
                true => DB::run(&mut opened.connection, "ROLLBACK".to_owned()).await,
                false => opened.connection.ping().await,
            };
            if rest.is_err() {
                drop(Object::take(opened));
            }
        });
    }
}

/// The query pool of either database.
#[derive(Clone, Debug)]
pub(super) enum Questions {
    /// Of the embedded database.
    Sqlite(ReadPool<Sqlite>),
    /// Of the server.
    Postgres(ReadPool<Postgres>),
}

impl Questions {
    /// Kind of the database.
    pub fn backend(&self) -> DatabaseBackend {
        match self {
            Self::Sqlite(_) => DatabaseBackend::Sqlite,
            Self::Postgres(_) => DatabaseBackend::Postgres,
        }
    }

    /// Maximum number of connections.
    pub fn most(&self) -> usize {
        match self {
            Self::Sqlite(readers) => readers.most(),
            Self::Postgres(readers) => readers.most(),
        }
    }

    /// Number of open connections, and how many of them are idle.
    pub fn measure(&self) -> (usize, usize) {
        match self {
            Self::Sqlite(readers) => readers.measure(),
            Self::Postgres(readers) => readers.measure(),
        }
    }

    /// Closes the pool.
    ///
    /// # Errors
    /// Errors of closing a connection.
    pub async fn close(&self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(readers) => readers.close().await,
            Self::Postgres(readers) => readers.close().await,
        }
    }
}

/// Converts the error of a statement.
pub(super) fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
