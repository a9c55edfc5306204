//! Rows with a version, and violated unique indexes.

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, QueryFilter, SqlErr, Value,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    authz::Txn,
    domain::refusal::{CommandError, CommandResult, Refusal},
    error::{Error, Result},
};

/// A table whose rows have a version that every command raises.
pub(in crate::domain) trait Versioned: EntityTrait {
    /// Column of the id.
    const ID: Self::Column;
    /// Column of the version.
    const VERSION: Self::Column;

    /// Version of a row.
    fn version(row: &Self::Model) -> i32;
}

/// Locks a row by raising its version, and returns its current state. Refused if it does not have the expected version.
pub(in crate::domain) async fn bump_version<E: Versioned>(
    txn: &Txn,
    id: impl Into<Value> + Copy + Send,
    expected: Option<i32>,
) -> CommandResult<E::Model> {
    let (is_raised, row) = raise_version::<E>(txn, id, expected).await?;
    let row = row.ok_or_else(|| Error::internal("the object of a command is missing"))?;
    if is_raised { Ok(row) } else { Err(Refusal::version(E::version(&row)).into()) }
}

/// Increments the version of a row by one conditional statement. Returns whether the row was changed, and the current
/// row.
pub(in crate::domain) async fn raise_version<E: Versioned>(
    txn: &Txn,
    id: impl Into<Value> + Copy + Send,
    expected: Option<i32>,
) -> Result<(bool, Option<E::Model>)> {
    let mut update = E::update_many().col_expr(E::VERSION, Expr::col(E::VERSION).add(1)).filter(E::ID.eq(id));
    if let Some(expected) = expected {
        update = update.filter(E::VERSION.eq(expected));
    }
    let changed_rows = update.exec(txn.connection()).await?.rows_affected;
    let row = E::find().filter(E::ID.eq(id)).one(txn.connection()).await?;
    Ok((changed_rows > 0, row))
}

/// The refusal for a violated unique index; any other error is returned as an error.
pub(in crate::domain) fn unless_unique(error: DbErr, refuse: impl FnOnce() -> Refusal) -> CommandError {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => refuse().into(),
        _ => error.into(),
    }
}
