//! The report of an import, as text and as JSON.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use serde::Serialize;

use super::finding::{Finding, FindingCode, Severity, Unlisted};
use crate::{language::Language, text::count};

/// Result for a file.
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
    /// Rows that were not in the database.
    pub new: u64,
    /// Rows that the database already contains.
    pub unchanged: u64,
    /// Result for the file.
    pub state: FileState,
}

/// Outcome of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// All rows are in the database.
    Loaded,
    /// The database already contains all rows; nothing was written.
    NothingNew,
    /// The files have no rows below their headers; nothing was written.
    NoRows,
    /// There are errors; nothing was written.
    Refused,
    /// No errors; nothing was written because only validation was requested.
    DryRun,
}

/// Level of detail of a printed report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// The first findings of each code; those with one cause together.
    #[default]
    Short,
    /// Every finding on its own line.
    All,
}

/// Findings of a code that a short report shows.
const SHOWN: usize = 20;
/// Further lines that a finding of a short report names.
const LINES: usize = 5;

/// Report of an import (nhập dữ liệu).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Outcome of the import.
    pub outcome: Outcome,
    /// Files, in the order in which they were read.
    pub files: Vec<FileReport>,
    /// Number of errors.
    pub errors: u64,
    /// Number of warnings.
    pub warnings: u64,
    /// Findings, by file, line and column; at most 1,000 per file and code.
    pub findings: Vec<Finding>,
    /// Number of further findings, by file and code.
    pub unlisted: Vec<Unlisted>,
}

impl Report {
    /// Writes the report for people: findings, a table of files, the outcome and the next step.
    pub fn render(&self, language: Language, extent: Extent, out: &mut impl Write) -> io::Result<()> {
        match extent {
            Extent::All => {
                for finding in &self.findings {
                    render_finding((finding, &[]), language, out)?;
                }
            }
            Extent::Short => self.render_short(language, out)?,
        }
        for Unlisted { file, code, more } in &self.unlisted {
            match language {
                Language::Vietnamese => writeln!(out, "{file} {code}: còn {more} phát hiện khác không được liệt kê")?,
                Language::English => writeln!(out, "{file} {code}: {more} more findings are not listed")?,
            }
        }
        if !self.findings.is_empty() {
            writeln!(out)?;
        }
        self.render_files(language, out)?;
        writeln!(out, "\n{}", self.summary(language))
    }

    /// The first findings of each code; findings that differ only in their lines are shown as one.
    fn render_short(&self, language: Language, out: &mut impl Write) -> io::Result<()> {
        let mut of_code: HashMap<FindingCode, usize> = HashMap::new();
        let mut hidden: Vec<(FindingCode, usize)> = Vec::new();
        for (first, lines) in grouped(&self.findings) {
            let shown = of_code.entry(first.code).or_default();
            *shown += 1;
            if *shown <= SHOWN {
                render_finding((first, &lines), language, out)?;
                continue;
            }
            match hidden.iter_mut().find(|(code, _)| *code == first.code) {
                Some((_, more)) => *more += 1 + lines.len(),
                None => hidden.push((first.code, 1 + lines.len())),
            }
        }
        for (code, more) in hidden {
            match language {
                Language::Vietnamese => {
                    writeln!(out, "{code}: còn {more} phát hiện khác; dùng --all để hiển thị tất cả")?;
                }
                Language::English => writeln!(out, "{code}: {more} more; use --all to show them")?,
            }
        }
        Ok(())
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
        let (some_errors, some_warnings) = (count(errors, "error"), count(warnings, "warning"));
        match (self.outcome, language) {
            (Outcome::Loaded, Language::Vietnamese) if warnings == 0 => "Đã nhập toàn bộ dữ liệu.".to_owned(),
            (Outcome::Loaded, Language::English) if warnings == 0 => "Everything was loaded.".to_owned(),
            (Outcome::Loaded, Language::Vietnamese) => {
                format!("Đã nhập toàn bộ dữ liệu; có {warnings} cảnh báo. Hãy kiểm tra các dòng có cảnh báo.")
            }
            (Outcome::Loaded, Language::English) => {
                format!("Everything was loaded; {some_warnings}. Check the rows that have warnings.")
            }
            (Outcome::NoRows, Language::Vietnamese) => {
                "Các tệp chỉ có dòng tiêu đề, không có dòng dữ liệu; chưa có dữ liệu nào được ghi. Hãy thêm dữ liệu rồi \
                 nhập lại."
                    .to_owned()
            }
            (Outcome::NoRows, Language::English) => {
                "The files contain only headers and no rows; nothing was written. Add rows and import again.".to_owned()
            }
            (Outcome::NothingNew, Language::Vietnamese) => {
                format!(
                    "Không có dữ liệu mới: cơ sở dữ liệu đã có toàn bộ các dòng; không ghi thêm dữ liệu; {warnings} \
                     cảnh báo."
                )
            }
            (Outcome::NothingNew, Language::English) => {
                format!("Nothing new: the database already contains all rows; nothing was written; {some_warnings}.")
            }
            (Outcome::Refused, Language::Vietnamese) => {
                format!(
                    "Từ chối nhập: {errors} lỗi, {warnings} cảnh báo; chưa có dữ liệu nào được ghi. Hãy sửa các dòng có \
                     lỗi rồi nhập lại."
                )
            }
            (Outcome::Refused, Language::English) => format!(
                "Refused: {some_errors}, {some_warnings}; nothing was written. Correct the rows that have errors \
                 and import again."
            ),
            (Outcome::DryRun, Language::Vietnamese) => {
                format!(
                    "Chỉ kiểm tra: không có lỗi, {warnings} cảnh báo; chưa có dữ liệu nào được ghi. Hãy chạy lại không \
                     có --dry-run để nhập."
                )
            }
            (Outcome::DryRun, Language::English) => {
                format!(
                    "Only checked: no errors, {some_warnings}; nothing was written. Import without --dry-run to load."
                )
            }
        }
    }
}

