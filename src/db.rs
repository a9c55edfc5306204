//! Access to both databases through one interface: opening, writing transactions, and the few places where their SQL
//! differs.

pub mod bulk;
mod read_pool;
mod read_session;
mod rls;
mod role;
mod rollback;
mod snapshot_reads;
mod statement;
mod statement_metrics;
mod storage;
mod writer;

pub use read_session::{Deadline, PreparedReads, ReadMode, ReadSession};
pub use rls::{RowScope, UuidRanges};
pub use role::RlsStatus;
pub use rollback::{Loss, Rollback};
pub use statement::is_timeout;
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
    statement_metrics::{QUERIES, count},
    storage::Health,
};

/// Number of reader connections of the embedded database; more have no effect on small machines.
const SQLITE_READERS: u32 = 4;

/// Number of reader connections for tables without personal data, such as the table of clients.
const REGISTER_READERS: u32 = 4;

/// Number of connections reserved for work that must not wait for queries.
const CONTROL_CONNECTIONS: u32 = 1;

/// Settings of read-only transactions on PostgreSQL: one snapshot for all statements, no writes, and generic plans.
/// Callers that need custom plans override the plan mode.
const READS: [(&str, &str); 4] = [
    ("default_transaction_read_only", "on"),
    ("default_transaction_isolation", "repeatable read"),
    ("plan_cache_mode", "force_generic_plan"),
    // PostgreSQL stops a statement soon after its connection was closed. An operation over its time limit is stopped in
    // this manner.
    ("client_connection_check_interval", "500ms"),
];

/// An open database. The embedded database has reader connections and one writer; a server has a pool of readers and a
/// pool of writers. Both have a connection for authorization, readiness and the change log, and one for each export.
#[derive(Clone, Debug)]
pub struct Database {
    questions: Questions,
    exports: Questions,
    read: DatabaseConnection,
    control: DatabaseConnection,
    write: DatabaseConnection,
    backend: DatabaseBackend,
    health: Arc<Health>,
    operation_timeout: Duration,
    statement_timeout: Duration,
}

/// Settings of the pools of a server database.
#[derive(Clone, Debug)]
pub struct Pool {
    /// Maximum number of connections for queries, and as many again for commands. Commands never wait for queries, so
    /// operations that query before they run a command cannot block each other.
    pub max_connections: u32,
    /// Time that a request waits for a connection before it fails; it may then be retried.
    pub acquire_timeout: Duration,
    /// Time limit of one statement: on a server, and of an export on either database.
    pub statement_timeout: Duration,
    /// Time limit of all reads of one operation together, on either database.
    pub operation_timeout: Duration,
    /// Rows that are visible to a connection whose transaction sets no visibility.
    pub row_scope: RowScope,
    /// Connections for exports at most, in addition to the others: exports last long, and queries must not wait for them.
    pub exports: u32,
    /// Maximum size of an embedded database, in pages. A write beyond it fails as if the disk were full.
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
            exports: 2,
            max_pages: None,
        }
    }
}

impl Database {
    /// Opens the database of a URL, `sqlite://path` or `postgres://...`. Its statements are counted in the metrics.
    pub async fn open(url: &str, pool: Pool) -> Result<Self, DbErr> {
        if url.starts_with("sqlite:") {
            Self::open_sqlite(url, pool).await
        } else {
            Self::open_postgres(url, pool).await
        }
    }

    async fn open_sqlite(url: &str, pool: Pool) -> Result<Self, DbErr> {
        create_private(url);
        // The writer is opened first: it creates the file and sets the journal mode, which a reader may not do.
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
        // Rows are buffered, so that SQLite does not wait for the consumer.
        let questions = reader(questions).row_buffer_size(1000).disable_statement_logging();
        Ok(Self {
            exports: Questions::Sqlite(ReadPool::new(questions.clone(), pool.exports, pool.acquire_timeout)?),
            questions: Questions::Sqlite(ReadPool::new(questions, SQLITE_READERS, pool.acquire_timeout)?),
            read: count_statements(readers(REGISTER_READERS).await?, QUERIES),
            control: count_statements(readers(CONTROL_CONNECTIONS).await?, "control"),
            write: count_writes(write, &health),
            backend: DatabaseBackend::Sqlite,
            health,
            operation_timeout: pool.operation_timeout,
            statement_timeout: pool.statement_timeout,
        })
    }

