//! The two databases behind one seam: how they are opened, how a writing transaction begins, and the few places where
//! their SQL differs.

pub mod bulk;
mod read_pool;
mod read_session;
mod rls;
mod role;
mod rollback;
mod storage;
mod writer;

pub use read_session::{Deadline, LastReadMode, PreparedReads, ReadMode, ReadSession, is_timeout};
pub use rls::{RowScope, UuidRanges};
pub use role::RlsStatus;
pub use rollback::{Loss, Rollback};
pub(crate) use storage::sqlite_code;
pub use storage::{Fault, is_locked};

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database as SeaOrm, DatabaseBackend, DatabaseConnection,
    DatabaseTransaction, DbErr, IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait, Value,
    sea_query::{ArrayType, BinOper, Expr, ExprTrait, Func, FunctionCall, Query, SelectStatement, SimpleExpr},
    sqlx::{ConnectOptions as _, postgres::PgConnectOptions, sqlite::SqliteConnectOptions},
};
use uuid::Uuid;

use crate::db::{
    read_pool::{Questions, ReadPool},
    storage::Health,
};

/// Readers of the embedded database; more gain nothing on small machines.
const SQLITE_READERS: u32 = 4;

/// What the pool of questions is called in the metrics.
const QUESTIONS: &str = "question";

/// Connections for reading what holds no persons, such as the register of clients.
const REGISTERS: u32 = 4;

/// Connections set aside for what must not wait behind questions.
const CONTROL: u32 = 1;

/// How PostgreSQL begins what only reads: all statements of a transaction see the same moment, and none writes. What is
/// asked again and again is planned once; who asks otherwise says so.
const READS: [(&str, &str); 4] = [
    ("default_transaction_read_only", "on"),
    ("default_transaction_isolation", "repeatable read"),
    ("plan_cache_mode", "force_generic_plan"),
    // A statement ends soon after its connection was closed, which is how an operation over its time limit is stopped.
    ("client_connection_check_interval", "500ms"),
];

/// An open database: readers for questions and for registers beside one writer where it is embedded, or beside a pool of
/// writers where it is a server; and a connection for rights, readiness and the look at the change log.
#[derive(Clone, Debug)]
pub struct Database {
    questions: Questions,
    read: DatabaseConnection,
    control: DatabaseConnection,
    write: DatabaseConnection,
    backend: DatabaseBackend,
    health: Arc<Health>,
    operation_timeout: Duration,
}

/// How the pool of a server database is set.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Most connections for questions held at once, and as many for acts. An act waits for no question, so those that
    /// ask before they act cannot keep each other waiting.
    pub max_connections: u32,
    /// How long a request waits for a connection before it is told to come back.
    pub acquire_timeout: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
    /// How long the reads of one operation may take altogether, on either database.
    pub operation_timeout: Duration,
    /// What is seen where no transaction says what it may see.
    pub row_scope: RowScope,
    /// Largest size of an embedded database, in pages. A write that needs more fails as on a full disk.
    pub max_pages: Option<NonZeroU32>,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            max_connections: 8,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            operation_timeout: Duration::from_secs(10),
            row_scope: RowScope::Nothing,
            max_pages: None,
        }
    }
}

impl Database {
    /// Opens the database behind a URL, `sqlite://path` or `postgres://...`, and counts each statement.
    pub async fn open(url: &str, pool: Pool) -> Result<Self, DbErr> {
        if url.starts_with("sqlite:") {
            Self::open_sqlite(url, pool).await
        } else {
            Self::open_postgres(url, pool).await
        }
    }

    async fn open_sqlite(url: &str, pool: Pool) -> Result<Self, DbErr> {
        keep_private(url);
        // The writer comes first: it creates the file and sets its journal, which a reader may not.
        let health = Arc::new(Health::default());
        let options = writer::options(url, pool.acquire_timeout, pool.max_pages, Arc::clone(&health));
        let write = SeaOrm::connect(options).await?;

        let reader = |sqlite: SqliteConnectOptions| {
            sqlite.create_if_missing(false).busy_timeout(Duration::from_secs(5)).pragma("query_only", "on")
        };
        let readers = |connections| {
            let mut options = ConnectOptions::new(url);
            options.max_connections(connections).acquire_timeout(pool.acquire_timeout).sqlx_logging(false);
            options.test_before_acquire(false);
            options.map_sqlx_sqlite_opts(reader);
            SeaOrm::connect(options)
        };
        let questions: SqliteConnectOptions = url.parse().map_err(read_pool::failed)?;
        // A page is read without waiting for its reader.
        let questions = reader(questions).row_buffer_size(1000).disable_statement_logging();
        Ok(Self {
            questions: Questions::Sqlite(ReadPool::new(questions, SQLITE_READERS, pool.acquire_timeout)?),
            read: counted(readers(REGISTERS).await?, QUESTIONS),
            control: counted(readers(CONTROL).await?, "control"),
            write: written(write, &health),
            backend: DatabaseBackend::Sqlite,
            health,
            operation_timeout: pool.operation_timeout,
        })
    }