/// Groups of findings that differ only in their lines: the first finding, and the lines of the others.
fn grouped(findings: &[Finding]) -> Vec<(&Finding, Vec<u64>)> {
    let mut groups: Vec<(&Finding, Vec<u64>)> = Vec::new();
    let mut places: HashMap<_, usize> = HashMap::new();
    for finding in findings {
        let cause = (&finding.file, finding.code, finding.column.map(|column| column.position), &finding.sentence.en);
        match (finding.line, places.get(&cause)) {
            (Some(line), Some(at)) => groups[*at].1.push(line),
            _ => {
                places.insert(cause, groups.len());
                groups.push((finding, Vec::new()));
            }
        }
    }
    groups
}

/// `units.csv:12:3 (parent_code) ERROR UNKNOWN_CODE: sentence`
fn render_finding((finding, lines): (&Finding, &[u64]), language: Language, out: &mut impl Write) -> io::Result<()> {
    // The name of an unknown file is the only unchecked text here; it may contain terminal control sequences.
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
    write!(out, " {severity} {}: {}", finding.code, finding.sentence.text(language))?;
    if !lines.is_empty() {
        let listed_lines = lines.iter().take(LINES).map(u64::to_string).collect::<Vec<_>>().join(", ");
        let more = lines.len().saturating_sub(LINES);
        match language {
            Language::Vietnamese if more > 0 => write!(out, " (và các dòng {listed_lines}, cùng {more} dòng khác)")?,
            Language::Vietnamese => write!(out, " (và dòng {listed_lines})")?,
            Language::English if more > 0 => write!(out, " (also lines {listed_lines} and {more} more)")?,
            Language::English => {
                write!(out, " (also {} {listed_lines})", if lines.len() == 1 { "line" } else { "lines" })?;
            }
        }
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::finding::{Findings, Place};
    use crate::language::Sentence;

    #[test]
    fn a_short_report_shows_twenty_of_a_code_and_one_cause_once() {
        let mut findings = Findings::default();
        let mut note = |line, code, text: &str| {
            let place = Place { line: Some(line), column: None };
            findings.note("units.csv", place, code, || Sentence::new(text, text));
        };
        (2..10).for_each(|line| note(line, FindingCode::UnknownCode, "X"));
        note(10, FindingCode::UnknownCode, "Y");
        note(11, FindingCode::UnknownCode, "Y");
        (20..50).for_each(|line| note(line, FindingCode::BadValue, &line.to_string()));
        let (errors, warnings) = (findings.errors, findings.warnings);
        let (findings, unlisted) = findings.into_lists();
        let report = Report { outcome: Outcome::Refused, files: Vec::new(), errors, warnings, findings, unlisted };

        let lines = |extent| {
            let mut text = Vec::new();
            report.render(Language::English, extent, &mut text).expect("written");
            String::from_utf8(text).expect("text").lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let short = lines(Extent::Short);
        assert_eq!(short[0], "units.csv:2 ERROR UNKNOWN_CODE: X (also lines 3, 4, 5, 6, 7 and 2 more)");
        assert_eq!(short[1], "units.csv:10 ERROR UNKNOWN_CODE: Y (also line 11)");
        assert_eq!(short[2], "units.csv:20 ERROR BAD_VALUE: 20");
        assert_eq!(short[22], "BAD_VALUE: 10 more; use --all to show them");
        assert_eq!(lines(Extent::All).iter().filter(|line| line.starts_with("units.csv:")).count(), 40);
    }
}
