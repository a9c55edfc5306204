//! Parts that all sessions share: the values and rows of a statement, and the error of a time limit.

use sea_orm::{DbErr, QueryResult, sea_query::Values};

/// Message of reads after the time limit of their operation.
const TIMED_OUT: &str = "the time limit of the operation has passed";

/// The error of a read after the time limit.
pub(super) fn timed_out() -> DbErr {
    DbErr::Custom(TIMED_OUT.to_owned())
}

/// Whether a read failed because the time limit of its operation has passed.
pub fn is_timeout(error: &DbErr) -> bool {
    matches!(error, DbErr::Custom(text) if text == TIMED_OUT)
}

/// The rows of a statement.
pub(super) fn results<R: Into<QueryResult>>(rows: Vec<R>) -> Vec<QueryResult> {
    rows.into_iter().map(R::into).collect()
}

/// The values of a statement.
pub(super) fn values(values: Option<Values>) -> Values {
    values.unwrap_or(Values(Vec::new()))
}
