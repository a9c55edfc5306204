//! `cadre-api verify`.

use std::process::ExitCode;

use cadre_api::{clock::Clock, config::Settings, db::Database, domain::read_model};

use crate::command::{Stop, open_existing};

/// Holds the read models against what they are derived from; makes them anew where they differ and that is asked for.
pub async fn run(settings: &Settings, repair: bool) -> Result<ExitCode, Stop> {
    let database = open_existing(settings).await?;
    let mut is_intact = look(&database).await?;
    if repair && !is_intact {
        read_model::rebuild(&database, Clock::System).await?;
        println!("made anew");
        is_intact = look(&database).await?;
    }
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(if is_intact { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn look(database: &Database) -> Result<bool, Stop> {
    let snapshot = database.snapshot().await.map_err(|error| Stop(error.to_string()))?;
    Ok(match read_model::verify(&snapshot).await? {
        Ok(intact) => {
            println!("cards, counts, page keys and words of {} persons, intact", intact.persons);
            true
        }
        Err(difference) => {
            println!("NOT INTACT: {difference}");
            false
        }
    })
}
