//! Rows that one statement takes in, whatever their number: the text of the statement is always the same.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, Statement, Value, sea_query::ArrayType};
use serde_json::json;
use uuid::Uuid;

/// The values of a column, a value for each row.
#[derive(Clone, Debug)]
pub enum Column {
    /// Ids.
    Id(Vec<Uuid>),
    /// Texts.
    Text(Vec<String>),
    /// Small numbers.
    Small(Vec<i16>),
    /// Numbers.
    Number(Vec<i32>),
    /// True or false.
    Flag(Vec<bool>),
    /// Days, or none.
    Day(Vec<Option<NaiveDate>>),
    /// Bytes.
    Bytes(Vec<Vec<u8>>),
}

/// Rows by their columns.
#[derive(Clone, Debug)]
pub struct Rows<const N: usize>(pub [(&'static str, Column); N]);

impl<const N: usize> Rows<N> {
    /// Inserts the rows in their order; where one with its key stands, `otherwise` says what is set in it.
    pub async fn upsert(
        self,
        connection: &impl ConnectionTrait,
        (table, key, otherwise): (&str, &[&str], &str),
    ) -> Result<(), DbErr> {
        let backend = connection.get_database_backend();
        let columns = self.0.each_ref().map(|(name, _)| *name).join(", ");
        let (from, values) = self.given(backend);
        let sql = format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM {from} WHERE true \
             ON CONFLICT ({}) DO UPDATE SET {otherwise}",
            key.join(", ")
        );
        connection.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await.map(drop)
    }

    /// Deletes the rows of a table that have these values.
    pub async fn delete(self, connection: &impl ConnectionTrait, table: &str) -> Result<(), DbErr> {
        let backend = connection.get_database_backend();
        let columns = self.0.each_ref().map(|(name, _)| *name).join(", ");
        let (from, values) = self.given(backend);
        let sql = format!("DELETE FROM {table} WHERE ({columns}) IN (SELECT {columns} FROM {from})");
        connection.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await.map(drop)
    }

    /// What stands after FROM, and its values.
    fn given(self, backend: DatabaseBackend) -> (String, Vec<Value>) {
        let names = self.0.each_ref().map(|(name, _)| *name);
        match backend {
            DatabaseBackend::Postgres => {
                let taken: Vec<String> =
                    self.0.iter().enumerate().map(|(at, (name, column))| column.taken_from_array(name, at)).collect();
                let arrays: Vec<String> = self
                    .0
                    .iter()
                    .enumerate()
                    .map(|(at, (_, column))| format!("${}::{}[]", at + 1, column.kind()))
                    .collect();
                let from = format!(
                    "(SELECT {} FROM unnest({}) AS raw ({})) AS given",
                    taken.join(", "),
                    arrays.join(", "),
                    names.join(", ")
                );
                (from, self.0.into_iter().map(|(_, column)| column.array()).collect())
            }
            _ => {
                let taken: Vec<String> =
                    self.0.iter().enumerate().map(|(at, (name, column))| column.taken_from_json(name, at)).collect();
                let from = format!("(SELECT {} FROM json_each(?)) AS given", taken.join(", "));
                let columns = self.0.map(|(_, column)| column.json());
                let many = columns.iter().map(Vec::len).min().unwrap_or(0);
                let rows: Vec<Vec<&serde_json::Value>> =
                    (0..many).map(|row| columns.iter().map(|column| &column[row]).collect()).collect();
                (from, vec![json!(rows).to_string().into()])
            }
        }
    }
}

impl Column {
    /// The type of PostgreSQL that its values are handed over in.
    fn kind(&self) -> &'static str {
        match self {
            Self::Id(_) => "uuid",
            Self::Text(_) | Self::Day(_) => "text",
            Self::Small(_) => "smallint",
            Self::Number(_) => "integer",
            Self::Flag(_) => "boolean",
            Self::Bytes(_) => "bytea",
        }
    }

    fn taken_from_array(&self, name: &str, _: usize) -> String {
        match self {
            Self::Day(_) => format!("nullif(raw.{name}, '')::date AS {name}"),
            _ => format!("raw.{name}"),
        }
    }

    fn taken_from_json(&self, name: &str, at: usize) -> String {
        match self {
            Self::Id(_) | Self::Bytes(_) => format!("unhex(value ->> {at}) AS {name}"),
            _ => format!("value ->> {at} AS {name}"),
        }
    }

    fn array(self) -> Value {
        fn of<T: Into<Value>>(kind: ArrayType, values: Vec<T>) -> Value {
            Value::Array(kind, Some(Box::new(values.into_iter().map(Into::into).collect())))
        }
        let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        match self {
            Self::Id(ids) => of(ArrayType::Uuid, ids),
            Self::Text(texts) => of(ArrayType::String, texts),
            Self::Small(numbers) => of(ArrayType::SmallInt, numbers),
            Self::Number(numbers) => of(ArrayType::Int, numbers),
            Self::Flag(flags) => of(ArrayType::Bool, flags),
            Self::Day(days) => of(ArrayType::String, days.into_iter().map(text).collect()),
            Self::Bytes(bytes) => of(ArrayType::Bytes, bytes),
        }
    }

    fn json(self) -> Vec<serde_json::Value> {
        match self {
            Self::Id(ids) => ids.into_iter().map(|id| json!(id.simple().to_string())).collect(),
            Self::Text(texts) => texts.into_iter().map(|text| json!(text)).collect(),
            Self::Small(numbers) => numbers.into_iter().map(|number| json!(number)).collect(),
            Self::Number(numbers) => numbers.into_iter().map(|number| json!(number)).collect(),
            Self::Flag(flags) => flags.into_iter().map(|flag| json!(i32::from(flag))).collect(),
            Self::Day(days) => days.into_iter().map(|day| json!(day.map(|day| day.to_string()))).collect(),
            Self::Bytes(bytes) => {
                bytes.into_iter().map(|bytes| json!(data_encoding::HEXLOWER.encode(&bytes))).collect()
            }
        }
    }
}
