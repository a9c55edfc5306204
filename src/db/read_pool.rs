//! The connections that questions are read through.
//!
//! sqlx's own pool tries each connection that comes back by a trip to the database, which a question of one trip would
//! pay twice. Here a connection is tried where there is reason to: it was idle, or what it was lent for did not end well.

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

use crate::db::{QUESTIONS, count};

/// How long a connection may be idle without being tried: a server that restarted leaves dead ones behind.
const TRUSTED: Duration = Duration::from_secs(1);

/// How old a connection gets: what a server keeps for it does not grow for ever.
const OLDEST: Duration = Duration::from_secs(1800);

/// Instructions of SQLite's virtual machine between two looks at the stop flag: a fraction of a millisecond.
const SQLITE_STEPS: i32 = 10_000;

/// A database that sqlx speaks to, as far as questions need it.
pub(super) trait QueryBackend: sqlx::Database<Connection: Debug> {
    /// The rows of a statement.
    fn rows(
        connection: &mut Self::Connection,
        sql: String,
        values: Values,
    ) -> impl Future<Output = Result<Vec<Self::Row>, sqlx::Error>> + Send;

    /// Runs statements that give no rows.
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
// A server needs no flag: it ends the statement of a connection that was closed (`client_connection_check_interval`).
asked!(Postgres, async |_: &mut sqlx::PgConnection, _: Arc<AtomicBool>| Ok(()));

/// Connections of a database, opened as they are needed.
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
    /// Set to stop the statement under way. The connection is not used afterwards.
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
    /// Connections, so many at most, each waited for so long. None is opened yet.
    ///
    /// # Errors
    /// `Custom` if there is nothing that could wait.
    pub fn new(options: Options<DB>, most: u32, patience: Duration) -> Result<Self, DbErr> {
        managed::Pool::builder(Opener(options))
            .max_size(most as usize)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(patience))
            .create_timeout(Some(patience))
            .recycle_timeout(Some(patience))
            // The one used last is the one that the caches still know.
            .queue_mode(QueueMode::Lifo)
            .build()
            .map(Self)
            .map_err(|error| DbErr::Custom(error.to_string()))
    }

    /// A connection, as soon as one is free.
    ///
    /// # Errors
    /// `ConnectionAcquire` where none gets free in time or all are closed, `Conn` where none can be opened.
    pub async fn acquire(&self) -> Result<PooledRead<DB>, DbErr> {
        match self.0.get().await {
            Ok(opened) => Ok(PooledRead { opened: Some(opened), is_begun: false, is_running: false }),
            Err(managed::PoolError::Backend(error)) => Err(DbErr::Conn(RuntimeErr::SqlxError(error.into()))),
            Err(managed::PoolError::Closed) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
            Err(_) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        }
    }

    /// How many there are at most.
    pub fn most(&self) -> usize {
        self.0.status().max_size
    }

    /// How many are open, and how many of these idle.
    pub fn measure(&self) -> (usize, usize) {
        let status = self.0.status();
        (status.size, status.available)
    }

    /// Closes them.
    ///
    /// # Errors
    /// What closing one gives.
    pub async fn close(&self) -> Result<(), DbErr> {
        let idle = self.0.retain(|_, _| false).removed;
        self.0.close();
        for opened in idle {
            opened.connection.close().await.map_err(failed)?;
        }
        Ok(())
    }
}

/// A connection on loan.
#[derive(Debug)]
pub(super) struct PooledRead<DB: QueryBackend> {
    opened: Option<Object<Opener<DB>>>,
    /// Whether a transaction has begun, or may have.
    is_begun: bool,
    /// Whether a statement was sent and its end has not been seen.
    is_running: bool,
}

impl<DB: QueryBackend> PooledRead<DB> {
    fn connection(&mut self) -> &mut DB::Connection {
        &mut self.opened.as_mut().expect("held until it goes back").connection
    }

    /// The rows of a statement, which is counted.
    ///
    /// # Errors
    /// From the database.
    pub async fn rows(&mut self, sql: String, values: Values) -> Result<Vec<DB::Row>, DbErr> {
        let since = Instant::now();
        self.is_running = true;
        let rows = DB::rows(self.connection(), sql, values).await;
        self.is_running = false;
        count(QUESTIONS, since.elapsed(), rows.is_err());
        rows.map_err(failed)
    }

    /// Begins a transaction by statements.
    ///
    /// # Errors
    /// From the database.
    pub async fn begin(&mut self, sql: String) -> Result<(), DbErr> {
        self.is_begun = true;
        DB::run(self.connection(), sql).await.map_err(failed)
    }

    /// Gives the connection back, after statements that were read to their end. A transaction has only read, and has
    /// nothing to lose.
    pub async fn release(mut self) {
        if self.is_begun && DB::run(self.connection(), "ROLLBACK".to_owned()).await.is_err() {
            return;
        }
        self.opened.take();
    }
}

/// A statement that nothing waits for any more (a timeout, or a client that is gone) is stopped, and its connection is
/// closed. After a statement that failed, the connection is reset before it is used again.
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

/// The connections of either database.
#[derive(Clone, Debug)]
pub(super) enum Questions {
    /// Of the embedded one.
    Sqlite(ReadPool<Sqlite>),
    /// Of the server.
    Postgres(ReadPool<Postgres>),
}

impl Questions {
    /// Which database it is.
    pub fn backend(&self) -> DatabaseBackend {
        match self {
            Self::Sqlite(_) => DatabaseBackend::Sqlite,
            Self::Postgres(_) => DatabaseBackend::Postgres,
        }
    }

    /// How many there are at most.
    pub fn most(&self) -> usize {
        match self {
            Self::Sqlite(readers) => readers.most(),
            Self::Postgres(readers) => readers.most(),
        }
    }

    /// How many are open, and how many of these idle.
    pub fn measure(&self) -> (usize, usize) {
        match self {
            Self::Sqlite(readers) => readers.measure(),
            Self::Postgres(readers) => readers.measure(),
        }
    }

    /// Closes them.
    ///
    /// # Errors
    /// What closing one gives.
    pub async fn close(&self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(readers) => readers.close().await,
            Self::Postgres(readers) => readers.close().await,
        }
    }
}

/// The failure of a statement.
pub(super) fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
