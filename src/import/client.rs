//! An import by a client of the API: the same validation and the same load as on the command line, restricted to the
//! reach and the scopes of the client.

use std::sync::Arc;

use super::{
    Options, Outcome, Report,
    bundle::{Bundle, FILES},
    files::{Contents, Files},
    finding::Findings,
    importer::Importer,
    load,
    progress::Progress,
    reach,
    validated::Validated,
};
use crate::{
    audit::hash_chain,
    authz::{Access, protected_files},
    domain::export::ExportType,
    error::Result,
};

/// Persons whose comparison is logged in one transaction.
const LOGGED: usize = 1_000;

/// A bundle that a client sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// Its files.
    pub contents: &'a Contents,
    /// SHA-256 of the bytes that the client sent, in hexadecimal.
    pub sha256: &'a str,
}

/// The result of an import by a client.
#[derive(Debug)]
pub enum Answer {
    /// The report of this import.
    New(Report),
    /// The report, as JSON, of the import that loaded the same bytes earlier.
    Repeated(String),
}

/// Imports a bundle for a client, completely or not at all.
///
/// It computes for long without a pause, so a server must run it on a thread for blocking work.
///
/// # Errors
/// `Forbidden` without `import:write` or a scope of a file; `PurposeRequired` without a purpose if the bundle has
/// protected data; `Unavailable` or `Conflict` if nothing was written and the import can be repeated.
pub async fn import_for(access: &Arc<Access>, sent: Sent<'_>, options: Options) -> Result<Answer> {
    ensure_scopes(access, sent.contents)?;
    let importer = Importer::Client { access, sha256: sent.sha256 };
    let (files, progress) = (Files::Memory(sent.contents), Progress::hidden());
    let (database, clock) = access.importing();
    let since = hash_chain::end(database.control()).await?;
    let reader = database.snapshot_of_everything().await?;
    if let Some(report) = importer.stored_report(&reader).await? {
        return Ok(Answer::Repeated(report));
    }
    let validated = Validated::read(&reader, clock, (files, &importer), &progress).await?;
    let mut compared = Vec::new();
    if validated.is_compared {
        let bundle = Bundle::find(files, &mut Findings::default())?;
        for file in protected_files().filter(|file| bundle.has(file)) {
            compared.push((file, reach::recorded_persons((files, &bundle), file, &reader).await?));
        }
    }
    reader.rollback().await?;
    for (file, persons) in compared {
        for persons in persons.chunks(LOGGED) {
            access.log_comparisons(file, persons).await?;
        }
    }
    let report = match validated.outcome() {
        Outcome::Loaded if options.dry_run => validated.report(Outcome::DryRun),
        Outcome::Loaded => load::load((database, clock, &importer), (files, &progress), (since, validated)).await?,
        outcome => validated.report(outcome),
    };
    if report.outcome == Outcome::NothingNew {
        // Another request may have loaded the same bytes in the meantime.
        let reader = database.snapshot_of_everything().await?;
        let stored = importer.stored_report(&reader).await?;
        reader.rollback().await?;
        return Ok(stored.map_or(Answer::New(report), Answer::Repeated));
    }
    Ok(Answer::New(report))
}

/// Checks that a client may import at all, before it sends a bundle.
///
/// # Errors
/// `Forbidden` without `import:write`.
pub fn ensure_may_import(access: &Access) -> Result<()> {
    access.ensure_may_import(&[])
}

fn ensure_scopes(access: &Access, contents: &Contents) -> Result<()> {
    let files = FILES.iter().filter(|file| contents.contains_key(file.name));
    let files: Vec<_> = files
        .map(|file| {
            let exported = ExportType::all().find(|of| of.file() == file.name);
            (file.name, exported.and_then(ExportType::scope))
        })
        .collect();
    access.ensure_may_import(&files)
}
