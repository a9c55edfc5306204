//! What a question is read through. On PostgreSQL a question pays for each trip and for each statement that is planned
//! anew, so the usual ones take one trip and a plan that is kept.

use std::sync::atomic::{AtomicU8, Ordering};

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DbErr, ExecResult, QueryResult, Statement,
    prelude::async_trait::async_trait,
    sea_query::Values,
    sqlx::{Postgres, postgres::PgRow},
};
use tokio::sync::Mutex;

use crate::db::{
    Sight,
    readers::{Asked, Lent, Questions, Readers},
};

/// How a question reads on PostgreSQL, from the cheapest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Course {
    /// One kept statement in one trip, which sets its sight itself.
    Single,
    /// Kept statements in a transaction that only reads.
    Kept,
    /// Any statements in such a transaction, each planned for its values where PostgreSQL thinks that this pays.
    Any,
}

impl Course {
    const ALL: [Self; 3] = [Self::Single, Self::Kept, Self::Any];
}

/// The course that a question took last: most take the same again.
#[derive(Debug, Default)]
pub struct LastCourse(AtomicU8);

impl LastCourse {
    /// The course; the cheapest where the question was not asked yet.
    pub fn get(&self) -> Course {
        Course::ALL[usize::from(self.0.load(Ordering::Relaxed)).min(2)]
    }

    /// Remembers a course.
    pub fn set(&self, course: Course) {
        self.0.store(course as u8, Ordering::Relaxed);
    }
}

/// The reads of one question. On PostgreSQL they are one statement or one transaction, begun by the first of them: all
/// see the same moment, only what is in sight, and write nothing. On SQLite each goes to the readers.
#[derive(Debug)]
pub struct Reading {
    questions: Questions,
    sight: Sight,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    course: Course,
    /// The course that what was read so far needs.
    needed: Option<Course>,
    open: Option<Lent<Postgres>>,
}

/// The reads of a question by statements of which there are few, each good by the same plan whatever its values: it is
/// made once for a connection.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a>(&'a Reading);

impl Reading {
    /// Reads within a sight.
    pub(super) fn new(questions: Questions, sight: Sight) -> Self {
        let state = State { course: Course::Any, needed: None, open: None };
        Self { questions, sight, state: Mutex::new(state) }
    }

    /// The same, by kept statements.
    pub fn kept(&self) -> Kept<'_> {
        Kept(self)
    }

    /// Begins anew in a course: whatever leads beyond it fails.
    pub async fn take(&self, course: Course) {
        self.end().await;
        self.state.lock().await.course = course;
    }

    /// Leaves the course, for whatever comes, and tells which one what was read needed.
    pub async fn leave(&self) -> Course {
        let mut state = self.state.lock().await;
        state.course = Course::Any;
        state.needed.unwrap_or(Course::Single)
    }

    /// The course that was needed, where it led beyond the one that was taken.
    pub async fn beyond(&self) -> Option<Course> {
        let state = self.state.lock().await;
        state.needed.filter(|needed| *needed > state.course)
    }

    /// Gives the connection back. The next read begins anew and sees what was committed meanwhile. Called before an act
    /// begins.
    pub async fn end(&self) {
        let open = {
            let mut state = self.state.lock().await;
            state.needed = None;
            state.open.take()
        };
        if let Some(open) = open {
            open.back().await;
        }
    }

    /// The rows of a statement, which needs a course of its own.
    async fn rows(&self, readers: &Readers<Postgres>, statement: Statement, own: Course) -> Result<Vec<PgRow>, DbErr> {
        let mut state = self.state.lock().await;
        let needed = state.needed.map_or(own, |before| before.max(own).max(Course::Kept));
        state.needed = Some(needed);
        if needed > state.course {
            return Err(DbErr::Custom("a question that leads beyond its course".to_owned()));
        }
        match state.course {
            Course::Single => self.in_one_trip(readers, statement).await,
            course => self.in_transaction(readers, &mut state, course, statement).await,
        }
    }

    /// The statement alone, which is a transaction of its own. Its first deed is to set the sight until its end: a
    /// condition that depends on no row is asked before any row is looked for. Were it otherwise, nobody would be in sight.
    async fn in_one_trip(&self, readers: &Readers<Postgres>, statement: Statement) -> Result<Vec<PgRow>, DbErr> {
        let Values(mut values) = values(statement.values);
        values.push(self.sight.setting().into());
        let sql = format!(
            "SELECT asked.* FROM ({}) AS asked WHERE (SELECT set_config('cadre.reach', ${}, true)) IS NOT NULL",
            statement.sql,
            values.len(),
        );
        answered(readers, sql, Values(values)).await
    }

    /// The statement in the transaction, begun if it is not open. Each failure ends it: PostgreSQL refuses whatever else
    /// comes in it, and the siblings of a field that failed are to be answered, so they get another.
    async fn in_transaction(
        &self,
        readers: &Readers<Postgres>,
        state: &mut State,
        course: Course,
        statement: Statement,
    ) -> Result<Vec<PgRow>, DbErr> {
        let mut lent = match state.open.take() {
            Some(open) => open,
            None => {
                let mut lent = readers.lend().await?;
                lent.begin(self.begin(course)).await?;
                lent
            }
        };
        let rows = lent.rows(statement.sql, values(statement.values)).await?;
        state.open = Some(lent);
        Ok(rows)
    }

    /// The statement that begins a transaction within the sight, in one trip to the database. The setting is made of ids,
    /// never of what came in.
    fn begin(&self, course: Course) -> String {
        let planned = if course == Course::Any { "; SET LOCAL plan_cache_mode = auto" } else { "" };
        format!("BEGIN; SET LOCAL cadre.reach = '{}'{planned}", self.sight.setting())
    }

    async fn query(&self, statement: Statement, own: Course) -> Result<Vec<QueryResult>, DbErr> {
        match &self.questions {
            Questions::Postgres(readers) => Ok(results(self.rows(readers, statement, own).await?)),
            Questions::Sqlite(readers) => {
                Ok(results(answered(readers, statement.sql, values(statement.values)).await?))
            }
        }
    }
}

/// The rows of a statement that is alone.
async fn answered<DB: Asked>(readers: &Readers<DB>, sql: String, values: Values) -> Result<Vec<DB::Row>, DbErr> {
    let mut lent = readers.lend().await?;
    let rows = lent.rows(sql, values).await?;
    lent.back().await;
    Ok(rows)
}

fn results<R: Into<QueryResult>>(rows: Vec<R>) -> Vec<QueryResult> {
    rows.into_iter().map(R::into).collect()
}

fn values(values: Option<Values>) -> Values {
    values.unwrap_or(Values(Vec::new()))
}

fn only_reads() -> DbErr {
    DbErr::Custom("a question writes nothing".to_owned())
}

#[async_trait]
impl ConnectionTrait for Reading {
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
        Ok(self.query(statement, Course::Any).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.query(statement, Course::Any).await
    }
}

#[async_trait]
impl ConnectionTrait for Kept<'_> {
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
        Ok(self.0.query(statement, Course::Single).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.0.query(statement, Course::Single).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_tried_in_the_course_that_it_took_last() {
        let last = LastCourse::default();
        assert_eq!(last.get(), Course::Single);
        for course in Course::ALL {
            last.set(course);
            assert_eq!(last.get(), course);
        }
    }
}
