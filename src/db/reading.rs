//! What a question is read through: on PostgreSQL one transaction that only reads, with the caller's sight set in it.

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, ExecResult, QueryResult,
    Statement, TransactionTrait,
    prelude::async_trait::async_trait,
    sea_query::{Expr, Func, Query},
};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// What of persons a transaction sees on PostgreSQL, where row security stands behind the program's own narrowing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// Nobody: what nothing was said of.
    #[default]
    Nothing,
    /// Who is known to some of these units.
    Units(Vec<Uuid>),
    /// Everybody: for acts, which look beyond their caller, and for the operator.
    Everything,
}

impl Sight {
    /// The value of the setting that the policies read.
    pub(super) fn setting(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Units(units) => {
                let mut array = String::with_capacity(units.len() * 33 + 2);
                array.push('{');
                for (at, unit) in units.iter().enumerate() {
                    if at > 0 {
                        array.push(',');
                    }
                    array.push_str(unit.simple().encode_lower(&mut Uuid::encode_buffer()));
                }
                array.push('}');
                array
            }
            Self::Everything => "*".to_owned(),
        }
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
    open: Mutex<Option<DatabaseTransaction>>,
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
    async fn open(&self) -> Result<MutexGuard<'_, Option<DatabaseTransaction>>, DbErr> {
        let mut open = self.open.lock().await;
        if open.is_none() {
            let txn = self.connection.begin().await?;
            self.sight.set(&txn).await?;
            *open = Some(txn);
        }
        Ok(open)
    }
}

/// After a failure PostgreSQL refuses whatever else comes in the transaction; the siblings of a field that failed are
/// to be answered, so they get another.
fn kept<T>(mut open: MutexGuard<'_, Option<DatabaseTransaction>>, result: Result<T, DbErr>) -> Result<T, DbErr> {
    if result.is_err() {
        open.take();
    }
    result
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
        let open = self.open().await?;
        let result = open.as_ref().ok_or_else(not_open)?.query_one_raw(statement).await;
        kept(open, result)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        if self.backend != DatabaseBackend::Postgres {
            return self.connection.query_all_raw(statement).await;
        }
        let open = self.open().await?;
        let result = open.as_ref().ok_or_else(not_open)?.query_all_raw(statement).await;
        kept(open, result)
    }
}