    async fn open_postgres(url: &str, pool: Pool) -> Result<Self, DbErr> {
        let (patience, reach) = (pool.statement_timeout.as_millis().to_string(), pool.row_scope.setting().to_owned());
        let set = move |postgres: PgConnectOptions, more: &[(&'static str, &'static str)]| {
            postgres
                .application_name("cadre-api")
                .options([("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "60s"), ("jit", "off")])
                .options([("statement_timeout", &patience)])
                .options(more.iter().copied())
                .options((!reach.is_empty()).then_some(("cadre.reach", &reach)))
        };
        let connections = |connections, more: &'static [(&'static str, &'static str)]| {
            let mut options = ConnectOptions::new(url);
            options
                .max_connections(connections)
                .acquire_timeout(pool.acquire_timeout)
                // A server that restarted leaves dead connections behind: each is found before a question meets it.
                .test_before_acquire_if_idle_for(Duration::from_secs(1))
                .sqlx_logging(false);
            let set = set.clone();
            options.map_sqlx_postgres_opts(move |postgres| set(postgres, more));
            SeaOrm::connect(options)
        };
        let questions: PgConnectOptions = url.parse().map_err(read_pool::failed)?;
        let questions = set(questions, &READS).disable_statement_logging();
        let health = Arc::new(Health::default());
        Ok(Self {
            questions: Questions::Postgres(ReadPool::new(questions, pool.max_connections, pool.acquire_timeout)?),
            read: counted(connections(REGISTERS, &READS).await?, QUESTIONS),
            control: counted(connections(CONTROL, &READS).await?, "control"),
            write: written(connections(pool.max_connections, &[]).await?, &health),
            backend: DatabaseBackend::Postgres,
            health,
            operation_timeout: pool.operation_timeout,
        })
    }

    /// How many connections the operations of clients share.
    pub fn connections(&self) -> usize {
        self.questions.most()
    }

    /// Which database it is.
    pub fn backend(&self) -> DatabaseBackend {
        self.backend
    }

    /// Whether rows of several tables are better read in one statement than in several: on a server each is a trip; the
    /// embedded database takes more for the values of wide rows.
    pub fn joins(&self) -> bool {
        self.backend == DatabaseBackend::Postgres
    }

    /// The connection for reading what holds no persons; for the operator, everything.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.read
    }

    /// The reads of one question, within a sight and the time limit of an operation.
    pub fn read_session(&self, row_scope: RowScope) -> ReadSession {
        ReadSession::new(self.questions.clone(), row_scope, Deadline::after(self.operation_timeout))
    }

    /// More reads of the same question, within another sight and the same time limit.
    pub fn read_session_on(&self, before: &ReadSession, row_scope: RowScope) -> ReadSession {
        ReadSession::new(self.questions.clone(), row_scope, before.deadline().clone())
    }

    /// The connection set aside for rights, readiness and the look at the change log: when all readers are busy, rights
    /// must not grow old.
    pub fn control(&self) -> &DatabaseConnection {
        &self.control
    }

    /// The connection that migrations run on.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Begins a writing transaction. On SQLite it takes the write lock at once: a read that later turns into a write
    /// would fail under load instead of waiting. On PostgreSQL everything is in its sight: an act is bounded by its permit
    /// and weighs what its caller may not see.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.begin_planned("auto", None).await
    }

    /// The same for an act of a client, which touches few rows by their keys: PostgreSQL plans its statements once. What
    /// fills tables needs other plans as they grow.
    pub async fn begin_small(&self) -> Result<DatabaseTransaction, DbErr> {
        self.begin_planned("force_generic_plan", None).await
    }

    /// The same as `begin_small`, and shares a named lock until the transaction ends, as `lock` does, without another trip
    /// to the server.
    pub async fn begin_small_sharing(&self, name: &str) -> Result<DatabaseTransaction, DbErr> {
        self.begin_planned("force_generic_plan", Some(name)).await
    }

