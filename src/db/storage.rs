//! Disk faults of the database, and the check behind `/readyz`.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, RuntimeErr};

/// Time limit of a probe. A slower probe means that the database is busy: a readiness check must respond soon.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Why the disk of a database does not store writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No space left on the disk or within a quota.
    Full,
    /// A read or write of a file failed.
    Io,
}

impl Fault {
    /// The disk fault behind an error, if any.
    pub fn of(error: &DbErr) -> Option<Self> {
        code(error).as_deref().and_then(Self::of_code)
    }

    /// The fault behind a SQLSTATE of PostgreSQL, or behind a result code of SQLite in decimal.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        const IOERR: i32 = 10;
        const FULL: i32 = 13;
        match (sqlite_code(code), code) {
            (Some(FULL), _) | (None, "53100") => Some(Self::Full),
            (Some(IOERR), _) | (None, "58030") => Some(Self::Io),
            _ => None,
        }
    }

    /// Message for the operator.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Full => "the disk of the database is full; nothing can be written until space is freed",
            Self::Io => "the disk of the database has failed; files cannot be read or written",
        }
    }
}

/// Whether a statement failed because it waited too long for a lock; a retry would wait again.
pub fn is_locked(error: &DbErr) -> bool {
    const BUSY: i32 = 5;
    code(error).is_some_and(|code| code == "55P03" || sqlite_code(&code) == Some(BUSY))
}

/// The code of a database error.
fn code(error: &DbErr) -> Option<String> {
    let (DbErr::Conn(RuntimeErr::SqlxError(cause))
    | DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))) = error
    else {
        return None;
    };
    cause.as_database_error()?.code().map(Into::into)
}

/// The primary result code of SQLite, which is the low byte of an extended one. `None` for a SQLSTATE, which has five
/// characters.
pub(crate) fn sqlite_code(code: &str) -> Option<i32> {
    let number: i32 = code.parse().ok()?;
    (code.len() < 5).then_some(number & 0xff)
}

/// State of the disk. A failed write marks it as doubtful; the next readiness check then writes a probe, and only a
/// successful probe clears the mark. Otherwise a check costs nothing.
#[derive(Debug, Default)]
pub(super) struct Health {
    is_doubtful: AtomicBool,
    /// The fault found by the last probe.
    fault: Mutex<Option<Fault>>,
    /// Allows one probe at a time.
    probing: tokio::sync::Mutex<()>,
}

impl Health {
    /// Marks the disk as doubtful after a failed write, whatever its cause.
    pub fn mark_doubtful(&self) {
        self.is_doubtful.store(true, Ordering::Release);
    }

    /// The disk fault, if any. `probe` writes to the database; it runs only if the disk is doubtful.
    pub async fn check(&self, probe: impl Future<Output = Result<(), DbErr>>) -> Option<Fault> {
        if !self.is_doubtful.load(Ordering::Acquire) {
            return None;
        }
        let Ok(_guard) = self.probing.try_lock() else { return self.fault() };
        self.is_doubtful.store(false, Ordering::Release);
        let busy = || DbErr::Custom("the database is busy".to_owned());
        let probed = tokio::time::timeout(TIMEOUT, probe).await.unwrap_or_else(|_| Err(busy()));
        if let Err(error) = &probed {
            self.mark_doubtful();
            tracing::warn!(%error, "a test write to the database failed");
        }
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        *fault = match probed {
            Ok(()) => None,
            // A probe that failed for another reason, such as a busy database, gives no information about the disk.
            Err(error) => Fault::of(&error).or(*fault),
        };
        *fault
    }

    fn fault(&self) -> Option<Fault> {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes more than a typical command does, and leaves no data behind. SQLite reports a full disk at the commit at the
/// latest. PostgreSQL allocates the space of new rows at once, so its transaction is rolled back.
pub(super) async fn probe(transaction: DatabaseTransaction) -> Result<(), DbErr> {
    match transaction.get_database_backend() {
        DatabaseBackend::Postgres => {
            transaction.execute_unprepared("CREATE TEMPORARY TABLE storage_probe (page bytea) ON COMMIT DROP").await?;
            let rows =
                "INSERT INTO storage_probe SELECT decode(repeat('00', 1900), 'hex') FROM generate_series(1, 128)";
            transaction.execute_unprepared(rows).await?;
            transaction.rollback().await
        }
        _ => {
            transaction.execute_unprepared("CREATE TABLE storage_probe (page BLOB)").await?;
            transaction.execute_unprepared("INSERT INTO storage_probe VALUES (zeroblob(262144))").await?;
            transaction.execute_unprepared("DROP TABLE storage_probe").await?;
            transaction.commit().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_identifies_the_disk_fault() {
        for (code, fault) in [
            ("13", Some(Fault::Full)),
            ("53100", Some(Fault::Full)),
            ("10", Some(Fault::Io)),
            ("778", Some(Fault::Io)),
            ("4874", Some(Fault::Io)),
            ("58030", Some(Fault::Io)),
            ("5", None),
            ("2067", None),
            ("10013", None),
            ("23505", None),
            ("XX000", None),
        ] {
            assert_eq!(Fault::of_code(code), fault, "{code}");
        }
    }

    #[tokio::test]
    async fn a_successful_probe_clears_the_doubt() {
        let (health, refused) = (Health::default(), || DbErr::Custom("busy".to_owned()));
        assert_eq!(health.check(async { panic!("no doubt, no probe") }).await, None);

        health.mark_doubtful();
        assert_eq!(health.check(async { Err(full().await) }).await, Some(Fault::Full));
        assert_eq!(health.check(async { Err(refused()) }).await, Some(Fault::Full), "a busy database is no free space");
        assert_eq!(health.check(async { Ok(()) }).await, None);
        assert_eq!(health.check(async { panic!("no doubt, no probe") }).await, None);

        health.mark_doubtful();
        assert_eq!(health.check(async { Err(refused()) }).await, None);
        assert_eq!(health.check(async { Err(full().await) }).await, Some(Fault::Full), "the doubt stayed");
    }

    /// The error of SQLite when no page is left.
    async fn full() -> DbErr {
        let database = sea_orm::Database::connect("sqlite::memory:").await.unwrap();
        database.execute_unprepared("PRAGMA max_page_count = 1").await.unwrap();
        database.execute_unprepared("CREATE TABLE large (page BLOB)").await.unwrap_err()
    }
}
