//! Read session of one request. On PostgreSQL the costs of a query are round trips and planning, so typical queries use
//! one round trip and a prepared generic plan.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DbErr, ExecResult, QueryResult, Statement,
    prelude::async_trait::async_trait,
    sea_query::Values,
    sqlx::{Postgres, postgres::PgRow},
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout_at},
};

use crate::db::{
    RowScope,
    read_pool::{PooledRead, QueryBackend, Questions, ReadPool},
    snapshot_reads::SnapshotReads,
    statement::{results, timed_out, values},
};

/// Read modes on PostgreSQL, cheapest first. A compiled request knows its mode; all others use `Any`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReadMode {
    /// One prepared statement in one round trip, which sets its visibility itself.
    Single,
    /// Prepared statements in a read-only transaction.
    Prepared,
    /// Any statements in a read-only transaction; PostgreSQL chooses between custom and generic plans.
    Any,
}

/// Read session of one query. On PostgreSQL it is one statement or one read-only transaction, begun by the first read:
/// all reads see one snapshot and only visible rows. On SQLite reads run on the pool, one after another. An operation
/// thus uses one connection at a time, and its reads fail after its time limit.
#[derive(Debug)]
pub struct ReadSession {
    questions: Questions,
    row_scope: RowScope,
    deadline: Deadline,
    state: Mutex<State>,
    /// The transaction of an export; `None` for all other operations.
    snapshot: Option<SnapshotReads>,
}

/// The time limit of an operation. It starts with the first read.
#[derive(Clone, Debug)]
pub struct Deadline {
    limit: Duration,
    at: Arc<OnceLock<Instant>>,
}

impl Deadline {
    /// A limit counted from the first read.
    pub(super) fn after(limit: Duration) -> Self {
        Self { limit, at: Arc::default() }
    }

    fn at(&self) -> Instant {
        *self.at.get_or_init(|| Instant::now() + self.limit)
    }

    /// Checks that the time limit has not passed.
    ///
    /// # Errors
    /// An error that `is_timeout` recognizes, if it has passed.
    pub fn check(&self) -> Result<(), DbErr> {
        let at = self.at();
        if Instant::now() < at { Ok(()) } else { Err(timed_out()) }
    }
}

/// Lets PostgreSQL choose between custom and generic plans until the end of the transaction.
const CHOOSE_PLANS: &str = "SET LOCAL plan_cache_mode = auto";

#[derive(Debug)]
struct State {
    read_mode: ReadMode,
    /// Whether rows of a statement outside of a transaction are part of the response.
    has_read: bool,
    open: Option<Transaction>,
}

#[derive(Debug)]
struct Transaction {
    pooled: PooledRead<Postgres>,
    /// Whether PostgreSQL chooses between custom and generic plans.
    chooses_plans: bool,
}

/// Reads by prepared statements with generic plans. These statements are few, and one plan is good for all values; each
/// connection plans them once.
#[derive(Clone, Copy, Debug)]
pub struct PreparedReads<'a>(&'a ReadSession);

impl ReadSession {
    /// A session with this visibility.
    pub(super) fn new(questions: Questions, row_scope: RowScope, deadline: Deadline) -> Self {
        let state = State { read_mode: ReadMode::Any, has_read: false, open: None };
        Self { questions, row_scope, deadline, state: Mutex::new(state), snapshot: None }
    }

    /// A session that reads one snapshot on both databases until it is dropped. Each statement has the time limit; all
    /// together have none.
    pub(super) fn of_snapshot(questions: Questions, row_scope: RowScope, limit: Duration) -> Self {
        let snapshot = SnapshotReads::new(&questions, &row_scope, limit);
        Self { snapshot: Some(snapshot), ..Self::new(questions, row_scope, Deadline::after(limit)) }
    }

    /// Visible rows.
    pub(super) fn row_scope(&self) -> &RowScope {
        &self.row_scope
    }

