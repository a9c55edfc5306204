//! `cadre-api import`.

use std::{io, path::Path, process::ExitCode};

use cadre_api::{
    clock::Clock,
    config::Settings,
    db::Sight,
    domain::import::{self, Extent, Options, Outcome},
    error::Error,
    language::Language,
};

use crate::command::{Stop, open_current};

/// Form of a report.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// For people, in their language.
    Text(Language, Extent),
    /// For programs, in both.
    Json,
}

/// Imports a bundle and prints the report. Fails if the bundle was refused.
pub async fn run(settings: &Settings, dir: &Path, dry_run: bool, form: Form) -> Result<ExitCode, Stop> {
    let database = open_current(settings, Sight::Everything).await?;
    let report = import::import(&database, Clock::System, dir, Options { dry_run }).await;
    let report = report.map_err(|error| of_folder(dir, error))?;
    let printed = match form {
        Form::Json => serde_json::to_writer_pretty(io::stdout().lock(), &report).map_err(io::Error::from),
        Form::Text(language, extent) => report.render(language, extent, &mut io::stdout().lock()),
    };
    printed.map_err(|error| Stop(format!("the report cannot be written: {error}")))?;
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(if report.outcome == Outcome::Refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Writes an empty bundle.
pub fn template(dir: &Path) -> Result<ExitCode, Stop> {
    import::write_template(dir).map_err(|error| of_folder(dir, error))?;
    Ok(ExitCode::SUCCESS)
}

/// An error that is about the folder names it.
fn of_folder(dir: &Path, error: Error) -> Stop {
    match error {
        Error::Invalid { field, sentence } if field == "DIR" => Stop(format!("{}: {}", dir.display(), sentence.en)),
        error => error.into(),
    }
}
