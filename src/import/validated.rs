//! A bundle that was validated against the database.

use sea_orm::{ConnectionTrait, StreamTrait};

use super::{
    FileReport, FileState, Outcome, Report, bundle::Bundle, checked::Checked, context::ImportContext,
    existing::Existing, files::Files, finding::Findings, importer::Importer, plan::Plan, progress::Progress,
    validate::validate,
};
use crate::{clock::Clock, error::Result};

/// A bundle that was validated against the database.
pub(super) struct Validated {
    pub context: ImportContext,
    pub plan: Plan,
    pub findings: Findings,
    /// Bytes of the files.
    pub bytes: u64,
    /// Whether the rows were compared with the database; not if the importer may not see the records that they name.
    pub is_compared: bool,
}

impl Validated {
    /// Validates a bundle for an importer.
    pub async fn read(
        connection: &(impl ConnectionTrait + StreamTrait),
        clock: Clock,
        (files, importer): (Files<'_>, &Importer<'_>),
        progress: &Progress,
    ) -> Result<Self> {
        let mut findings = Findings::default();
        let bundle = Bundle::find(files, &mut findings)?;
        progress.begin("checking", bundle.bytes);
        let existing = Existing::read(connection).await?;
        importer.check_reach((files, &bundle), (&existing, connection), &mut findings).await?;
        let is_compared = findings.errors == 0;
        let mut context = ImportContext::new(existing, clock.today());
        context.sees_everybody = importer.sees_everybody();
        bundle.irregular.iter().for_each(|file| context.mark_unreadable(file));
        let plan = match is_compared {
            true => validate(files, &bundle, connection, (&mut context, &mut findings, progress)).await?,
            false => Plan::default(),
        };
        Ok(Self { context, plan, findings, bytes: bundle.bytes, is_compared })
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
