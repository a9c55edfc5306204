//! What a question is read through: on PostgreSQL one transaction that only reads, with the caller's sight set in it.

use std::{sync::Arc, time::Instant};

use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, ExecResult,
    QueryResult, RuntimeErr, Statement,
    prelude::async_trait::async_trait,
    sea_query::{Expr, Func, Query, Values},
    sqlx::{self, AssertSqlSafe, Postgres, Transaction},
};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use crate::db::count;

/// What of persons a transaction sees on PostgreSQL, where row security stands behind the program's own narrowing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// Nobody: what nothing was said of.
    #[default]
    Nothing,
    /// Who is known to some of these units.
    Units(Runs),
    /// Everybody: for acts, which look beyond their caller, and for the operator.
    Everything,
}

/// Units as runs of their ids, so that a few bounds stand for thousands that were recorded together: the first of a run,
/// and what comes after its last, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs(Arc<str>);

impl Sight {
    /// What those units of all see that are within reach.
    pub fn of(all: impl Iterator<Item = Uuid>, is_within: impl Fn(Uuid) -> bool) -> Self {
        let mut all: Vec<Uuid> = all.collect();
        all.sort_unstable();
        let runs: Vec<&[Uuid]> =
            all.chunk_by(|one, next| is_within(*one) == is_within(*next)).filter(|run| is_within(run[0])).collect();
        if runs.iter().map(|run| run.len()).sum::<usize>() == all.len() {
            return Self::Everything;
        }
        let bounds = runs.iter().filter_map(|run| Some([*run.first()?, after(*run.last()?)])).flatten();
        let bounds: Vec<String> = bounds.map(|bound| bound.simple().to_string()).collect();
        Self::Units(Runs(format!("{{{}}}", bounds.join(",")).into()))
    }

    /// The value of the setting that the policies read.
    pub(super) fn setting(&self) -> &str {
        match self {
            Self::Nothing => "",
            Self::Units(Runs(bounds)) => bounds,
            Self::Everything => "*",
        }
    }

    /// The statement that begins a transaction within it, in one trip to the database. The setting is made of ids, never of
    /// what came in.
    fn begin(&self) -> AssertSqlSafe<String> {
        AssertSqlSafe(format!("BEGIN; SET LOCAL cadre.reach = '{}'", self.setting()))
    }

    /// Sets it for the rest of a transaction.
    pub(super) async fn set(&self, txn: &DatabaseTransaction) -> Result<(), DbErr> {
        let setting = Func::cust("set_config").arg("cadre.reach").arg(self.setting()).arg(true);
        txn.query_one(Query::select().expr(Expr::expr(setting))).await.map(drop)
    }
}

/// The reads of one question. On PostgreSQL they are one transaction, begun by the first of them: all see the same
/// moment, only what is in sight, and write nothing. On SQLite each goes to the readers.
#[derive(Debug)]
pub struct Reading {
    connection: DatabaseConnection,
    backend: DatabaseBackend,
    sight: Sight,
    open: Mutex<Option<Transaction<'static, Postgres>>>,
}

impl Reading {
    /// Reads within a sight.
    pub(super) fn new(connection: DatabaseConnection, backend: DatabaseBackend, sight: Sight) -> Self {
        Self { connection, backend, sight, open: Mutex::new(None) }
    }

    /// Gives the connection back. The next read begins anew and sees what was committed meanwhile. Called before an act
    /// begins.
    pub async fn end(&self) {
        // What only read has nothing to lose: a rollback that fails is told by the next use of the connection.
        if let Some(open) = self.open.lock().await.take() {
            let _ended = open.rollback().await;
        }
    }

    /// The transaction, begun if it is not open.
    async fn open(&self) -> Result<MutexGuard<'_, Option<Transaction<'static, Postgres>>>, DbErr> {
        let mut open = self.open.lock().await;
        if open.is_none() {
            let begun = self.connection.get_postgres_connection_pool().begin_with(self.sight.begin()).await;
            *open = Some(begun.map_err(acquired)?);
        }
        Ok(open)
    }

    /// The rows of a statement, each failure of which ends the transaction: PostgreSQL refuses whatever else comes in it,
    /// and the siblings of a field that failed are to be answered, so they get another.
    async fn rows(&self, Statement { sql, values, .. }: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut open = self.open().await?;
        let txn = open.as_mut().ok_or_else(not_open)?;
        let since = Instant::now();
        let query = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values.unwrap_or(Values(Vec::new()))));
        let rows = query.fetch_all(&mut **txn).await;
        count(since.elapsed(), rows.is_err());
        if rows.is_err() {
            open.take();
        }
        Ok(rows.map_err(failed)?.into_iter().map(QueryResult::from).collect())
    }
}

/// The next id.
fn after(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_add(1))
}

/// Why there is no connection.
fn acquired(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

fn not_open() -> DbErr {
    DbErr::Custom("a reading that was not begun".to_owned())
}

fn only_reads() -> DbErr {
    DbErr::Custom("a question writes nothing".to_owned())
}

#[async_trait]
impl ConnectionTrait for Reading {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.backend
    }

    async fn execute_raw(&self, _: Statement) -> Result<ExecResult, DbErr> {
        Err(only_reads())
    }

    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(only_reads())
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        if self.backend != DatabaseBackend::Postgres {
            return self.connection.query_one_raw(statement).await;
        }
        Ok(self.rows(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        if self.backend != DatabaseBackend::Postgres {
            return self.connection.query_all_raw(statement).await;
        }
        self.rows(statement).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_were_recorded_together_are_one_run() {
        let sight = |within: &[u128]| {
            let all = [9, 3, 4, 5, 7, 1].into_iter().map(Uuid::from_u128);
            Sight::of(all, |id| within.contains(&id.as_u128())).setting().replace('0', "")
        };
        assert_eq!(sight(&[3, 4, 5, 9]), "{3,6,9,a}");
        assert_eq!(sight(&[4]), "{4,5}");
        assert_eq!(sight(&[1, 7]), "{1,2,7,8}");
        assert_eq!(sight(&[]), "{}");
        assert_eq!(sight(&[1, 3, 4, 5, 7, 9]), "*");
    }
}
