//! Imports: a bundle of CSV files is validated as a whole, then loaded completely or not at all.
//!
//! The stages of a row: bytes -`source`-> record -`table`-> cells -`cell`-> typed `row` -`pass`-> resolved against the
//! `world`. `check` runs them to validate, `load` runs them again to write.

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
mod post;
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
mod source;
mod table;
mod template;
#[cfg(test)]
mod tests;
mod tree;
mod twin;
mod usage;
mod world;

use std::path::Path;

use bundle::Bundle;
use check::Plan;
use finding::Findings;
pub use finding::{Column, Finding, FindingCode, Severity, Unlisted};
use known::Known;
use progress::Progress;
pub use report::{Extent, FileReport, FileState, Outcome, Report};
use sea_orm::{ConnectionTrait, StreamTrait};
pub use template::write as write_template;
use world::World;

use crate::{clock::Clock, db::Database, domain::hash_chain, error::Result};

/// Options of an import.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Validate only: report what would be loaded, write nothing.
    pub dry_run: bool,
}

/// Imports (nhập) the bundle in a folder, completely or not at all, and returns a report.
///
/// Other acts may run during the validation. If one of them changed rows that the validation may have read, the
/// validation is repeated inside the loading transaction, which excludes other acts.
///
/// Files are read with blocking calls on the calling thread, which suits the command line; a server must run the import
/// on a dedicated thread.
pub async fn import(database: &Database, clock: Clock, dir: &Path, options: Options) -> Result<Report> {
    let progress = Progress::shown();
    let report = run(database, clock, (dir, options), &progress).await;
    progress.clear();
    report
}

async fn run(
    database: &Database,
    clock: Clock,
    (dir, options): (&Path, Options),
    progress: &Progress,
) -> Result<Report> {
    // One connection for all queries, not the pool: each SQLite connection has a thread, which does not release the
    // memory of its results. With millions of rows that was more than a hundred megabytes.
    let reader = database.control();
    let since = hash_chain::end(reader).await?;
    let validated = Validated::read(reader, clock, dir, progress).await?;
    match validated.outcome() {
        Outcome::Loaded if options.dry_run => Ok(validated.report(Outcome::DryRun)),
        Outcome::Loaded => load::load(database, clock, (dir, progress), (since, validated)).await,
        outcome => Ok(validated.report(outcome)),
    }
}

/// A bundle that was validated against the database.
struct Validated {
    world: World,
    plan: Plan,
    findings: Findings,
    /// Bytes of the files.
    bytes: u64,
}

impl Validated {
    /// Validates the bundle in a folder.
    async fn read(
        connection: &(impl ConnectionTrait + StreamTrait),
        clock: Clock,
        dir: &Path,
        progress: &Progress,
    ) -> Result<Self> {
        let mut findings = Findings::default();
        let bundle = Bundle::find(dir, &mut findings)?;
        progress.begin("checking", bundle.bytes);
        let mut world = World::new(Known::read(connection).await?, clock.today());
        bundle.irregular.iter().for_each(|file| world.give_up(file));
        let plan = check::check(dir, &bundle, connection, (&mut world, &mut findings, progress)).await?;
        Ok(Self { world, plan, findings, bytes: bundle.bytes })
    }

    /// Outcome of an import of the bundle, if loading succeeds.
    fn outcome(&self) -> Outcome {
        match () {
            () if self.findings.errors > 0 => Outcome::Refused,
            () if self.plan.checked.iter().all(|file| file.rows == 0) => Outcome::NoRows,
            () if !self.plan.has_news() => Outcome::NothingNew,
            () => Outcome::Loaded,
        }
    }

    /// The report of an import that ended without loading.
    fn report(self, outcome: Outcome) -> Report {
        let files = self.plan.checked.iter().map(file_report).collect();
        report(outcome, files, self.findings)
    }
}

fn report(outcome: Outcome, files: Vec<FileReport>, findings: Findings) -> Report {
    let (errors, warnings) = (findings.errors, findings.warnings);
    let (findings, unlisted) = findings.into_lists();
    Report { outcome, files, errors, warnings, findings, unlisted }
}

fn file_report(checked: &check::Checked) -> FileReport {
    let check::Checked { file, rows, new, unchanged, .. } = *checked;
    FileReport { name: file, rows, new, unchanged, state: FileState::Checked }
}
