//! The error type of the service; variants follow the possible reactions of a client.
//!
//! `graphql::error` converts an error into a GraphQL error, `http::error` into an HTTP response. They log the content
//! of `Internal` once and never send it.

use std::sync::Arc;

use entity::value::{Purpose, Scope};
use sea_orm::{DbErr, RuntimeErr, SqlxError};

use crate::{db, language::Sentence};

/// An error, by the possible reaction of the client.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The object does not exist or is out of the caller's reach; the response is the same for both.
    #[error("not found")]
    NotFound,
    /// The caller's grant lacks scopes for fields, filters or sort keys of the operation.
    #[error("forbidden")]
    Forbidden {
        /// Schema coordinates, such as `Cadre.identity`.
        fields: Vec<String>,
        /// Scopes that would permit the fields; the grant lacks at least one per field.
        missing: Vec<Scope>,
    },
    /// The operation selects protected data and states no purpose.
    #[error("no purpose")]
    PurposeRequired {
        /// Schema coordinates of the protected data.
        fields: Vec<String>,
        /// Purposes that the caller's grant allows.
        allowed: Vec<Purpose>,
    },
    /// The caller's grant does not allow the stated purpose.
    #[error("purpose not allowed")]
    PurposeNotAllowed {
        /// Purposes that the caller's grant allows.
        allowed: Vec<Purpose>,
    },
    /// The input violates a rule.
    #[error("invalid {field}: {}", sentence.en)]
    Invalid {
        /// Path of the input, such as `where.holds.subject`.
        field: String,
        /// The problem and its solution.
        sentence: Sentence,
    },
    /// The change feed cannot continue from a cursor; the client must copy the data again.
    #[error("resync: {0:?}")]
    Resync(Resync),
    /// The command would contradict recorded data.
    #[error("conflict: {}", .0.en)]
    Conflict(Sentence),
    /// The database is unavailable now; a retry may succeed.
    #[error("unavailable")]
    Unavailable(#[source] DbErr),
    /// The operation exceeds the time limit; a retry would do the same work again.
    #[error("timed out")]
    TimedOut(#[source] DbErr),
    /// An internal error.
    #[error("internal error")]
    Internal(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

/// Why the change feed cannot continue from a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resync {
    /// Units came into the caller's reach or left it: a new grant, a unit that moved, a new day.
    ReachChanged,
    /// The scopes of the caller show other types of objects.
    ScopesChanged,
    /// An import changed too many objects to record each change.
    BulkLoad,
}

impl Resync {
    /// Name of the reason, for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReachChanged => "REACH_CHANGED",
            Self::ScopesChanged => "SCOPES_CHANGED",
            Self::BulkLoad => "BULK_LOAD",
        }
    }
}

/// Result of an operation with errors for clients.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An input that violates a rule.
    pub fn invalid(field: impl Into<String>, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), sentence: Sentence::new(vi, en) }
    }

    /// An internal error.
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(Arc::from(error.into()))
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match error {
            error if has_timed_out(&error) => Self::TimedOut(error),
            error if is_temporary(&error) => Self::Unavailable(error),
            error => Self::internal(error),
        }
    }
}

/// Whether a time limit stopped the work: the limit of the operation, or of one statement on PostgreSQL.
fn has_timed_out(error: &DbErr) -> bool {
    const QUERY_CANCELED: &str = "57014";
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            matches!(error.as_ref(), SqlxError::Database(error) if error.code().as_deref() == Some(QUERY_CANCELED))
        }
        error => db::is_timeout(error),
    }
}

/// Whether a retry of the same statement may succeed later.
fn is_temporary(error: &DbErr) -> bool {
    let sqlx = match error {
        // The operator must solve connection problems; clients can only retry.
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => error,
        _ => return false,
    };
    match sqlx.as_ref() {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => true,
        SqlxError::Database(error) => error.code().is_some_and(|code| is_temporary_code(&code)),
        _ => false,
    }
}

/// Whether a SQLSTATE of PostgreSQL, or a result code of SQLite in decimal, is temporary.
fn is_temporary_code(code: &str) -> bool {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const NOMEM: i32 = 7;
    const CANTOPEN: i32 = 14;
    const PROTOCOL: i32 = 15;
    if db::Fault::of_code(code).is_some() {
        return true;
    }
    match db::sqlite_code(code) {
        Some(code) => matches!(code, BUSY | LOCKED | NOMEM | CANTOPEN | PROTOCOL),
        // Classes 08, 53 and 57P: connections, resources such as disk and memory, and the operator's interventions.
        None => {
            matches!(code, "40001" | "40P01" | "55P03" | "58000")
                || ["08", "53", "57P"].iter().any(|class| code.starts_with(class))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_and_permanent_errors_are_distinguished() {
        let embedded = ["5", "6", "7", "10", "13", "14", "15", "261", "266", "517", "778", "4874"];
        let server = [
            "40001", "40P01", "55P03", "57P01", "08006", "53000", "53100", "53200", "53300", "53400", "58000", "58030",
        ];
        for code in embedded.into_iter().chain(server) {
            assert!(is_temporary_code(code), "{code}");
        }
        for code in ["1", "8", "11", "19", "26", "787", "2067", "23505", "42P01", "22001", "57014", "58P01", "XX001"] {
            assert!(!is_temporary_code(code), "{code}");
        }
    }
}
