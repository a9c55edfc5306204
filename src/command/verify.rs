//! `cadre-api verify`.

use std::process::ExitCode;

use cadre_api::{
    clock::Clock,
    config::Settings,
    db::Database,
    domain::{read_model, training::usage},
};

use crate::command::{Stop, open_existing};

/// Compares the read models, and the used seats of quotas, with what they are derived from; derives them again where they
/// differ and that is asked for.
pub async fn run(settings: &Settings, repair: bool) -> Result<ExitCode, Stop> {
    let database = open_existing(settings).await?;
    let mut intact = compare(&database).await?;
    if repair && !intact.read_models {
        read_model::rebuild(&database, Clock::System).await?;
        println!("made anew");
    }
    if repair && !intact.quotas {
        usage::repair(&database, Clock::System).await?;
        println!("used seats of quotas counted again");
    }
    if repair && !intact.all() {
        intact = compare(&database).await?;
    }
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(if intact.all() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is as it should be.
#[derive(Clone, Copy)]
struct Found {
    read_models: bool,
    quotas: bool,
}

impl Found {
    fn all(self) -> bool {
        self.read_models && self.quotas
    }
}

async fn compare(database: &Database) -> Result<Found, Stop> {
    let snapshot = database.snapshot().await.map_err(|error| Stop(error.to_string()))?;
    let read_models = match read_model::verify(&snapshot).await? {
        Ok(intact) => {
            println!("cards, counts, page keys and words of {} persons, intact", intact.persons);
            true
        }
        Err(difference) => {
            println!("NOT INTACT: {difference}");
            false
        }
    };
    let compared = usage::verify(&snapshot).await?;
    for difference in &compared.differences {
        println!("NOT INTACT: {difference}");
    }
    if compared.differences.is_empty() {
        println!("used seats of {} quotas, intact", compared.quotas);
    }
    Ok(Found { read_models, quotas: compared.differences.is_empty() })
}
