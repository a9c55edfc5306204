//! Imports: a bundle of CSV files is validated as a whole, then loaded completely or not at all.
//!
//! The stages of a row: bytes -`source`-> record -`table`-> cells -`cell`-> typed `row` -`resolve`-> resolved against
//! the `context`. `validate` runs them to validate, `load` runs them again to write.

mod agree;
mod appraisal;
mod area;
mod batch;
mod bundle;
mod cadre_index;
mod cell;
mod checked;
mod class;
mod class_index;
mod client;
mod context;
mod document;
mod duty;
mod duty_row;
mod encoding;
mod enrolment;
mod enrolment_overlaps;
mod exemption;
mod existing;
mod files;
mod finding;
mod header;
mod identifier;
mod importer;
mod load;
mod person_overlaps;
mod plan;
mod plausibility;
mod post;
mod programme_index;
mod progress;
mod quota_usage;
mod reach;
mod reference_lists;
mod report;
mod resolve;
mod rotation;
mod rotation_history;
mod row;
mod rules;
mod session;
mod shown;
mod source;
mod standard;
mod table;
mod template;
#[cfg(test)]
mod tests;
mod title;
mod training_lists;
mod training_row;
mod tree;
mod twin;
mod validate;
mod validated;
mod write;

use std::path::Path;

pub use bundle::FILES;
pub use client::{Answer, Sent, ensure_may_import, import_for};
pub use files::Contents;
use files::Files;
pub use finding::{Column, Finding, FindingCode, Severity, Unlisted};
use importer::Importer;
use progress::Progress;
pub use report::{Extent, FileReport, FileState, Outcome, Report};
pub use template::write as write_template;
use validated::Validated;

use crate::{audit::hash_chain, clock::Clock, db::Database, error::Result};

/// Options of an import.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Validate only: report what would be loaded, write nothing.
    pub dry_run: bool,
}

/// Imports (nhập) the bundle in a folder, completely or not at all, and returns a report.
///
/// Other commands may run during the validation. If one of them changed rows that the validation may have read, the
/// validation is repeated inside the loading transaction, which excludes other commands.
///
/// Files are read with blocking calls on the calling thread, which suits the command line; a server must run the import
/// on a dedicated thread.
pub async fn import(database: &Database, clock: Clock, dir: &Path, options: Options) -> Result<Report> {
    let progress = Progress::visible();
    let report = run(database, clock, (Files::Folder(dir), options), &progress).await;
    progress.clear();
    report
}

async fn run(
    database: &Database,
    clock: Clock,
    (files, options): (Files<'_>, Options),
    progress: &Progress,
) -> Result<Report> {
    // One connection for all queries, not the pool: each SQLite connection has a thread, which does not release the
    // memory of its results. With millions of rows that was more than a hundred megabytes.
    let (reader, importer) = (database.control(), Importer::Operator);
    let since = hash_chain::end(reader).await?;
    let validated = Validated::read(reader, clock, (files, &importer), progress).await?;
    match validated.outcome() {
        Outcome::Loaded if options.dry_run => Ok(validated.report(Outcome::DryRun)),
        Outcome::Loaded => load::load((database, clock, &importer), (files, progress), (since, validated)).await,
        outcome => Ok(validated.report(outcome)),
    }
}
