//! Imports: a bundle of CSV files is checked whole, then loaded whole or not at all.
//!
//! The road of a row: bytes -`source`-> record -`table`-> cells -`cell`-> typed `row` -`pass`-> resolved against the
//! `world`. `check` walks it to find out, `load` walks it again to write.

mod agree;
mod batch;
mod bundle;
mod cell;
mod check;
mod class;
mod encoding;
mod enrolment;
mod episode;
mod finding;
mod known;
mod law;
mod ledger;
mod lists;
mod load;
mod offer;
mod pass;
mod progress;
mod register;
mod report;
mod roster;
mod rotation;
mod row;
mod rule;
mod seat;
mod session;
mod shown;
mod similar;
mod source;
mod table;
mod template;
#[cfg(test)]
mod tests;
mod tree;
mod usage;
mod world;

use std::path::Path;

use bundle::Bundle;
use finding::Findings;
pub use finding::{Column, Finding, FindingCode, Severity, Unlisted};
use known::Known;
use progress::Progress;
pub use report::{Extent, FileReport, FileState, Outcome, Report};
pub use template::write as write_template;
use world::World;

use crate::{clock::Clock, db::Database, error::Result};

/// What an import may do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Only check: report what would be loaded, write nothing.
    pub dry_run: bool,
}

/// Imports (nhập) the bundle in a folder, all of it or nothing, and reports what was found and done.
///
/// Files are read with blocking calls on the calling thread, which suits the command line; a server must give the
/// import a thread of its own.
pub async fn import(database: &Database, clock: Clock, dir: &Path, options: Options) -> Result<Report> {
    let mut findings = Findings::default();
    let bundle = Bundle::find(dir, &mut findings)?;
    let progress = Progress::shown();
    let report = run(database, clock, (dir, &bundle, options), (findings, &progress)).await;
    progress.clear();
    report
}

async fn run(
    database: &Database,
    clock: Clock,
    (dir, bundle, options): (&Path, &Bundle, Options),
    (mut findings, progress): (Findings, &Progress),
) -> Result<Report> {
    progress.begin("checking", bundle.bytes);
    // One connection for all questions, not the pool: each connection of SQLite has a thread, and what a thread once took
    // for its answers stays with it. With millions of rows that was more than a hundred megabytes.
    let reader = database.control();
    let mut world = World::new(Known::read(reader).await?, clock.today());
    bundle.irregular.iter().for_each(|file| world.give_up(file));
    let plan = check::check(dir, bundle, reader, (&mut world, &mut findings, progress)).await?;
    let mut files: Vec<FileReport> = plan.checked.iter().map(file_report).collect();

    let outcome = match () {
        () if findings.errors > 0 => Outcome::Refused,
        () if plan.checked.iter().all(|file| file.rows == 0) => Outcome::NoRows,
        () if !plan.has_news() => Outcome::NothingNew,
        () if options.dry_run => Outcome::DryRun,
        () => Outcome::Loaded,
    };
    if outcome == Outcome::Loaded {
        progress.begin("loading", bundle.bytes);
        load::load(database, clock, dir, plan, (world, progress)).await?;
        files.iter_mut().for_each(|file| file.state = FileState::Loaded);
    }
    let (errors, warnings) = (findings.errors, findings.warnings);
    let (findings, unlisted) = findings.into_lists();
    Ok(Report { outcome, files, errors, warnings, findings, unlisted })
}

fn file_report(checked: &check::Checked) -> FileReport {
    let check::Checked { file, rows, new, unchanged, .. } = *checked;
    FileReport { name: file, rows, new, unchanged, state: FileState::Checked }
}
