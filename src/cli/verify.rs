//! `cadre-api verify`.

use std::process::ExitCode;

use cadre_api::{
    clock::Clock,
    config::Settings,
    db::Database,
    domain::{maintenance, training::usage},
    projection,
    text::count,
};

use crate::cli::{Stop, open_existing, output::Output};

/// Compares the read models and the used seats of quotas with their sources; rebuilds them if they differ and `repair`
/// is set.
pub async fn run(settings: &Settings, repair: bool, out: &mut Output) -> Result<ExitCode, Stop> {
    let database = open_existing(settings).await?;
    let mut intact = compare(&database, out).await?;
    if repair && !intact.read_models {
        maintenance::rebuild_projections(&database, Clock::System).await?;
        out.line("rebuilt");
    }
    if repair && !intact.quotas {
        usage::repair(&database, Clock::System).await?;
        out.line("the used seats of quotas were corrected");
    }
    if repair && !intact.all() {
        intact = compare(&database, out).await?;
    }
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(if intact.all() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The parts that are correct.
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

async fn compare(database: &Database, out: &mut Output) -> Result<Found, Stop> {
    let snapshot = database.snapshot().await.map_err(|error| Stop(error.to_string()))?;
    let read_models = match projection::verify(&snapshot).await? {
        Ok(intact) => {
            let persons = count(intact.persons as u64, "person");
            out.line(format_args!("cards, counts, page keys and words of {persons}, intact"));
            true
        }
        Err(difference) => {
            out.line(format_args!("NOT INTACT: {difference}"));
            false
        }
    };
    let usage = usage::verify(&snapshot).await?;
    for difference in &usage.differences {
        out.line(format_args!("NOT INTACT: {difference}"));
    }
    if usage.differences.is_empty() {
        out.line(format_args!("used seats of {}, intact", count(usage.quotas as u64, "quota")));
    }
    Ok(Found { read_models, quotas: usage.differences.is_empty() })
}