    /// The time limit of the operation.
    pub fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// The same session, reading by prepared statements.
    pub fn prepared(&self) -> PreparedReads<'_> {
        PreparedReads(self)
    }

    /// Starts reading in a mode. The next read starts a new snapshot.
    pub async fn start(&self, read_mode: ReadMode) {
        self.end().await;
        self.state.lock().await.read_mode = read_mode;
    }

    /// Continues in this mode or the current one, whichever is more general. Without a transaction, the next read
    /// starts a new snapshot, so rows that were read before must not become part of the response.
    pub async fn continue_in(&self, read_mode: ReadMode) {
        let mut state = self.state.lock().await;
        state.read_mode = state.read_mode.max(read_mode);
        state.has_read = false;
    }

    /// Returns the connection. The next read starts a new snapshot, which includes later commits. Called before a
    /// command begins. The session of an export keeps its connection and its snapshot.
    pub async fn end(&self) {
        let open = {
            let mut state = self.state.lock().await;
            state.has_read = false;
            state.open.take()
        };
        if let Some(open) = open {
            open.pooled.release().await;
        }
    }

    /// Runs a statement that needs at least the mode `own`. A statement in a mode without transaction is the only one,
    /// because another one would read another snapshot.
    async fn rows(
        &self,
        read_pool: &ReadPool<Postgres>,
        statement: Statement,
        own: ReadMode,
    ) -> Result<Vec<PgRow>, DbErr> {
        let mut state = self.state.lock().await;
        if state.has_read {
            return Err(DbErr::Custom("a request that is limited to one statement sent a second one".to_owned()));
        }
        match state.read_mode.max(own) {
            ReadMode::Single if state.open.is_none() => {
                state.has_read = true;
                self.in_one_trip(read_pool, statement).await
            }
            read_mode => self.in_transaction(read_pool, &mut state, read_mode, statement).await,
        }
    }

    /// Runs the statement as its own transaction. It sets the visibility first: PostgreSQL evaluates a condition
    /// without row references before it reads any row. If it did not, no row would be visible.
    async fn in_one_trip(&self, read_pool: &ReadPool<Postgres>, statement: Statement) -> Result<Vec<PgRow>, DbErr> {
        let Values(mut values) = values(statement.values);
        values.push(self.row_scope.setting().into());
        let sql = format!(
            "SELECT asked.* FROM ({}) AS asked WHERE (SELECT set_config('cadre.reach', ${}, true)) IS NOT NULL",
            statement.sql,
            values.len(),
        );
        answered(read_pool, sql, Values(values)).await
    }

    /// Runs the statement in the transaction, beginning one if needed. A failure ends the transaction, because
    /// PostgreSQL refuses further statements in it; sibling fields of a failed one still need results and begin
    /// another.
    async fn in_transaction(
        &self,
        read_pool: &ReadPool<Postgres>,
        state: &mut State,
        read_mode: ReadMode,
        statement: Statement,
    ) -> Result<Vec<PgRow>, DbErr> {
        let needs_choice = read_mode == ReadMode::Any;
        let mut open = match state.open.take() {
            Some(open) => open,
            None => {
                let mut pooled = read_pool.acquire().await?;
                pooled.begin(self.begin(needs_choice)).await?;
                Transaction { pooled, chooses_plans: needs_choice }
            }
        };
        if needs_choice && !open.chooses_plans {
            open.pooled.set(CHOOSE_PLANS.to_owned()).await?;
            open.chooses_plans = true;
        }
        let rows = open.pooled.rows(statement.sql, values(statement.values)).await?;
        state.open = Some(open);
        Ok(rows)
    }

    /// The statements that begin a transaction with its visibility, in one round trip. The setting consists of ids
    /// only, never of user input.
    fn begin(&self, chooses_plans: bool) -> String {
        let reach = self.row_scope.setting();
        match chooses_plans {
            true => format!("BEGIN; SET LOCAL cadre.reach = '{reach}'; {CHOOSE_PLANS}"),
            false => format!("BEGIN; SET LOCAL cadre.reach = '{reach}'"),
        }
    }

    async fn query(&self, statement: Statement, own: ReadMode) -> Result<Vec<QueryResult>, DbErr> {
        if let Some(snapshot) = &self.snapshot {
            return snapshot.query(&self.questions, statement).await;
        }
        self.deadline.check()?;
        let read = async {
            match &self.questions {
                Questions::Postgres(read_pool) => Ok(results(self.rows(read_pool, statement, own).await?)),
                Questions::Sqlite(read_pool) => {
                    let _turn = self.state.lock().await;
                    Ok(results(answered(read_pool, statement.sql, values(statement.values)).await?))
                }
            }
        };
        timeout_at(self.deadline.at(), read).await.unwrap_or_else(|_| Err(timed_out()))
    }
}

