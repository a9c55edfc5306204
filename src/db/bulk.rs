//! Many rows of one table at once, in the way that each database takes them fastest.
//!
//! PostgreSQL gets an array for each column: one statement text whatever the number of rows, planned once. Its `COPY`
//! would be no way: it refuses tables that row security closes to their owner. SQLite gets rows of parameters, in
//! statements of few lengths.

use std::fmt::Write;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, EntityTrait,
    IdenStatic, Iterable, QuerySelect, QueryTrait, Statement, Value,
    sea_query::{ArrayType, Expr, ExprTrait, Index, Query},
};

/// Names and units come in no order of their indexes. With SQLite's usual 2 MB of pages a large import would write and
/// read back each page some twenty times. 32 MiB is the most that it takes, small imports take less.
const WIDE_CACHE: &str = "PRAGMA cache_size = -32768";
/// While much is sorted: pages come in order, and SQLite sorts in as much memory again.
const SORTING_CACHE: &str = "PRAGMA cache_size = -8192";
/// What SQLite starts with.
const USUAL_CACHE: &str = "PRAGMA cache_size = -2000";

/// Most rows in one statement: beyond it a statement only grows.
const ROWS: usize = 1_000;

/// Most parameters of one statement on SQLite.
const PARAMETERS: usize = 32_766;

/// Makes a transaction fit for millions of rows: it may take its time, and as much memory as that takes.
pub async fn widen(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    let settings = match txn.get_database_backend() {
        DatabaseBackend::Postgres => {
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL work_mem = '64MB'"
        }
        _ => WIDE_CACHE,
    };
    txn.execute_unprepared(settings).await.map(drop)
}

/// Sorts from here on in little memory: SQLite takes as much for it as its cache has.
pub async fn slim(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    cache(txn, SORTING_CACHE).await
}

/// Takes back what would outlive the transaction. Called inside it, right before its end: afterwards another one might
/// have the connection, and waiting for it could fail what is already committed.
pub async fn narrow(txn: &DatabaseTransaction) -> Result<(), DbErr> {
    cache(txn, USUAL_CACHE).await
}

async fn cache(txn: &DatabaseTransaction, pragma: &str) -> Result<(), DbErr> {
    match txn.get_database_backend() {
        DatabaseBackend::Postgres => Ok(()),
        _ => txn.execute_unprepared(pragma).await.map(drop),
    }
}

/// Inserts rows of a table in their order, however many there are; they are taken as they are written. A column that the
/// first row leaves out is left to its default in all of them.
///
/// # Errors
/// What the database refuses, and `AttrNotSet` for a row that lacks what the first one sets.
pub async fn insert<A: ActiveModelTrait>(
    txn: &DatabaseTransaction,
    rows: impl IntoIterator<Item = A>,
) -> Result<(), DbErr> {
    let mut rows = rows.into_iter();
    let Some(first) = rows.next() else { return Ok(()) };
    let table = Table::of(&first);
    let backend = txn.get_database_backend();
    let size = match backend {
        DatabaseBackend::Postgres => ROWS,
        _ => ROWS.min(PARAMETERS / table.columns.len().max(1)),
    };
    let mut next = Some(first);
    while next.is_some() {
        let chunk: Vec<A> = next.take().into_iter().chain(rows.by_ref().take(size - 1)).collect();
        let statement = match backend {
            DatabaseBackend::Postgres => table.arrays(chunk)?,
            _ => table.values(chunk)?,
        };
        txn.execute_raw(statement).await?;
        next = rows.next();
    }
    Ok(())
}

/// The indexes of a table that is being filled, as the statements that make them.
#[derive(Debug)]
#[must_use = "the table lacks its indexes until they are rebuilt"]
pub struct Indexes(Vec<String>);

impl Indexes {
    /// Takes the indexes from an empty table that is about to be filled, all but those that columns are declared with.
    /// SQLite then sorts the rows once for each index, instead of reading and writing pages here and there for each row;
    /// others read the table as it was until the commit. On PostgreSQL they stay: there, whoever reads the table would
    /// have to wait for the commit.
    pub async fn take<E: EntityTrait>(txn: &DatabaseTransaction) -> Result<Self, DbErr> {
        let is_filled = E::find().select_only().expr(Expr::val(1)).limit(1);
        if txn.get_database_backend() == DatabaseBackend::Postgres
            || txn.query_one(is_filled.as_query()).await?.is_some()
        {
            return Ok(Self(Vec::new()));
        }
        let made_by_statement = Query::select()
            .columns(["name", "sql"])
            .from("sqlite_master")
            .and_where(Expr::col("type").eq("index"))
            .and_where(Expr::col("tbl_name").eq(E::default().as_str()))
            .and_where(Expr::col("sql").is_not_null())
            .to_owned();
        let mut statements = Vec::new();
        for row in txn.query_all(&made_by_statement).await? {
            let (name, statement): (String, String) = (row.try_get("", "name")?, row.try_get("", "sql")?);
            txn.execute(&Index::drop().name(name).to_owned()).await?;
            statements.push(statement);
        }
        Ok(Self(statements))
    }

