//! Row security of PostgreSQL: which rows of a table a transaction may see and write, by the reach that it has set.
//!
//! The setting `cadre.reach` holds `*` for everything, or the units of the reach as an array, `{..}`; without it nothing
//! is there. A condition is never narrower than what a request may be answered with on any day: days, custody and scopes
//! are the program's. SQLite has no row security, and nothing is done there.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

/// A column names a unit of the reach. The units are worked out once for a statement.
pub fn reaches(column: &str) -> String {
    format!("{column} = ANY ((SELECT reached_units())::uuid[])")
}

/// A column names a person of whom the reach holds a post, a rotation or an enrolment, on whatever day.
pub fn knows(column: &str) -> String {
    // Most are known by a post; the function, which costs more, is asked last.
    format!(
        "EXISTS (SELECT FROM assignment AS post WHERE post.cadre_id = {column} AND {}) OR {}",
        reaches("post.unit_id"),
        knows_somehow(column)
    )
}

/// The same without a look at the posts first, for the posts themselves.
pub fn knows_somehow(column: &str) -> String {
    format!("reaches_cadre({column}, (SELECT reached_units()))")
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
         CREATE POLICY everything ON {table} USING ((SELECT reaches_all()));
         CREATE POLICY reach ON {table} FOR SELECT USING ({condition});"
    );
    manager.get_connection().execute_unprepared(&statements).await.map(drop)
}

/// Opens a table again.
pub async fn take_down(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(());
    }
    let statements = format!(
        "DROP POLICY reach ON {table};
         DROP POLICY everything ON {table};
         ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
         ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    );
    manager.get_connection().execute_unprepared(&statements).await.map(drop)
}
