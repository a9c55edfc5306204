//! `cadre-api migrate`.

use std::process::ExitCode;

use cadre_api::{
    config::{Migrate, Settings},
    db::{Database, SchemaState, Sight, Standing},
};
use migration::{Migrator, MigratorTrait};

use crate::command::{Stop, migrate_up, open, prepare, schema_state};

/// Moves the schema, or shows how it stands.
pub async fn run(settings: &Settings, way: Migrate) -> Result<ExitCode, Stop> {
    let database = open(settings, Sight::Everything).await?;
    match (&way, schema_state(settings, &database).await?) {
        (Migrate::Up | Migrate::Down { .. } | Migrate::Grant { .. }, SchemaState::Newer(unknown)) => {
            return Err(Stop(format!(
                "a newer cadre-api has migrated this database ({}); move it with that version",
                unknown.join(", ")
            )));
        }
        (Migrate::Up, state) => {
            migrate_up(settings, &database).await?;
            prepare(&database).await?;
            match state {
                SchemaState::Older(pending) => println!("{pending} migrations applied; the schema is current"),
                _ => println!("the schema was current already"),
            }
        }
        (Migrate::Down { steps }, _) => {
            Migrator::down(database.writer(), Some(*steps)).await.map_err(|error| Stop(error.to_string()))?;
            println!("{steps} migrations taken back");
        }
        (Migrate::Grant { to }, _) => {
            grant(settings, &database, to).await?;
            println!("{to} can serve; `migrate up` grants it what comes later");
        }
        (Migrate::Status, SchemaState::Current) => println!("the schema is current"),
        (Migrate::Status, SchemaState::Older(pending)) => {
            println!("{pending} migrations to come: run `cadre-api migrate up`");
        }
        (Migrate::Status, SchemaState::Newer(unknown)) => {
            println!("migrated by a newer cadre-api; unknown here: {}", unknown.join(", "));
        }
    }
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

/// Gives a role what the service needs, unless it could pass row security.
async fn grant(settings: &Settings, database: &Database, role: &str) -> Result<(), Stop> {
    if settings.is_embedded() {
        return Err(Stop("an embedded database has no roles; name a PostgreSQL database in CADRE_DATABASE_URL".into()));
    }
    match database.standing(Some(role)).await.map_err(|error| Stop(error.to_string()))? {
        Standing::Bound => database.grant(role).await.map_err(|error| Stop(error.to_string())),
        Standing::Unknown => Err(Stop(format!("there is no role {role}; create it with `createuser {role}`"))),
        Standing::Owner => {
            Err(Stop(format!("{role} owns tables of this database; the service needs a role that owns none")))
        }
        Standing::Free => Err(Stop(format!(
            "{role} is a superuser or has BYPASSRLS, so row security does not hold it; choose a plain role"
        ))),
    }
}
