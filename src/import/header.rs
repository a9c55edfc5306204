//! The columns of a file, and findings in its cells.

use super::finding::{Column, FindingCode, Findings, Place};
use crate::language::Sentence;

/// Positions of the columns in a file.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// Name of the file.
    pub file: &'static str,
    pub columns: &'static [&'static str],
    /// For each column of the format, its index in the record, from 0; `None` if the file lacks it.
    pub places: Vec<Option<usize>>,
}

impl Header {
    /// The column with this name, if the file has it.
    pub fn column(&self, name: &str) -> Option<Column> {
        self.at(self.columns.iter().position(|column| *column == name)?)
    }

    /// The column at an index of `COLUMNS`.
    pub fn at(&self, at: usize) -> Option<Column> {
        let place = (*self.places.get(at)?)?;
        Some(Column { name: self.columns.get(at)?, position: place + 1 })
    }

    /// Whether the file has the column.
    pub fn has(&self, name: &str) -> bool {
        self.column(name).is_some()
    }

    /// Reports the columns in which a row differs from the database, except those that the file lacks. Returns whether
    /// there are none.
    pub fn note_differing(&self, findings: &mut Findings, line: u64, differing: Vec<&'static str>) -> bool {
        let mut is_unchanged = true;
        for column in differing.into_iter().filter(|column| self.has(column)) {
            is_unchanged = false;
            self.note(findings, (line, column), FindingCode::Differs, differs);
        }
        is_unchanged
    }

    /// Notes a finding in a cell of a line.
    pub fn note(
        &self,
        findings: &mut Findings,
        (line, column): (u64, &str),
        code: FindingCode,
        sentence: impl FnOnce() -> Sentence,
    ) {
        findings.note(self.file, Place { line: Some(line), column: self.column(column) }, code, sentence);
    }
}

/// The sentence of `DIFFERS`.
pub(super) fn differs() -> Sentence {
    Sentence::new(
        "cơ sở dữ liệu đã có giá trị khác ở cột này; việc nhập chỉ thêm dữ liệu, không ghi đè; hãy sửa hoặc bỏ dòng này",
        "the database has another value in this column; an import only adds and never overwrites; correct or remove \
         this row",
    )
}
