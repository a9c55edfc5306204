//! The database role that the service logs in as: its grants, and whether row security applies to it.

use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, RuntimeErr, Statement};

/// Logs: rows are added and never changed.
const APPEND_ONLY: [&str; 5] = ["audit_entry", "change", "access_entry", "access_withholding", "log_link"];

/// Tables that only migrations write.
const READ_ONLY: [&str; 1] = ["seaql_migrations"];

/// Whether row security applies to a PostgreSQL role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RlsStatus {
    /// Row security applies.
    Bound,
    /// Row security applies, but the role owns the tables and could remove it.
    Owner,
    /// Row security does not apply: the role is a superuser or has `BYPASSRLS`.
    Free,
    /// The role does not exist.
    Unknown,
}

/// Whether row security applies to a role, or to the role of the connection.
pub(super) async fn rls_status(connection: &DatabaseConnection, role: Option<&str>) -> Result<RlsStatus, DbErr> {
    let select = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT rolsuper OR rolbypassrls,
                EXISTS (SELECT FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
                        AND pg_has_role(pg_roles.oid, relowner, 'MEMBER'))
         FROM pg_roles WHERE rolname = coalesce($1, current_user)",
        [role.map(str::to_owned).into()],
    );
    let Some(row) = connection.query_one_raw(select).await? else { return Ok(RlsStatus::Unknown) };
    Ok(match (row.try_get_by_index(0)?, row.try_get_by_index(1)?) {
        (true, _) => RlsStatus::Free,
        (false, true) => RlsStatus::Owner,
        (false, false) => RlsStatus::Bound,
    })
}

/// Whether PostgreSQL refused a statement because of a missing grant.
pub(super) fn lacks_right(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else {
        return false;
    };
    let code = cause.as_database_error().and_then(|error| error.code().map(Into::<String>::into));
    code.as_deref() == Some("42501")
}

/// The roles that the service logs in as: roles that may write to the log and do not own it.
pub(super) async fn granted(connection: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    if connection.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(Vec::new());
    }
    let select = Statement::from_string(
        connection.get_database_backend(),
        "SELECT rolname::text FROM pg_class CROSS JOIN aclexplode(relacl) AS given JOIN pg_roles ON pg_roles.oid = grantee
         WHERE relname = 'audit_entry' AND relnamespace = current_schema()::regnamespace
           AND privilege_type = 'INSERT' AND grantee <> relowner",
    );
    connection.query_all_raw(select).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Statements that grant a role the rights that the service needs and revoke all others. PostgreSQL quotes the names.
pub(super) async fn grants(connection: &DatabaseConnection, role: &str) -> Result<Vec<String>, DbErr> {
    let words = |tables: &[&str]| tables.iter().map(ToString::to_string).collect::<Vec<_>>();
    let select = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), $1::text)
         UNION ALL SELECT format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), $1::text)
         UNION ALL SELECT format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', current_schema(), $1::text)
         UNION ALL SELECT format('GRANT %s ON %I TO %I',
                CASE WHEN tablename = ANY ($2) THEN 'SELECT, INSERT' WHEN tablename = ANY ($3) THEN 'SELECT'
                     ELSE 'SELECT, INSERT, UPDATE, DELETE' END, tablename, $1::text)
             FROM pg_tables WHERE schemaname = current_schema()",
        [role.into(), words(&APPEND_ONLY).into(), words(&READ_ONLY).into()],
    );
    connection.query_all_raw(select).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}
