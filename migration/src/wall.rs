//! Row security of PostgreSQL: which rows of a table a transaction may see and write, by the reach that it has set.
//!
//! The setting `cadre.reach` holds `*` for everything, or the units of the reach as runs of their ids, `{..}`: the first
//! of a run, and what comes after its last, in order. Without it nothing is there. A condition is never narrower than what
//! a request may be answered with on any day: days, custody and scopes are the program's. SQLite has no row security, and
//! nothing is done there.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

/// The reach is everything. Always asked first: acts and whole reaches pay for nothing else.
const EVERYTHING: &str = "(SELECT reaches_all())";

/// A column names a unit of the reach.
pub fn reaches(column: &str) -> String {
    format!("reaches({column}, (SELECT reach()))")
}

/// A column names a person of whom the reach holds a post, a rotation or an enrolment, on whatever day.
pub fn knows(column: &str) -> String {
    // Whoever sees a post of a person knows the person. Most are known by the last one, which needs no function.
    format!(
        "(SELECT true FROM assignment AS post WHERE post.cadre_id = {column} ORDER BY post.start_on DESC LIMIT 1) OR {}",
        knows_somehow(column)
    )
}

/// The same without a look at the posts first, for the posts themselves.
pub fn knows_somehow(column: &str) -> String {
    format!("reaches_cadre({column}, (SELECT reach()))")
}

/// Closes a table, also to its owner: its rows are seen where the condition holds, and written by whom everything is
/// open to.
pub async fn raise(manager: &SchemaManager<'_>, table: &str, condition: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(());
    }
    let statements = format!(
        "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
         ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
         CREATE POLICY seen ON {table} FOR SELECT USING ({EVERYTHING} OR ({condition}));
         CREATE POLICY added ON {table} FOR INSERT WITH CHECK ({EVERYTHING});
         CREATE POLICY changed ON {table} FOR UPDATE USING ({EVERYTHING});
         CREATE POLICY removed ON {table} FOR DELETE USING ({EVERYTHING});"
    );
    manager.get_connection().execute_unprepared(&statements).await.map(drop)
}

/// Opens a table again.
pub async fn take_down(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(());
    }
    let statements = format!(
        "DROP POLICY seen ON {table};
         DROP POLICY added ON {table};
         DROP POLICY changed ON {table};
         DROP POLICY removed ON {table};
         ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
         ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    );
    manager.get_connection().execute_unprepared(&statements).await.map(drop)
}