    async fn open_postgres(url: &str, pool: Pool) -> Result<Self, DbErr> {
        let (statement_timeout, reach) =
            (pool.statement_timeout.as_millis().to_string(), pool.row_scope.setting().to_owned());
        let set = move |postgres: PgConnectOptions, more: &[(&'static str, &'static str)]| {
            postgres
                .application_name("cadre-api")
                .options([("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "60s"), ("jit", "off")])
                .options([("statement_timeout", &statement_timeout)])
                .options(more.iter().copied())
                .options((!reach.is_empty()).then_some(("cadre.reach", &reach)))
        };
        let connections = |connections, more: &'static [(&'static str, &'static str)]| {
            let mut options = ConnectOptions::new(url);
            options
                .max_connections(connections)
                .acquire_timeout(pool.acquire_timeout)
                // A restarted server leaves closed connections behind, so idle ones are tested before use.
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
            exports: Questions::Postgres(ReadPool::new(questions.clone(), pool.exports, pool.acquire_timeout)?),
            questions: Questions::Postgres(ReadPool::new(questions, pool.max_connections, pool.acquire_timeout)?),
            read: count_statements(connections(REGISTER_READERS, &READS).await?, QUERIES),
            control: count_statements(connections(CONTROL_CONNECTIONS, &READS).await?, "control"),
            write: count_writes(connections(pool.max_connections, &[]).await?, &health),
            backend: DatabaseBackend::Postgres,
            health,
            operation_timeout: pool.operation_timeout,
            statement_timeout: pool.statement_timeout,
        })
    }

    /// Number of connections that the operations of all clients share.
    pub fn connections(&self) -> usize {
        self.questions.most()
    }

    /// Kind of the database.
    pub fn backend(&self) -> DatabaseBackend {
        self.backend
    }

    /// Whether a join is cheaper than several statements. On a server each statement is a round trip; on the embedded
    /// database the values of wide rows cost more.
    pub fn joins(&self) -> bool {
        self.backend == DatabaseBackend::Postgres
    }

    /// Connection for reading tables without personal data; the operator's commands read everything through it.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.read
    }

    /// The read session of one query, with its visibility and the time limit of an operation.
    pub fn read_session(&self, row_scope: RowScope) -> ReadSession {
        ReadSession::new(self.questions.clone(), row_scope, Deadline::after(self.operation_timeout))
    }

    /// Another read session of the same query, with another visibility and the same deadline.
    pub fn read_session_on(&self, before: &ReadSession, row_scope: RowScope) -> ReadSession {
        ReadSession::new(self.questions.clone(), row_scope, before.deadline().clone())
    }

    /// The read session of an export with the visibility of another session: one snapshot, read page by page.
    pub fn export_session(&self, like: &ReadSession) -> ReadSession {
        ReadSession::of_snapshot(self.exports.clone(), like.row_scope().clone(), self.statement_timeout)
    }

    /// Number of exports that can run at once.
    pub fn exports(&self) -> usize {
        self.exports.most()
    }

    /// Connection reserved for authorization, readiness and the change log, so that authorization is up to date even if
    /// all readers are busy.
    pub fn control(&self) -> &DatabaseConnection {
        &self.control
    }

