//! `cadre-api migrate`.

use std::{
    io::{self, BufRead, IsTerminal},
    path::Path,
    process::ExitCode,
};

use cadre_api::{
    config::{Migrate, Settings},
    db::{Database, Loss, RlsStatus, Rollback, RowScope, SchemaState},
    text::count,
};
use migration::{Migrator, MigratorTrait};

use crate::cli::{
    Stop, migrate_up, open,
    output::{Output, note},
    prepare, schema_state,
};

/// Migrates the schema, or prints its state.
pub async fn run(settings: &Settings, command: Migrate, out: &mut Output) -> Result<ExitCode, Stop> {
    if matches!(command, Migrate::Grant { .. }) && settings.is_embedded() {
        return Err(Stop("an embedded database has no roles; set CADRE_DATABASE_URL to a PostgreSQL database".into()));
    }
    if let (Migrate::Down { .. } | Migrate::Status, Some(path)) = (&command, settings.embedded_path())
        && !Path::new(path).exists()
    {
        return missing_database(path, matches!(command, Migrate::Status), out);
    }
    let database = open(settings, RowScope::Everything).await?;
    match (&command, schema_state(settings, &database).await?) {
        (Migrate::Up | Migrate::Down { .. } | Migrate::Grant { .. }, SchemaState::Newer(unknown)) => {
            return Err(Stop(format!(
                "a newer version of cadre-api has migrated this database ({}); run the migration with that version",
                unknown.join(", ")
            )));
        }
        (Migrate::Up, state) => {
            migrate_up(settings, &database).await?;
            prepare(&database).await?;
            match state {
                SchemaState::Older(pending) => {
                    out.line(format_args!("{} applied; the schema is up to date", migrations(pending)));
                }
                _ => out.line("the schema was already up to date"),
            }
        }
        (Migrate::Down { steps, yes }, _) => down(&database, *steps, *yes, out).await?,
        (Migrate::Grant { to }, _) => {
            grant(&database, to).await?;
            out.line(format_args!(
                "granted; the service can use the role {to}, and `migrate up` grants it the tables of later versions"
            ));
        }
        (Migrate::Status, SchemaState::Current) => out.line("the schema is up to date"),
        (Migrate::Status, SchemaState::Older(pending)) => {
            out.line(format_args!("{} not yet applied: run `cadre-api migrate up`", migrations(pending)));
        }
        (Migrate::Status, SchemaState::Newer(unknown)) => {
            out.line(format_args!(
                "the schema was migrated by a newer version of cadre-api; migrations unknown to this version: {}",
                unknown.join(", ")
            ));
        }
    }
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

/// Handles an embedded database that does not exist, without creating it.
fn missing_database(path: &str, is_status: bool, out: &mut Output) -> Result<ExitCode, Stop> {
    if is_status {
        let pending = migrations(Migrator::get_migration_files().len());
        out.line(format_args!(
            "{pending} not yet applied: run `cadre-api migrate up`, which creates the database file {path}"
        ));
        return Ok(ExitCode::SUCCESS);
    }
    Err(Stop(format!(
        "the database file {path} does not exist, so there is no migration to roll back; set CADRE_DATABASE_URL to the \
         right file"
    )))
}

fn migrations(number: usize) -> String {
    count(number as u64, "migration")
}

/// Rolls back the newest migrations after the operator has confirmed the losses.
async fn down(database: &Database, steps: u32, yes: bool, out: &mut Output) -> Result<(), Stop> {
    let stop = |error: sea_orm::DbErr| Stop(error.to_string());
    let rollback = database.rollback(steps).await.map_err(stop)?;
    if rollback.migrations.is_empty() {
        out.line("no migration has been applied, so there is nothing to roll back");
        return Ok(());
    }
    note(announcement(&rollback));
    if !yes {
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Err(Stop("nothing was changed; add --yes to roll the migrations back without a question".into()));
        }
        note("Type \"yes\" to continue:");
        if !reads_yes(&mut io::stdin().lock()) {
            return Err(Stop("nothing was changed".into()));
        }
    }
    let steps = u32::try_from(rollback.migrations.len()).unwrap_or(steps);
    Migrator::down(database.writer(), Some(steps)).await.map_err(stop)?;
    out.line(format_args!("{} rolled back", migrations(rollback.migrations.len())));
    Ok(())
}

/// Whether the next line is "yes".
fn reads_yes(from: &mut impl BufRead) -> bool {
    let mut line = String::new();
    from.read_line(&mut line).is_ok() && line.trim().eq_ignore_ascii_case("yes")
}

/// Describes the rollback and its losses.
fn announcement(rollback: &Rollback) -> String {
    let mut lines = vec![format!("migrations to roll back: {}", rollback.migrations.join(", "))];
    if rollback.losses.is_empty() {
        lines.push("no table or column is dropped".to_owned());
    } else {
        lines.push("dropped with their contents:".to_owned());
        lines.extend(rollback.losses.iter().map(|Loss { table, column, rows }| match column {
            None => format!("    table {table}: {}", count(*rows, "row")),
            Some(column) => format!("    column {column} of {table}: {}", count(*rows, "value")),
        }));
    }
    lines.join("\n")
}

/// Grants a role what the service needs, unless the role could bypass row security.
async fn grant(database: &Database, role: &str) -> Result<(), Stop> {
    match database.rls_status(Some(role)).await.map_err(|error| Stop(error.to_string()))? {
        RlsStatus::Bound => database.grant(role).await.map_err(|error| Stop(error.to_string())),
        RlsStatus::Unknown => Err(Stop(format!("the role {role} does not exist; create it with `createuser {role}`"))),
        RlsStatus::Owner => Err(Stop(format!("{role} owns tables of this database; choose a role that owns none"))),
        RlsStatus::Free => Err(Stop(format!(
            "{role} is a superuser or has BYPASSRLS, so row security does not apply to it; choose a role without these \
             rights"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_yes_confirms() {
        for (typed, expected) in
            [("yes\n", true), ("YES\r\n", true), (" yes ", true), ("y\n", false), ("\n", false), ("", false)]
        {
            assert_eq!(reads_yes(&mut typed.as_bytes()), expected, "{typed:?}");
        }
    }

    #[test]
    fn an_announcement_counts_the_lost_rows() {
        let loss = |column: Option<&str>, rows| Loss { table: "a".into(), column: column.map(str::to_owned), rows };
        for (losses, expected) in [
            (vec![], "migrations to roll back: m2, m1\nno table or column is dropped"),
            (
                vec![loss(None, 1), loss(Some("b"), 2)],
                "migrations to roll back: m2, m1\ndropped with their contents:\n    table a: 1 row\n    column b of a: 2 values",
            ),
        ] {
            let rollback = Rollback { migrations: vec!["m2".into(), "m1".into()], losses };
            assert_eq!(announcement(&rollback), expected);
        }
    }
}
