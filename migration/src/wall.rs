//! Row security of PostgreSQL: visible and writable rows of a transaction, by the reach that the transaction has set.
//!
//! The setting `cadre.reach` is `*` for all rows, or the units of the reach as ranges of their ids, `{..}`: the first
//! id of each range (inclusive) and the id after its last one (exclusive), in order. Without the setting no rows are
//! visible. A condition is never narrower than the rows that a request may return for any day: the program checks days,
//! responsibility for files and scopes. SQLite has no row security, so these functions have no effect there.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

/// The reach contains everything. Always checked first, so that commands and unlimited callers skip the other
/// conditions.
const EVERYTHING: &str = "(SELECT reaches_all())";

/// Condition that the column contains a unit of the reach.
pub fn reaches(column: &str) -> String {
    format!("reaches({column}, (SELECT reach()))")
}

/// Condition that the column contains a person with a post, a rotation or an enrolment in the reach, on any day.
pub fn knows(column: &str) -> String {
    // A visible post makes its person visible. For most persons the latest post is enough, without the function.
    format!(
        "(SELECT true FROM assignment AS post WHERE post.cadre_id = {column} ORDER BY post.start_on DESC LIMIT 1) OR {}",
        knows_somehow(column)
    )
}

/// The same condition without checking the posts first, for the table of posts.
pub fn knows_somehow(column: &str) -> String {
    format!("reaches_cadre({column}, (SELECT reach()))")
}

/// Enables row security on a table, also for its owner: rows are visible if the condition is true, and writable for
/// transactions that see everything.
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

/// Disables row security on a table.
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
