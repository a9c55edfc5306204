//! A bundle that was validated against the database.

use std::path::Path;

use sea_orm::{ConnectionTrait, StreamTrait};

use super::{
    FileReport, FileState, Outcome, Report, bundle::Bundle, checked::Checked, context::ImportContext,
    existing::Existing, finding::Findings, plan::Plan, progress::Progress, validate::validate,
};
use crate::{clock::Clock, error::Result};

/// A bundle that was validated against the database.
pub(super) struct Validated {
    pub context: ImportContext,
    pub plan: Plan,
    pub findings: Findings,
    /// Bytes of the files.
    pub bytes: u64,
}

impl Validated {
    /// Validates the bundle in a folder.
    pub async fn read(
        connection: &(impl ConnectionTrait + StreamTrait),
        clock: Clock,
        dir: &Path,
        progress: &Progress,
    ) -> Result<Self> {
        let mut findings = Findings::default();
        let bundle = Bundle::find(dir, &mut findings)?;
        progress.begin("checking", bundle.bytes);
        let mut context = ImportContext::new(Existing::read(connection).await?, clock.today());
        bundle.irregular.iter().for_each(|file| context.mark_unreadable(file));
        let plan = validate(dir, &bundle, connection, (&mut context, &mut findings, progress)).await?;
        Ok(Self { context, plan, findings, bytes: bundle.bytes })
    }

    /// Outcome of an import of the bundle, if loading succeeds.
    pub fn outcome(&self) -> Outcome {
        match () {
            () if self.findings.errors > 0 => Outcome::Refused,
            () if self.plan.checked.iter().all(|file| file.rows == 0) => Outcome::NoRows,
            () if !self.plan.has_new_rows() => Outcome::NothingNew,
            () => Outcome::Loaded,
        }
    }

    /// The report of an import that ended without loading.
    pub fn report(self, outcome: Outcome) -> Report {
        let files = self.plan.checked.iter().map(file_report).collect();
        report(outcome, files, self.findings)
    }
}

pub(super) fn report(outcome: Outcome, files: Vec<FileReport>, findings: Findings) -> Report {
    let (errors, warnings) = (findings.errors, findings.warnings);
    let (findings, unlisted) = findings.into_lists();
    Report { outcome, files, errors, warnings, findings, unlisted }
}

pub(super) fn file_report(checked: &Checked) -> FileReport {
    let Checked { file, rows, new, unchanged, .. } = *checked;
    FileReport { name: file, rows, new, unchanged, state: FileState::Checked }
}