    /// Connection for migrations.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Begins a writing transaction. On SQLite it takes the write lock at once: a read that later turns into a write
    /// would fail under load instead of waiting. On PostgreSQL it sees all rows: a command is limited by its permit and
    /// checks rows that its caller may not see.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.begin_planned("auto", None).await
    }

    /// Like `begin`, for a command of a client, which reads and writes few rows by key: PostgreSQL uses generic plans.
    /// Bulk writes need new plans as tables grow.
    pub async fn begin_small(&self) -> Result<DatabaseTransaction, DbErr> {
        self.begin_planned("force_generic_plan", None).await
    }

    /// Like `begin_small`; also takes a named lock in shared mode until the transaction ends, as `lock` does, without
    /// another round trip.
    pub async fn begin_small_sharing(&self, name: &str) -> Result<DatabaseTransaction, DbErr> {
        self.begin_planned("force_generic_plan", Some(name)).await
    }

    async fn begin_planned(&self, mode: &str, shared: Option<&str>) -> Result<DatabaseTransaction, DbErr> {
        let sqlite_transaction_mode =
            (self.backend == DatabaseBackend::Sqlite).then_some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode, ..Default::default() };
        let result = self.write.begin_with_options(options).await;
        let txn = result.inspect_err(|error| {
            if Fault::of(error).is_some() {
                self.health.mark_doubtful();
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

    /// Whether row security applies to a role, or to the role of this connection. SQLite has no row security: the
    /// result is always `Bound`.
    pub async fn rls_status(&self, role: Option<&str>) -> Result<RlsStatus, DbErr> {
        match self.backend {
            DatabaseBackend::Postgres => role::rls_status(&self.control, role).await,
            _ => Ok(RlsStatus::Bound),
        }
    }

    /// Repeats the grants of all roles that the service logs in as, so that they include new tables.
    pub async fn grant_again(&self) -> Result<(), DbErr> {
        for role in role::granted(&self.control).await? {
            self.grant(&role).await?;
        }
        Ok(())
    }

    /// Grants a PostgreSQL role the rights that the service needs: tables and sequences, and only insert and read on
    /// logs.
    pub async fn grant(&self, role: &str) -> Result<(), DbErr> {
        let grants = role::grants(&self.control, role).await?;
        let txn = self.write.begin().await?;
        for grant in grants {
            txn.execute_unprepared(&grant).await?;
        }
        txn.commit().await
    }

    /// Begins a read-only transaction that sees one snapshot of the database.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        // Every SQLite transaction reads one snapshot.
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

    /// Begins a read-only transaction that sees one snapshot of all rows, also those that row security hides from the
    /// connections of the service.
    pub async fn snapshot_of_everything(&self) -> Result<DatabaseTransaction, DbErr> {
        let snapshot = self.snapshot().await?;
        if self.backend == DatabaseBackend::Postgres {
            let set = Func::cust("set_config").arg("cadre.reach").arg(RowScope::Everything.setting()).arg(true);
            snapshot.query_one(Query::select().expr(Expr::expr(set))).await?;
        }
        Ok(snapshot)
    }

    /// Checks that the database responds.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.control.ping().await
    }

    /// The disk fault that prevents writes, if any. After a failed write each call writes a probe until one succeeds.
    pub async fn fault(&self) -> Option<Fault> {
        self.health.check(async { storage::probe(self.begin().await?).await }).await
    }

    /// Compares the schema of the database with that of this version.
    pub async fn schema_state(&self) -> Result<SchemaState, DbErr> {
        let known: Vec<String> =
            Migrator::get_migration_files().iter().map(|migration| migration.name().to_owned()).collect();
        // Read directly from the table: SeaORM's list of migrations fails on those of a newer version.
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

    /// Waits for running statements and closes; the embedded database checkpoints its journal into the file.
    pub async fn close(self) -> Result<(), DbErr> {
        self.questions.close().await?;
        self.exports.close().await?;
        self.control.close().await?;
        self.read.close().await?;
        self.write.close().await
    }
}

/// Creates the file of a new embedded database readable by its owner only, because it will contain personal data and
/// private keys. Failures are ignored here; opening the database reports them.
fn create_private(url: &str) {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//").split('?').next().unwrap_or_default();
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

/// The schema of a database, compared with the schema that this version of the service expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// The expected schema.
    Current,
    /// Number of migrations that are still to run; all of them if the database is empty.
    Older(usize),
    /// Migrated by a newer version of the service; these migrations are unknown to this one.
    Newer(Vec<String>),
}

/// Counts the statements of the writer pool. A failed statement marks the disk as doubtful.
fn count_writes(mut connection: DatabaseConnection, health: &Arc<Health>) -> DatabaseConnection {
    let health = Arc::clone(health);
    connection.set_metric_callback(move |info| {
        count("command", info.elapsed, info.failed);
        if info.failed {
            health.mark_doubtful();
        }
    });
    connection
}

/// Counts the statements of a pool.
fn count_statements(mut connection: DatabaseConnection, pool: &'static str) -> DatabaseConnection {
    connection.set_metric_callback(move |info| count(pool, info.elapsed, info.failed));
    connection
}

/// Mode of a named lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// Shared with other holders of this mode.
    Shared,
    /// Exclusive.
    Alone,
}

impl LockMode {
    /// The PostgreSQL function call that takes a named lock until the transaction ends.
    fn take(self, name: &str) -> FunctionCall {
        let take = match self {
            Self::Shared => "pg_advisory_xact_lock_shared",
            Self::Alone => "pg_advisory_xact_lock",
        };
        Func::cust(take).arg(Func::cust("hashtext").arg(name))
    }
}

/// Takes a named lock until the transaction ends. SQLite needs none: writing transactions are exclusive.
pub async fn lock(txn: &DatabaseTransaction, name: &str, hold: LockMode) -> Result<(), DbErr> {
    if txn.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(());
    }
    txn.query_one(Query::select().expr(hold.take(name))).await.map(drop)
}

/// Tests `column IN ids` with one statement text and one bound value, regardless of the number of ids.
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

/// The same as a condition on each row: the planner cannot use an index for it, and estimates that half of the rows
/// match.
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

/// Tests `column IN (select)`, evaluated first regardless of the planner's estimate for the rest.
pub fn any_found(backend: DatabaseBackend, column: impl Into<SimpleExpr>, select: SelectStatement) -> SimpleExpr {
    match backend {
        // PostgreSQL estimates ten elements for an array: so few that it does not scan in index order instead.
        DatabaseBackend::Postgres => Expr::cust_with_exprs("$1 = ANY(ARRAY $2)", [column.into(), select.into()]),
        _ => column.into().in_subquery(select),
    }
}

/// Tests `column IN words` with one statement text and one bound value, regardless of the number of words.
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
