//! `cadre-api document`.

use std::{fs, path::Path, process::ExitCode};

use cadre_api::{
    auth::DocumentHash,
    clock::Clock,
    config::{DocumentCommand, Settings},
    db::Database,
    domain::client::{
        document::{self, Document, Registered},
        document_file,
    },
    error::Error,
    graphql::document_check::DocumentCheck,
    text::count,
};
use entity::value::ClientId;

use crate::cli::{Stop, client::unknown, open_existing, output::Output};

/// Manages registered documents.
pub async fn run(settings: &Settings, command: DocumentCommand, out: &mut Output) -> Result<ExitCode, Stop> {
    let database = open_existing(settings).await?;
    let mut status = ExitCode::SUCCESS;
    match command {
        DocumentCommand::Add { client, file } => add(&database, client, &file, out).await?,
        DocumentCommand::List { client } => {
            for document in document::list(&database, client).await.map_err(unknown)? {
                let state = document.ended_at.map(|at| format!("  removed {}", at.format("%Y-%m-%d")));
                let (name, state) = (document.name.unwrap_or_default(), state.unwrap_or_default());
                let added = document.added_at.format("%Y-%m-%d");
                out.line(format_args!("{}  added {added}{state}  {name}", document.hash).to_string().trim_end());
            }
        }
        DocumentCommand::Remove { client, hash } => {
            let hash = hash.strip_prefix("sha256:").unwrap_or(&hash).parse::<DocumentHash>();
            let hash = hash.map_err(|error| Stop(format!("the hash of a document is {error}")))?;
            document::end(&database, Clock::System, client, hash).await.map_err(|error| match error {
                Error::NotFound => Stop("the client has no such document; see `cadre-api document list`".into()),
                error => error.into(),
            })?;
            out.line("removed; its hash is refused within 5 seconds");
        }
        DocumentCommand::Check { client } => {
            if !check(&database, client, out).await? {
                status = ExitCode::FAILURE;
            }
        }
    }
    database.close().await.map_err(|error| Stop(error.to_string()))?;
    Ok(status)
}

async fn add(database: &Database, client: ClientId, file: &Path, out: &mut Output) -> Result<(), Stop> {
    let text = fs::read_to_string(file);
    let text = text.map_err(|error| Stop(format!("{} cannot be read: {error}", file.display())))?;
    let check = DocumentCheck::default();
    let (mut documents, mut problems, mut deprecated) = (Vec::new(), Vec::new(), Vec::new());
    for text in document_file::texts(text)? {
        match check.check(&text).await {
            Ok(accepted) => {
                let document = Document::new(text, accepted.names.as_deref());
                deprecated.extend(accepted.deprecations.iter().map(|of| format!("{}: {of}", document.hash())));
                documents.push(document);
            }
            Err(found) => problems.push(format!("{}: {}", DocumentHash::of(&text), found.join(" "))),
        }
    }
    if !problems.is_empty() {
        let refused = count(problems.len() as u64, "document");
        let problems = problems.join("\n  ");
        return Err(Stop(format!("nothing was registered, because this version refuses {refused}:\n  {problems}")));
    }
    let new = document::add(database, Clock::System, client, &documents).await.map_err(unknown)?;
    for document in &documents {
        let state = if new.contains(&document.hash()) { "registered" } else { "was registered" };
        let line = format!("sha256:{}  {state}  {}", document.hash(), document.name().unwrap_or_default());
        out.line(line.trim_end());
    }
    for deprecated in deprecated {
        out.line(format_args!("DEPRECATED: {deprecated}"));
    }
    let new = count(new.len() as u64, "document");
    out.line(format_args!("{new} registered; the service knows them within 5 seconds"));
    Ok(())
}

/// Lists the registered documents that this version refuses, and the deprecated parts that others name. Returns false if
/// one is refused.
async fn check(database: &Database, client: Option<ClientId>, out: &mut Output) -> Result<bool, Stop> {
    let check = DocumentCheck::default();
    let (mut intact, mut refused, mut outdated) = (0, 0, 0);
    let mut registered = Registered::of(database, client).await.map_err(unknown)?;
    while let Some((client, documents)) = registered.next(database).await? {
        for document in documents {
            let name = document.name().map(|name| format!(" ({name})")).unwrap_or_default();
            let named = format!("{client} {}{name}", document.hash());
            match check.check(document.text()).await {
                Ok(accepted) => {
                    intact += 1;
                    outdated += u64::from(!accepted.deprecations.is_empty());
                    for deprecation in accepted.deprecations {
                        out.line(format_args!("DEPRECATED: {named}: {deprecation}"));
                    }
                }
                Err(problems) => {
                    refused += 1;
                    out.line(format_args!("REFUSED: {named}: {}", problems.join(" ")));
                }
            }
        }
    }
    let outdated = if outdated > 0 { format!(", {outdated} with deprecated parts") } else { String::new() };
    out.line(format_args!("{} checked, {refused} refused{outdated}", count(intact + refused, "document")));
    Ok(refused == 0)
}