    async fn begin_planned(&self, mode: &str, shared: Option<&str>) -> Result<DatabaseTransaction, DbErr> {
        let sqlite_transaction_mode =
            (self.backend == DatabaseBackend::Sqlite).then_some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode, ..Default::default() };
        let begun = self.write.begin_with_options(options).await;
        let txn = begun.inspect_err(|error| {
            if Fault::of(error).is_some() {
                self.health.doubt();
            }
        })?;
        if self.backend == DatabaseBackend::Postgres {
            let settings = [("cadre.reach", RowScope::Everything.setting()), ("plan_cache_mode", mode)];
            let set = |(name, value): (&str, &str)| Func::cust("set_config").arg(name).arg(value).arg(true);
            let mut select = Query::select();
            select.exprs(settings.map(|setting| Expr::expr(set(setting))));
            if let Some(name) = shared {
                select.expr(LockMode::Shared.take(name));
            }
            txn.query_one(&select).await?;
        }
        Ok(txn)
    }

    /// How row security stands to a role, or to the one that this is opened as; it binds nobody where there is none.
    pub async fn rls_status(&self, role: Option<&str>) -> Result<RlsStatus, DbErr> {
        match self.backend {
            DatabaseBackend::Postgres => role::rls_status(&self.control, role).await,
            _ => Ok(RlsStatus::Bound),
        }
    }

    /// Gives the roles that the service was given to log in as what it needs of new tables.
    pub async fn grant_again(&self) -> Result<(), DbErr> {
        for role in role::granted(&self.control).await? {
            self.grant(&role).await?;
        }
        Ok(())
    }

    /// Gives a role of PostgreSQL what the service needs: tables and sequences, and no more than it needs of logs.
    pub async fn grant(&self, role: &str) -> Result<(), DbErr> {
        let grants = role::grants(&self.control, role).await?;
        let txn = self.write.begin().await?;
        for grant in grants {
            txn.execute_unprepared(&grant).await?;
        }
        txn.commit().await
    }

    /// Begins a transaction that only reads, and sees one moment of the database from beginning to end.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        // On SQLite every transaction is one.
        let is_server = self.backend == DatabaseBackend::Postgres;
        let options = TransactionOptions {
            isolation_level: is_server.then_some(IsolationLevel::RepeatableRead),
            access_mode: is_server.then_some(AccessMode::ReadOnly),
            ..Default::default()
        };
        let snapshot = self.read.begin_with_options(options).await?;
        if is_server {
            snapshot.execute_unprepared("SET LOCAL plan_cache_mode = auto").await?;
        }
        Ok(snapshot)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.control.ping().await
    }

    /// The fault of the disk that keeps writes from being stored, if there is one. Once a write has failed, each call
    /// writes a probe until one succeeds.
    pub async fn fault(&self) -> Option<Fault> {
        self.health.check(async { storage::probe(self.begin().await?).await }).await
    }

    /// How the database's schema stands to this version's.
    pub async fn schema_state(&self) -> Result<SchemaState, DbErr> {
        let known: Vec<String> =
            Migrator::get_migration_files().iter().map(|migration| migration.name().to_owned()).collect();
        // Read as they stand: listing a newer version's migrations through ours would be an error.
        let applied = match self.applied_migrations().await {
            Ok(applied) => applied,
            Err(error) if !role::lacks_right(&error) && self.ping().await.is_ok() => Vec::new(),
            Err(error) => return Err(error),
        };
        let pending = known.iter().filter(|name| !applied.contains(name)).count();
        let unknown: Vec<String> = applied.into_iter().filter(|name| !known.contains(name)).collect();
        Ok(match (unknown.is_empty(), pending) {
            (false, _) => SchemaState::Newer(unknown),
            (true, 0) => SchemaState::Current,
            (true, pending) => SchemaState::Older(pending),
        })
    }

    async fn applied_migrations(&self) -> Result<Vec<String>, DbErr> {
        let select = Query::select().column("version").from("seaql_migrations").take();
        self.control.query_all(&select).await?.iter().map(|row| row.try_get("", "version")).collect()
    }

    /// Writes the state of the pools into the metrics.
    pub fn measure(&self) {
        let (mut size, mut idle) = self.questions.measure();
        if self.backend == DatabaseBackend::Postgres {
            for pool in [&self.read, &self.write].map(DatabaseConnection::get_postgres_connection_pool) {
                (size, idle) = (size + pool.size() as usize, idle + pool.num_idle());
            }
        }
        metrics::gauge!("cadre_database_connections", "state" => "open").set(size as f64);
        metrics::gauge!("cadre_database_connections", "state" => "idle").set(idle as f64);
    }

    /// Waits for statements under way and closes; the embedded database folds its journal into the file.
    pub async fn close(self) -> Result<(), DbErr> {
        self.questions.close().await?;
        self.control.close().await?;
        self.read.close().await?;
        self.write.close().await
    }
}

/// Makes the file of a new embedded database readable by its owner alone: it will hold personal data and private keys.
/// What cannot be made here is told by the opening that follows.
fn keep_private(url: &str) {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//").split('?').next().unwrap_or_default();
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

/// How a database's schema stands to the one that this version of the service expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// As expected.
    Current,
    /// So many migrations are still to come; all of them if the database is empty.
    Older(usize),
    /// A newer version of the service has migrated it; these migrations are not known here.
    Newer(Vec<String>),
}