/// Runs a single statement outside a transaction.
async fn answered<DB: QueryBackend>(
    read_pool: &ReadPool<DB>,
    sql: String,
    values: Values,
) -> Result<Vec<DB::Row>, DbErr> {
    let mut pooled = read_pool.acquire().await?;
    let rows = pooled.rows(sql, values).await?;
    pooled.release().await;
    Ok(rows)
}

fn only_reads() -> DbErr {
    DbErr::Custom("a read session cannot write".to_owned())
}

#[async_trait]
impl ConnectionTrait for ReadSession {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.questions.backend()
    }

    async fn execute_raw(&self, _: Statement) -> Result<ExecResult, DbErr> {
        Err(only_reads())
    }

    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(only_reads())
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query(statement, ReadMode::Any).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.query(statement, ReadMode::Any).await
    }
}

#[async_trait]
impl ConnectionTrait for PreparedReads<'_> {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, _: Statement) -> Result<ExecResult, DbErr> {
        Err(only_reads())
    }

    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(only_reads())
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.0.query(statement, ReadMode::Single).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.0.query(statement, ReadMode::Single).await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use sea_orm::sqlx::{ConnectOptions, Sqlite, sqlite::SqliteConnectOptions};
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::db::is_timeout;

    /// A statement that never ends.
    const ENDLESS: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";

    fn read_session(limit: Duration) -> ReadSession {
        let options = SqliteConnectOptions::new().in_memory(true);
        let read_pool = ReadPool::new(options, 4, Duration::from_secs(60)).expect("a pool");
        ReadSession::new(Questions::Sqlite(read_pool), RowScope::Everything, Deadline::after(limit))
    }

    async fn ask(read_session: &ReadSession, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
        read_session.query_all_raw(Statement::from_string(DatabaseBackend::Sqlite, sql)).await
    }

    #[tokio::test]
    async fn an_operation_uses_one_connection_at_a_time() {
        let read_session = read_session(Duration::from_secs(60));

        let answers = join_all((0..16).map(|_| ask(&read_session, "SELECT 1"))).await;

        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(read_session.questions.measure(), (1, 1));
    }

    #[tokio::test]
    async fn after_its_time_limit_an_operation_reads_nothing_and_its_statement_is_stopped() {
        let read_session = read_session(Duration::from_millis(50));

        let error = ask(&read_session, ENDLESS).await.expect_err("it never ends");
        assert!(is_timeout(&error), "{error}");
        assert_eq!(read_session.questions.measure(), (0, 0), "the connection of the statement is not used again");
        let error = ask(&read_session, "SELECT 1").await.expect_err("no time is left");
        assert!(is_timeout(&error), "{error}");
        let more = ReadSession::new(read_session.questions.clone(), RowScope::Nothing, read_session.deadline().clone());
        assert!(ask(&more, "SELECT 1").await.is_err(), "more reads of the operation share the limit");
    }

    #[tokio::test]
    async fn a_statement_of_sqlite_ends_when_it_is_told_to_stop() {
        let mut connection = SqliteConnectOptions::new().in_memory(true).connect().await.expect("a connection");
        let stop = Arc::new(AtomicBool::new(false));
        <Sqlite as QueryBackend>::watch(&mut connection, Arc::clone(&stop)).await.expect("watched");
        let running = <Sqlite as QueryBackend>::rows(&mut connection, ENDLESS.to_owned(), Values(Vec::new()));

        stop.store(true, Ordering::Relaxed);

        let error = running.await.expect_err("it was stopped");
        let code = error.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some("9"), "SQLITE_INTERRUPT: {error}");
    }
}
