//! `cadre-api import`.

use std::{fs, path::Path, process::ExitCode};

use cadre_api::{
    clock::Clock,
    config::Settings,
    db::RowScope,
    error::Error,
    import::{self, Extent, Options, Outcome},
    language::Language,
};

use tempfile::TempDir;

use crate::cli::{Stop, open_current, output::Output};

/// Format of a report.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// Text, in one language.
    Text(Language, Extent),
    /// JSON, in both languages.
    Json,
}

/// Imports a bundle and prints the report. Fails if the bundle was refused.
pub async fn run(
    settings: &Settings,
    dir: &Path,
    dry_run: bool,
    form: Form,
    out: &mut Output,
) -> Result<ExitCode, Stop> {
    fs::read_dir(dir).map_err(|error| Stop(format!("{}: the folder cannot be read: {error}", dir.display())))?;
    let scratch = if dry_run { scratch(settings)? } else { None };
    let settings = scratch.as_ref().map_or(settings, |(settings, _)| settings);
    let database = open_current(settings, RowScope::Everything).await?;
    let report = import::import(&database, Clock::System, dir, Options { dry_run }).await;
    let report = report.map_err(|error| of_folder(dir, error))?;
    match form {
        Form::Json => out.line(format_args!("{:#}", serde_json::json!(report))),
        Form::Text(language, extent) => {
            report.render(language, extent, out).map_err(|error| Stop(error.to_string()))?;
        }
    }
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(if report.outcome == Outcome::Refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Writes an empty bundle.
pub fn template(dir: &Path) -> Result<ExitCode, Stop> {
    import::write_template(dir).map_err(|error| of_folder(dir, error))?;
    Ok(ExitCode::SUCCESS)
}

/// Adds the folder to an error about it.
fn of_folder(dir: &Path, error: Error) -> Stop {
    match error {
        Error::Invalid { field, sentence } if field == "DIR" => Stop(format!("{}: {}", dir.display(), sentence.en)),
        error => error.into(),
    }
}

/// Settings for a check without a database: an embedded one in a temporary folder, so that the check creates no file.
fn scratch(settings: &Settings) -> Result<Option<(Settings, TempDir)>, Stop> {
    if settings.embedded_path().is_none_or(|path| Path::new(path).exists()) {
        return Ok(None);
    }
    let folder = tempfile::tempdir().map_err(|error| Stop(format!("a temporary folder cannot be created: {error}")))?;
    let database_url = format!("sqlite://{}", folder.path().join("empty.db").display());
    Ok(Some((Settings { database_url, ..settings.clone() }, folder)))
}
