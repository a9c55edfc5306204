//! `cadre-api audit`.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::ExitCode,
};

use cadre_api::{
    audit::{self, Checkpoint, Line},
    clock::Clock,
    config::{AuditCommand, Settings},
    db::Database,
    domain::access_log::{self, Withhold},
};

use crate::cli::{
    Stop,
    key::store,
    open_existing,
    output::{Output, note},
};

/// Lists the access log, withholds entries, verifies the chain.
pub async fn run(settings: &Settings, command: AuditCommand, out: &mut Output) -> Result<ExitCode, Stop> {
    let database = open_existing(settings).await?;
    let code = match command {
        AuditCommand::List { subject, json } => {
            let show = |line: &Line| {
                if json {
                    out.line(serde_json::json!(line));
                } else {
                    out.line(text(line));
                }
                if out.is_written() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            audit::each(&database, subject.as_ref(), show).await?;
            ExitCode::SUCCESS
        }
        AuditCommand::Withhold { client, subject, until, document } => {
            let order = Withhold { client, subject, until, document_no: document };
            access_log::withhold(&database, Clock::System, order).await?;
            out.line(format_args!("withheld from the API until {until}; the log itself still contains all entries"));
            ExitCode::SUCCESS
        }
        AuditCommand::Verify { checkpoints } => verify(settings, &database, checkpoints, out).await?,
    };
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(code)
}

/// A file named on the command line must exist; the file of the settings may not exist yet.
async fn verify(
    settings: &Settings,
    database: &Database,
    named_file: Option<PathBuf>,
    out: &mut Output,
) -> Result<ExitCode, Stop> {
    let checkpoints = match (named_file, settings.checkpoints()) {
        (Some(path), _) => read(settings, database, &path).await?,
        (None, Some(path)) if path.exists() => read(settings, database, &path).await?,
        _ => {
            note(
                "no checkpoint file was found: without it, a chain that was shortened or rewritten cannot be detected; \
                 name the file with --checkpoints",
            );
            Vec::new()
        }
    };
    let snapshot = database.snapshot().await.map_err(|error| Stop(error.to_string()))?;
    match audit::verify_chain(&snapshot, &checkpoints).await? {
        Ok(intact) => {
            let entries =
                if intact.entries == 1 { "1 entry".to_owned() } else { format!("{} entries", intact.entries) };
            let checkpoints = match intact.checkpoints {
                1 => "1 checkpoint matches".to_owned(),
                number => format!("{number} checkpoints match"),
            };
            out.line(format_args!("{entries}, intact; {checkpoints}"));
            Ok(ExitCode::SUCCESS)
        }
        Err(fault) => {
            out.line(format_args!("NOT INTACT: {fault}"));
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn read(settings: &Settings, database: &Database, path: &Path) -> Result<Vec<Checkpoint>, Stop> {
    let store = store(settings, database.clone()).await?;
    audit::read_checkpoints(&store, path).await?.map_err(|error| Stop(format!("{}: {error}", path.display())))
}

fn text(line: &Line) -> String {
    let basis = line.legal_basis.as_ref().map(|basis| format!("  ({basis})")).unwrap_or_default();
    let withheld = line.withheld_until.map(|until| format!("  withheld until {until}")).unwrap_or_default();
    let gateway = [&line.gateway_client, &line.gateway_user, &line.gateway_issue, &line.gateway_request];
    let gateway = gateway.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    let gateway = if gateway.is_empty() { gateway } else { format!("  through {gateway}") };
    let at = line.at.format("%Y-%m-%dT%H:%M:%SZ");
    format!(
        "{at}  {}  {}  {}  {}  {}{basis}{gateway}{withheld}",
        line.subject, line.categories, line.purpose, line.client, line.client_name
    )
}
