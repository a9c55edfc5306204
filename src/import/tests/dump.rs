//! The content of all tables as text, for comparison. Independent of this crate, so that a test of another binary can
//! include this file.

use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};

/// Each row of each table of a database, with the values that models do not show. Rows are sorted.
pub async fn dump(connection: &impl ConnectionTrait) -> Vec<String> {
    let tables = match connection.get_database_backend() {
        DatabaseBackend::Postgres => {
            "SELECT tablename::text, format('SELECT row_to_json(t)::text FROM %I t', tablename) FROM pg_tables \
             WHERE schemaname = 'public'"
        }
        _ => {
            "SELECT m.name, 'SELECT ' || group_concat('quote(\"' || c.name || '\")', ' || '','' || ') \
             || ' FROM \"' || m.name || '\"' \
             FROM sqlite_master m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' GROUP BY m.name"
        }
    };
    let mut dump = Vec::new();
    for table in query(connection, tables).await {
        let (name, select): (String, String) = table.try_get_many_by_index().expect("a name and a statement");
        for row in query(connection, &select).await {
            let values: String = row.try_get_by_index(0).expect("the values of a row");
            dump.push(format!("{name} {values}"));
        }
    }
    dump.sort();
    dump
}

async fn query(connection: &impl ConnectionTrait, sql: &str) -> Vec<sea_orm::QueryResult> {
    connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await.expect(sql)
}
