//! `cadre-api import`.

use std::{io, path::Path, process::ExitCode};

use cadre_api::{
    clock::Clock,
    config::Settings,
    domain::import::{self, Options, Outcome},
    error::Error,
    language::Language,
};

use crate::command::{Stop, open_current};

/// Imports a bundle and prints the report. Fails if the bundle was refused.
pub async fn run(settings: &Settings, dir: &Path, dry_run: bool, json: bool) -> Result<ExitCode, Stop> {
    let database = open_current(settings).await?;
    let report = import::import(&database, Clock::System, dir, Options { dry_run }).await;
    let report = report.map_err(|error| match error {
        Error::Invalid { field, sentence } if field == "DIR" => Stop(format!("{}: {}", dir.display(), sentence.en)),
        error => error.into(),
    })?;
    let printed = if json {
        serde_json::to_writer_pretty(io::stdout().lock(), &report).map_err(io::Error::from)
    } else {
        report.render(Language::English, &mut io::stdout().lock())
    };
    printed.map_err(|error| Stop(format!("the report cannot be written: {error}")))?;
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(if report.outcome == Outcome::Refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