    /// Makes them again; the rows must be as unique as they demand. The cache is a wide one afterwards.
    pub async fn rebuild(self, txn: &DatabaseTransaction) -> Result<(), DbErr> {
        if self.0.is_empty() {
            return Ok(());
        }
        cache(txn, SORTING_CACHE).await?;
        for statement in self.0 {
            txn.execute_unprepared(&statement).await?;
        }
        cache(txn, WIDE_CACHE).await
    }
}

/// A table and those of its columns that are written.
struct Table<A: ActiveModelTrait> {
    name: &'static str,
    columns: Vec<<A::Entity as EntityTrait>::Column>,
}

impl<A: ActiveModelTrait> Table<A> {
    fn of(first: &A) -> Self {
        let columns = <A::Entity as EntityTrait>::Column::iter().filter(|column| !first.is_not_set(*column)).collect();
        Self { name: A::Entity::default().as_str(), columns }
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| format!("\"{}\"", column.as_str())).collect();
        names.join(", ")
    }

    /// The statement of SQLite: a parameter for each value.
    fn values(&self, rows: Vec<A>) -> Result<Statement, DbErr> {
        let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
        let all = vec![row.as_str(); rows.len()].join(", ");
        let text = format!("INSERT INTO \"{}\" ({}) VALUES {all}", self.name, self.names());
        let mut values = Vec::with_capacity(rows.len() * self.columns.len());
        for mut row in rows {
            for column in &self.columns {
                values.push(taken(&mut row, *column)?);
            }
        }
        Ok(Statement::from_sql_and_values(DatabaseBackend::Sqlite, text, values))
    }

    /// The statement of PostgreSQL: a parameter for each column, and one more that says where a nullable column is null,
    /// since the arrays that can be bound hold no null.
    fn arrays(&self, mut rows: Vec<A>) -> Result<Statement, DbErr> {
        let (mut chosen, mut given, mut values) = (String::new(), String::new(), Vec::new());
        for (at, column) in self.columns.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let is_nullable = column.def().is_null();
            let (array, absent) = array(&mut rows, *column)?;
            let (shown, named) = match is_nullable {
                true => (format!("CASE WHEN n{at} THEN NULL ELSE v{at} END"), format!("v{at}, n{at}")),
                false => (format!("v{at}"), format!("v{at}")),
            };
            write!(chosen, "{comma}{shown}").and_then(|()| write!(given, "{comma}{named}")).map_err(unwritten)?;
            values.push(array);
            if is_nullable {
                values.push(Value::Array(ArrayType::Bool, Some(Box::new(absent))));
            }
        }
        let numbers: Vec<_> = (1..=values.len()).map(|number| format!("${number}")).collect();
        let (name, names, numbers) = (self.name, self.names(), numbers.join(", "));
        let text =
            format!("INSERT INTO \"{name}\" ({names}) SELECT {chosen} FROM unnest({numbers}) AS given ({given})");
        Ok(Statement::from_sql_and_values(DatabaseBackend::Postgres, text, values))
    }
}

/// The values of a column, and where there is none: the array holds something else in their place.
fn array<A: ActiveModelTrait>(
    rows: &mut [A],
    column: <A::Entity as EntityTrait>::Column,
) -> Result<(Value, Vec<Value>), DbErr> {
    let mut absent = Vec::with_capacity(rows.len());
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        let value = taken(row, column)?;
        let is_absent = value == value.as_null();
        values.push(if is_absent { value.dummy_value() } else { value });
        absent.push(Value::from(is_absent));
    }
    let kind = values.first().map_or(ArrayType::Bool, Value::array_type);
    Ok((Value::Array(kind, Some(Box::new(values))), absent))
}

fn taken<A: ActiveModelTrait>(row: &mut A, column: <A::Entity as EntityTrait>::Column) -> Result<Value, DbErr> {
    row.take(column).into_value().ok_or_else(|| DbErr::AttrNotSet(column.as_str().to_owned()))
}

fn unwritten(error: std::fmt::Error) -> DbErr {
    DbErr::Custom(error.to_string())
}
