//! Reads of one snapshot of the database in a transaction that stays open between them, on both databases.

use std::{mem, time::Duration};

use sea_orm::{
    DbErr, QueryResult, Statement,
    sqlx::{Postgres, Sqlite},
};
use tokio::{sync::Mutex, time::timeout};

use crate::db::{
    RowScope,
    read_pool::{PooledRead, QueryBackend, Questions, ReadPool},
    statement::{results, timed_out, values},
};

/// How long PostgreSQL keeps a transaction without statements. Between two pages an export waits for the budget of its
/// client, at most a minute, and for the client to take the previous page, at most another.
const IDLE: &str = "150s";

/// Reads of one snapshot. The first read begins the transaction; it ends with the value.
#[derive(Debug)]
pub(super) struct SnapshotReads {
    begin: String,
    /// Time limit of one statement.
    limit: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    NotBegun,
    Sqlite(PooledRead<Sqlite>),
    Postgres(PooledRead<Postgres>),
    /// A statement failed or was abandoned. A new transaction would read a later snapshot.
    Ended,
}

impl SnapshotReads {
    /// Reads with this visibility; each statement has the time limit.
    pub fn new(questions: &Questions, row_scope: &RowScope, limit: Duration) -> Self {
        let begin = match questions {
            Questions::Sqlite(_) => "BEGIN".to_owned(),
            Questions::Postgres(_) => format!(
                "BEGIN; SET LOCAL cadre.reach = '{}'; SET LOCAL plan_cache_mode = auto; \
                 SET LOCAL idle_in_transaction_session_timeout = '{IDLE}'",
                row_scope.setting()
            ),
        };
        Self { begin, limit, state: Mutex::new(State::NotBegun) }
    }

    /// Runs a statement.
    pub async fn query(&self, questions: &Questions, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut state = self.state.lock().await;
        let run = async {
            let open = match (mem::replace(&mut *state, State::Ended), questions) {
                (State::NotBegun, Questions::Sqlite(pool)) => State::Sqlite(self.begun(pool).await?),
                (State::NotBegun, Questions::Postgres(pool)) => State::Postgres(self.begun(pool).await?),
                (open, _) => open,
            };
            let rows = match open {
                State::Sqlite(mut pooled) => {
                    let rows = results(pooled.rows(statement.sql, values(statement.values)).await?);
                    *state = State::Sqlite(pooled);
                    rows
                }
                State::Postgres(mut pooled) => {
                    let rows = results(pooled.rows(statement.sql, values(statement.values)).await?);
                    *state = State::Postgres(pooled);
                    rows
                }
                State::NotBegun | State::Ended => {
                    return Err(DbErr::Custom("the snapshot of an export has ended".to_owned()));
                }
            };
            Ok(rows)
        };
        timeout(self.limit, run).await.unwrap_or_else(|_| Err(timed_out()))
    }

    async fn begun<DB: QueryBackend>(&self, pool: &ReadPool<DB>) -> Result<PooledRead<DB>, DbErr> {
        let mut pooled = pool.acquire().await?;
        pooled.begin(self.begin.clone()).await?;
        Ok(pooled)
    }
}
