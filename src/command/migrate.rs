//! `cadre-api migrate`.

use std::process::ExitCode;

use cadre_api::{
    config::{Migrate, Settings},
    db::SchemaState,
};
use migration::{Migrator, MigratorTrait};

use crate::command::{Stop, migrate_up, open, prepare, schema_state};

/// Moves the schema, or shows how it stands.
pub async fn run(settings: &Settings, way: Migrate) -> Result<ExitCode, Stop> {
    let database = open(settings).await?;
    match (way, schema_state(settings, &database).await?) {
        (Migrate::Up | Migrate::Down { .. }, SchemaState::Newer(unknown)) => {
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
            Migrator::down(database.writer(), Some(steps)).await.map_err(|error| Stop(error.to_string()))?;
            println!("{steps} migrations taken back");
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
