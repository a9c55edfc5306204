//! The commands, and how a database is opened for them.

pub mod audit;
pub mod client;
pub mod demo;
pub mod import;
pub mod key;
pub mod migrate;
pub mod output;
pub mod serve;
pub mod user;
pub mod verify;

use std::path::Path;

use cadre_api::{
    clock::Clock,
    config::Settings,
    db::{Database, Fault, Pool, RowScope, SchemaState},
    domain::{self, projection, reference},
    error::Error,
    text::count,
};
use migration::{Migrator, MigratorTrait};
use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// Why a command could not be done: a sentence that says what to do.
#[derive(Debug)]
pub struct Stop(pub String);

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        let why = cadre_api::graphql::error::sentence(&error).en;
        match error {
            Error::Internal(source) => Self(format!("{why} ({source})")),
            Error::Unavailable(source) => Self(match Fault::of(&source) {
                Some(fault) => {
                    format!("{}; nothing was written; then run the command again ({source})", fault.sentence())
                }
                None => format!("{why} ({source})"),
            }),
            Error::Invalid { field, .. } => Self(format!("{field}: {why}")),
            _ => Self(why),
        }
    }
}

/// Opens the database of the settings. Who serves sees nobody but for a caller; the operator sees everybody.
pub async fn open(settings: &Settings, row_scope: RowScope) -> Result<Database, Stop> {
    let pool = Pool { row_scope, ..settings.pool() };
    Database::open(&settings.database_url, pool).await.map_err(|error| Stop(opening(settings, &error)))
}

/// Opens the database with this version's schema; an embedded one is migrated on the way.
pub async fn open_current(settings: &Settings, row_scope: RowScope) -> Result<Database, Stop> {
    let database = open(settings, row_scope).await?;
    match schema_state(settings, &database).await? {
        SchemaState::Current => {}
        SchemaState::Older(_) if settings.is_embedded() => migrate_up(settings, &database).await?,
        SchemaState::Older(pending) => {
            return Err(Stop(format!(
                "the database's schema is older than this version ({} to come); run `cadre-api migrate up`",
                count(pending as u64, "migration")
            )));
        }
        SchemaState::Newer(unknown) => {
            return Err(Stop(format!(
                "a newer cadre-api has migrated this database ({} unknown here); run that version, or restore a backup",
                unknown.join(", ")
            )));
        }
    }
    prepare(&database).await?;
    Ok(database)
}

/// The same for a command that has nothing to do with an empty database: an embedded one must be there already, so that
/// a wrong folder does not fill up with new files.
pub async fn open_existing(settings: &Settings) -> Result<Database, Stop> {
    match settings.embedded_path() {
        Some(path) if !Path::new(path).exists() => Err(Stop(format!(
            "there is no database file {path} here; run `cadre-api import` first, or name the file in CADRE_DATABASE_URL"
        ))),
        _ => open_current(settings, RowScope::Everything).await,
    }
}

/// How the schema stands.
pub async fn schema_state(settings: &Settings, database: &Database) -> Result<SchemaState, Stop> {
    database.schema_state().await.map_err(|error| Stop(opening(settings, &error)))
}

/// Brings the schema up to this version, and gives the service its rights on what is new in it.
pub async fn migrate_up(settings: &Settings, database: &Database) -> Result<(), Stop> {
    let stop = |error| Stop(opening(settings, &error));
    Migrator::up(database.writer(), None).await.map_err(stop)?;
    database.grant_again().await.map_err(stop)
}

/// Installs what every database of this version holds: reference lists, read models of its form. The keys are made by who
/// needs them.
pub async fn prepare(database: &Database) -> Result<(), Stop> {
    domain::audit::adopt(database).await?;
    reference::install(database, Clock::System).await?;
    projection::ensure_current(database, Clock::System).await?;
    Ok(())
}

const UNREADABLE: &str =
    "CADRE_DATABASE_URL cannot be read; write postgres://USER:PASSWORD@HOST/NAME, special characters percent-encoded";

/// What to do about a database that cannot be opened. Never repeats the URL, which may hold a password.
fn opening(settings: &Settings, error: &DbErr) -> String {
    let cause = match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause.as_ref()),
        _ => None,
    };
    match settings.database_url.strip_prefix("sqlite://") {
        Some(path) => opening_file(path, cause, error),
        None => opening_server(cause, error),
    }
}

fn opening_file(path: &str, cause: Option<&SqlxError>, error: &DbErr) -> String {
    let path = path.split('?').next().unwrap_or(path);
    let folder = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).display();
    if let Some(fault) = Fault::of(error) {
        return format!("{} ({path}: {error})", fault.sentence());
    }
    match cause.and_then(code).as_deref() {
        Some("14") => format!(
            "the database file {path} cannot be opened or created; see that the folder {folder} exists and can be written, \
                 or name another file in CADRE_DATABASE_URL"
        ),
        Some(code) if is_sqlite(code, 8) => format!(
            "the database file {path} is read-only; make it and its folder {folder} writable, or name another file in \
                 CADRE_DATABASE_URL"
        ),
        Some(code) if is_sqlite(code, 26) => {
            format!("the file {path} is not an SQLite database; name another file in CADRE_DATABASE_URL")
        }
        _ => format!("the database file {path} cannot be used: {error}"),
    }
}

fn opening_server(cause: Option<&SqlxError>, error: &DbErr) -> String {
    if let Some(fault) = Fault::of(error) {
        return format!("{} ({error})", fault.sentence());
    }
    match cause {
        Some(SqlxError::Io(cause)) => {
            format!(
                "no PostgreSQL server answers at the host and port of CADRE_DATABASE_URL ({cause}); start it or mend the URL"
            )
        }
        Some(SqlxError::PoolTimedOut) => {
            "no PostgreSQL server answers in time at the host and port of CADRE_DATABASE_URL; start it or mend the URL"
                .into()
        }
        Some(SqlxError::Configuration(_)) => UNREADABLE.into(),
        Some(cause) => match code(cause).as_deref() {
            Some("28P01" | "28000") => "PostgreSQL refused the user or password of CADRE_DATABASE_URL".into(),
            Some("3D000") => "the database of CADRE_DATABASE_URL does not exist; create it with `createdb`".into(),
            Some("42501") => {
                "the user of CADRE_DATABASE_URL lacks a right on the database; run `cadre-api migrate` as the owner, and \
                 `cadre-api migrate grant --to ROLE` for the role that serves"
                    .into()
            }
            _ => format!("PostgreSQL refused: {error}"),
        },
        // The ORM's own words repeat the URL.
        None if matches!(error, DbErr::Conn(RuntimeErr::Internal(_))) => UNREADABLE.into(),
        None => format!("the database cannot be used: {error}"),
    }
}

fn code(error: &SqlxError) -> Option<String> {
    error.as_database_error()?.code().map(Into::into)
}

/// The low byte of SQLite's extended codes is the primary one.
fn is_sqlite(code: &str, primary: i32) -> bool {
    code.parse::<i32>().is_ok_and(|code| code & 0xff == primary)
}