/// Counts the statements of the pool that writes. A statement that failed is a reason to doubt the disk.
fn written(mut connection: DatabaseConnection, health: &Arc<Health>) -> DatabaseConnection {
    let health = Arc::clone(health);
    connection.set_metric_callback(move |info| {
        count("act", info.elapsed, info.failed);
        if info.failed {
            health.doubt();
        }
    });
    connection
}

/// Counts the statements of a pool.
fn counted(mut connection: DatabaseConnection, pool: &'static str) -> DatabaseConnection {
    connection.set_metric_callback(move |info| count(pool, info.elapsed, info.failed));
    connection
}

/// Counts a statement.
fn count(pool: &'static str, elapsed: Duration, failed: bool) {
    let failed = if failed { "true" } else { "false" };
    metrics::counter!("cadre_database_statements_total", "pool" => pool, "failed" => failed).increment(1);
    metrics::histogram!("cadre_database_statement_seconds").record(elapsed.as_secs_f64());
}

/// How a transaction holds a lock that others wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// Beside others that share it.
    Shared,
    /// Alone.
    Alone,
}

impl LockMode {
    /// The call of PostgreSQL that takes a named lock until the transaction ends.
    fn take(self, name: &str) -> FunctionCall {
        let take = match self {
            Self::Shared => "pg_advisory_xact_lock_shared",
            Self::Alone => "pg_advisory_xact_lock",
        };
        Func::cust(take).arg(Func::cust("hashtext").arg(name))
    }
}

/// Takes a lock of a name until the transaction ends. On SQLite a writing transaction is alone anyway.
pub async fn lock(txn: &DatabaseTransaction, name: &str, hold: LockMode) -> Result<(), DbErr> {
    if txn.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(());
    }
    txn.query_one(Query::select().expr(hold.take(name))).await.map(drop)
}

/// `column` is one of `ids`: one statement text whatever their number, one bound value.
pub fn any_id(backend: DatabaseBackend, column: impl Into<SimpleExpr>, ids: impl Iterator<Item = Uuid>) -> SimpleExpr {
    match backend {
        DatabaseBackend::Postgres => {
            let ids = ids.map(Value::from).collect();
            any(column.into(), Value::Array(ArrayType::Uuid, Some(Box::new(ids))))
        }
        _ => {
            let ids: Vec<_> = ids.map(|id| format!("\"{}\"", id.simple())).collect();
            in_json(column.into(), "(SELECT unhex(value) FROM json_each(?))", format!("[{}]", ids.join(",")))
        }
    }
}

/// The same as a question to each row: the planner may not begin at the ids, and takes every other row for one of them.
pub fn is_any_id(
    backend: DatabaseBackend,
    column: impl Into<SimpleExpr>,
    ids: impl Iterator<Item = Uuid>,
) -> SimpleExpr {
    match backend {
        DatabaseBackend::Postgres => {
            let ids = Value::Array(ArrayType::Uuid, Some(Box::new(ids.map(Value::from).collect())));
            Expr::cust_with_exprs("($1 IN (SELECT unnest($2))) IS TRUE", [column.into(), Expr::val(ids)])
        }
        _ => any_id(backend, column, ids).binary(BinOper::Custom("IS"), Expr::cust("TRUE")),
    }
}

/// `column` is one of what a select gives, which the planner begins at, whatever it expects of the rest.
pub fn any_found(backend: DatabaseBackend, column: impl Into<SimpleExpr>, select: SelectStatement) -> SimpleExpr {
    match backend {
        // An array is taken for ten rows, whose order an index over all others would not be worth.
        DatabaseBackend::Postgres => Expr::cust_with_exprs("$1 = ANY(ARRAY $2)", [column.into(), select.into()]),
        _ => column.into().in_subquery(select),
    }
}

/// `column` is one of `words`: one statement text whatever their number, one bound value.
pub fn any_word<'a>(
    backend: DatabaseBackend,
    column: impl Into<SimpleExpr>,
    words: impl Iterator<Item = &'a str>,
) -> SimpleExpr {
    match backend {
        DatabaseBackend::Postgres => {
            let words = words.map(Value::from).collect();
            any(column.into(), Value::Array(ArrayType::String, Some(Box::new(words))))
        }
        _ => {
            let words = serde_json::Value::from_iter(words);
            in_json(column.into(), "(SELECT value FROM json_each(?))", words.to_string())
        }
    }
}

fn any(column: SimpleExpr, array: Value) -> SimpleExpr {
    Expr::cust_with_exprs("$1 = ANY($2)", [column, Expr::val(array)])
}

fn in_json(column: SimpleExpr, list: &'static str, json: String) -> SimpleExpr {
    column.binary(BinOper::In, Expr::cust_with_values(list, [json]))
}
