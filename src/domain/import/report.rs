//! The report of an import, for people and for machines.

use std::io::{self, Write};

use serde::Serialize;

use super::finding::{Finding, Severity, Unlisted};
use crate::language::Language;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FileState {
    /// Its rows were checked; nothing was written.
    Checked,
    /// Its rows are in the database.
    Loaded,
}

/// One file of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// Name.
    pub name: &'static str,
    /// Rows below the header.
    pub rows: u64,
    /// Rows that the database lacked.
    pub new: u64,
    /// Rows that the database already held.
    pub unchanged: u64,
    /// What became of it.
    pub state: FileState,
}

/// How an import ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Everything is in the database.
    Loaded,
    /// The database already held everything; nothing was written.
    NothingNew,
    /// There are errors; nothing was written.
    Refused,
    /// There are no errors; nothing was written because only a check was asked for.
    DryRun,
}

/// What an import (nhập dữ liệu) found and did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// Files, in the order in which they were read.
    pub files: Vec<FileReport>,
    /// Number of errors.
    pub errors: u64,
    /// Number of warnings.
    pub warnings: u64,
    /// Findings, by file, line and column; of one kind in one file at most 1,000.
    pub findings: Vec<Finding>,
    /// How many more there are of kinds that are not listed in full.
    pub unlisted: Vec<Unlisted>,
}

impl Report {
    /// Writes the report for people: findings, a table of files, what happened and what to do next.
    pub fn render(&self, language: Language, out: &mut impl Write) -> io::Result<()> {
        for finding in &self.findings {
            render_finding(finding, language, out)?;
        }
        for Unlisted { file, code, more } in &self.unlisted {
            match language {
                Language::Vietnamese => writeln!(out, "{file} {code}: còn {more} mục nữa không liệt kê")?,
                Language::English => writeln!(out, "{file} {code}: {more} more are not listed")?,
            }
        }
        if !self.findings.is_empty() {
            writeln!(out)?;
        }
        self.render_files(language, out)?;
        writeln!(out, "\n{}", self.summary(language))
    }

    fn render_files(&self, language: Language, out: &mut impl Write) -> io::Result<()> {
        let [file, rows, new, unchanged] = match language {
            Language::Vietnamese => ["tệp", "dòng", "mới", "đã có"],
            Language::English => ["file", "rows", "new", "unchanged"],
        };
        writeln!(out, "{file:<24}{rows:>12}{new:>12}{unchanged:>12}")?;
        for FileReport { name, rows, new, unchanged, .. } in &self.files {
            writeln!(out, "{name:<24}{rows:>12}{new:>12}{unchanged:>12}")?;
        }
        Ok(())
    }

    fn summary(&self, language: Language) -> String {
        let (errors, warnings) = (self.errors, self.warnings);
        match (self.outcome, language) {
            (Outcome::Loaded, Language::Vietnamese) if warnings == 0 => "Đã nạp toàn bộ.".to_owned(),
            (Outcome::Loaded, Language::English) if warnings == 0 => "Everything was loaded.".to_owned(),
            (Outcome::Loaded, Language::Vietnamese) => {
                format!("Đã nạp toàn bộ; {warnings} cảnh báo. Hãy xem lại các dòng có cảnh báo.")
            }
            (Outcome::Loaded, Language::English) => {
                format!("Everything was loaded; {warnings} warnings. Look at the rows that have warnings.")
            }
            (Outcome::NothingNew, Language::Vietnamese) => {
                format!("Không có gì mới: cơ sở dữ liệu đã có toàn bộ; không ghi gì; {warnings} cảnh báo.")
            }
            (Outcome::NothingNew, Language::English) => {
                format!("Nothing new: the database already holds everything; nothing was written; {warnings} warnings.")
            }
            (Outcome::Refused, Language::Vietnamese) => {
                format!(
                    "Từ chối: {errors} lỗi, {warnings} cảnh báo; không ghi gì. Hãy sửa các dòng có lỗi rồi nhập lại."
                )
            }
            (Outcome::Refused, Language::English) => format!(
                "Refused: {errors} errors, {warnings} warnings; nothing was written. Correct the rows that have errors \
                 and import again."
            ),
            (Outcome::DryRun, Language::Vietnamese) => {
                format!("Chỉ kiểm tra: không có lỗi, {warnings} cảnh báo; không ghi gì. Bỏ --dry-run để nạp.")
            }
            (Outcome::DryRun, Language::English) => {
                format!(
                    "Only checked: no errors, {warnings} warnings; nothing was written. Import without --dry-run to load."
                )
            }
        }
    }
}

/// `units.csv:12:3 (parent_code) ERROR UNKNOWN_CODE: sentence`
fn render_finding(finding: &Finding, language: Language, out: &mut impl Write) -> io::Result<()> {
    // A name of a strange file is the only text here that nobody checked; it may hold what a terminal would obey.
    let file: String = finding.file.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    write!(out, "{file}")?;
    if let Some(line) = finding.line {
        write!(out, ":{line}")?;
    }
    if let Some(column) = finding.column {
        write!(out, ":{} ({})", column.position, column.name)?;
    }
    let severity = match finding.severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
    };
    writeln!(out, " {severity} {}: {}", finding.code, finding.sentence.text(language))
}
