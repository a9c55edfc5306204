//! Statements for bulk writes into a table.

use std::fmt::Write;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseBackend, DbErr, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn,
    Statement, Value, sea_query::ArrayType,
};

/// A table and its written columns.
pub(super) struct Table<A: ActiveModelTrait> {
    name: String,
    columns: Vec<<A::Entity as EntityTrait>::Column>,
}

impl<A: ActiveModelTrait> Table<A> {
    /// The table of a row, or another one by name, with the columns that are set in the row.
    pub fn of(first: &A, name: Option<&str>) -> Self {
        let columns = <A::Entity as EntityTrait>::Column::iter().filter(|column| !first.is_not_set(*column)).collect();
        Self { name: name.unwrap_or(A::Entity::default().as_str()).to_owned(), columns }
    }

    /// Number of written columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// The statement for these rows.
    pub fn statement(
        &self,
        backend: DatabaseBackend,
        operation: RowOperation,
        rows: Vec<A>,
    ) -> Result<Statement, DbErr> {
        let (rows_sql, values) = match backend {
            DatabaseBackend::Postgres => self.arrays(rows)?,
            _ => self.parameters(rows)?,
        };
        let (name, names) = (quoted(&self.name), self.names());
        let text = match operation {
            RowOperation::Insert => format!("INSERT INTO {name} ({names}) {rows_sql}"),
            RowOperation::Replace | RowOperation::Add => {
                format!("INSERT INTO {name} ({names}) {rows_sql} {}", self.on_conflict(operation))
            }
            RowOperation::Delete => format!("DELETE FROM {name} WHERE ({names}) IN ({rows_sql})"),
        };
        Ok(Statement::from_sql_and_values(backend, text, values))
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| quoted(column.as_str())).collect();
        names.join(", ")
    }

    /// The `ON CONFLICT` clause for an existing primary key.
    fn on_conflict(&self, operation: RowOperation) -> String {
        let key: Vec<&str> =
            <A::Entity as EntityTrait>::PrimaryKey::iter().map(|key| key.into_column().as_str()).collect();
        let other_columns = self.columns.iter().map(IdenStatic::as_str).filter(|column| !key.contains(column));
        let set = other_columns.map(quoted).map(|column| match operation {
            RowOperation::Add => format!("{column} = {}.{column} + excluded.{column}", quoted(&self.name)),
            _ => format!("{column} = excluded.{column}"),
        });
        let set = set.collect::<Vec<_>>().join(", ");
        format!("ON CONFLICT ({}) DO UPDATE SET {set}", key.into_iter().map(quoted).collect::<Vec<_>>().join(", "))
    }

    /// The rows for SQLite: one parameter for each value.
    fn parameters(&self, rows: Vec<A>) -> Result<(String, Vec<Value>), DbErr> {
        let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
        let text = format!("VALUES {}", vec![row.as_str(); rows.len()].join(", "));
        let mut values = Vec::with_capacity(rows.len() * self.columns.len());
        for mut row in rows {
            for column in &self.columns {
                values.push(take_value(&mut row, *column)?);
            }
        }
        Ok((text, values))
    }

    /// The rows for PostgreSQL: one array parameter for each column, and a second one of null flags for a nullable
    /// column, because bound arrays cannot contain nulls.
    fn arrays(&self, mut rows: Vec<A>) -> Result<(String, Vec<Value>), DbErr> {
        let (mut chosen, mut rows_sql, mut values) = (String::new(), String::new(), Vec::new());
        for (at, column) in self.columns.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let is_nullable = column.def().is_null();
            let (array, absent) = array(&mut rows, *column)?;
            let (shown, named) = match is_nullable {
                true => (format!("CASE WHEN n{at} THEN NULL ELSE v{at} END"), format!("v{at}, n{at}")),
                false => (format!("v{at}"), format!("v{at}")),
            };
            write!(chosen, "{comma}{shown}")
                .and_then(|()| write!(rows_sql, "{comma}{named}"))
                .map_err(format_failed)?;
            values.push(array);
            if is_nullable {
                values.push(Value::Array(ArrayType::Bool, Some(Box::new(absent))));
            }
        }
        let numbers: Vec<_> = (1..=values.len()).map(|number| format!("${number}")).collect();
        Ok((format!("SELECT {chosen} FROM unnest({}) AS given ({rows_sql})", numbers.join(", ")), values))
    }
}

/// The values of a column and its null flags; a null value has a placeholder in the array.
fn array<A: ActiveModelTrait>(
    rows: &mut [A],
    column: <A::Entity as EntityTrait>::Column,
) -> Result<(Value, Vec<Value>), DbErr> {
    let mut absent = Vec::with_capacity(rows.len());
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        let value = take_value(row, column)?;
        let is_absent = value == value.as_null();
        values.push(if is_absent { value.dummy_value() } else { value });
        absent.push(Value::from(is_absent));
    }
    let kind = values.first().map_or(ArrayType::Bool, Value::array_type);
    Ok((Value::Array(kind, Some(Box::new(values))), absent))
}

fn take_value<A: ActiveModelTrait>(row: &mut A, column: <A::Entity as EntityTrait>::Column) -> Result<Value, DbErr> {
    row.take(column).into_value().ok_or_else(|| DbErr::AttrNotSet(column.as_str().to_owned()))
}

/// A quoted identifier for both databases.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn format_failed(error: std::fmt::Error) -> DbErr {
    DbErr::Custom(error.to_string())
}

/// Operation on each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowOperation {
    /// Inserts the row; its key must be new.
    Insert,
    /// Inserts the row or replaces the row with its key.
    Replace,
    /// Inserts the row or adds its numbers to the row with its key.
    Add,
    /// Deletes the rows with the same values.
    Delete,
}
