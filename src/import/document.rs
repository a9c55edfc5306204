//! Documents (văn bản) of a bundle.

use std::collections::{HashMap, HashSet};

use entity::{
    document,
    value::{Day, DocumentCode, DocumentKind, Period, UnitCode, UnitId},
};

use super::{
    cell::{Cells, Problem, code, day, word},
    context::{ImportContext, repeated_code},
    finding::{FindingCode, Findings},
    header::Header,
    reference_lists::unit_of,
    table::Row,
};
use crate::{
    domain::bundle::{self, FileFormat},
    language::Sentence,
    reference::documents::{identity, number_key},
};

/// A document.
pub(super) struct DocumentRow {
    code: DocumentCode,
    number: String,
    kind: DocumentKind,
    issuer: Option<UnitCode>,
    signed_on: Day,
    valid_from: Day,
    valid_to: Option<Day>,
    replaced_by: Option<DocumentCode>,
    title: String,
}

impl Row for DocumentRow {
    const FORMAT: FileFormat = bundle::DOCUMENTS;

    fn read(cells: &mut Cells<'_, '_>) -> Option<Self> {
        let code_ = cells.required("code", code);
        let number = cells.required("number", number);
        let kind = cells.required("kind", word);
        let issuer = cells.optional("issuer_code", code);
        let signed_on = cells.required("signed_on", day);
        let (from, to) = (cells.required("valid_from", day), cells.optional("valid_to", day));
        let replaced_by = cells.optional("replaced_by_code", code);
        let title = cells.name("title");
        let (valid_from, valid_to) = (from?, to?);
        if Period::new(Some(valid_from), valid_to).is_none() {
            cells.empty_interval("valid_to");
            return None;
        }
        Some(Self {
            code: code_?,
            number: number?,
            kind: kind?,
            issuer: issuer?,
            signed_on: signed_on?,
            valid_from,
            valid_to,
            replaced_by: replaced_by?,
            title: title?,
        })
    }
}

/// A number with its symbol.
fn number(text: &str) -> Result<String, Problem> {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit()) && number_key(text).is_some();
    if is_number && text.chars().count() <= document::LONGEST_NUMBER {
        return Ok(text.to_owned());
    }
    Err(Sentence::new(
        "phải là số và ký hiệu như in trên văn bản, bắt đầu bằng chữ số, như 134-KH/TU",
        "must be the number and symbol as printed, beginning with a digit, such as 134-KH/TU",
    )
    .into())
}

impl DocumentRow {
    /// The row to store; `None` if the number has no normalised form.
    fn model(self, issuer_id: Option<UnitId>) -> Option<document::Model> {
        Some(document::Model {
            identity: identity(&self.number, issuer_id, self.signed_on)?,
            code: self.code,
            number: self.number,
            kind: self.kind,
            issuer_id,
            signed_on: self.signed_on,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            replaced_by: self.replaced_by,
            title: self.title,
            version: 1,
        })
    }
}

/// New documents of the bundle.
#[derive(Default)]
pub(super) struct NewDocuments(Vec<document::Model>);

impl NewDocuments {
    /// Resolves the rows of `documents.csv`. Returns the number of unchanged ones.
    pub fn read(
        &mut self,
        header: &Header,
        rows: Vec<(u64, DocumentRow)>,
        context: &ImportContext,
        findings: &mut Findings,
    ) -> u64 {
        let stored = &context.existing.documents;
        let mut identities: HashSet<String> = stored.values().map(|document| document.identity.clone()).collect();
        let (mut seen, mut unchanged, mut read) = (HashSet::new(), 0, Vec::new());
        for (line, row) in rows {
            if !seen.insert(row.code.clone()) {
                header.note(findings, (line, "code"), FindingCode::RepeatedCode, repeated_code);
                continue;
            }
            let issuer = unit_of(context, findings, header, (line, "issuer_code"), row.issuer.as_ref());
            if issuer.is_none() && row.issuer.is_some() {
                continue;
            }
            let Some(row) = row.model(issuer) else { continue };
            read.push((line, row.clone()));
            if let Some(there) = stored.get(&row.code) {
                unchanged += u64::from(header.note_differing(findings, line, differing(&row, there)));
            } else if identities.insert(row.identity.clone()) {
                self.0.push(row);
            } else {
                header.note(findings, (line, "number"), FindingCode::RepeatedCode, number_taken);
            }
        }
        check_successors(header, (&read, &seen), context, findings);
        unchanged
    }

    /// Number of new documents.
    pub fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Codes of the new documents.
    pub fn codes(&self) -> Vec<String> {
        self.0.iter().map(|row| row.code.to_string()).collect()
    }

    /// The rows, each after the document that replaced it: a replaced document ends before its successor.
    pub fn rows(mut self) -> Vec<document::Model> {
        self.0.sort_by_key(|row| std::cmp::Reverse((row.valid_to.is_none(), row.valid_to)));
        self.0
    }
}

/// Notes documents whose successor is unknown or not in force on the day of the replacement.
fn check_successors(
    header: &Header,
    (read, named): (&[(u64, document::Model)], &HashSet<DocumentCode>),
    context: &ImportContext,
    findings: &mut Findings,
) {
    let in_file: HashMap<_, _> = read.iter().map(|(_, row)| (&row.code, row)).collect();
    for (line, row) in read {
        let Some(code) = &row.replaced_by else { continue };
        let at = (*line, "replaced_by_code");
        let Some(successor) = in_file.get(code).copied().or_else(|| context.existing.documents.get(code)) else {
            // A row that already has an error is not reported again.
            if !named.contains(code) {
                context.unknown(findings, header, at, (DocumentRow::FILE, code.as_str()));
            }
            continue;
        };
        if !row.can_be_replaced_by(successor) {
            header.note(findings, at, FindingCode::BadValue, not_a_successor);
        }
    }
}

/// The columns in which a recorded document differs.
fn differing(row: &document::Model, stored: &document::Model) -> Vec<&'static str> {
    let columns = [
        ("number", row.number == stored.number),
        ("kind", row.kind == stored.kind),
        ("issuer_code", row.issuer_id == stored.issuer_id),
        ("signed_on", row.signed_on == stored.signed_on),
        ("valid_from", row.valid_from == stored.valid_from),
        ("valid_to", row.valid_to == stored.valid_to),
        ("replaced_by_code", row.replaced_by == stored.replaced_by),
        ("title", row.title == stored.title),
    ];
    columns.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
}

fn number_taken() -> Sentence {
    Sentence::new(
        "cùng cơ quan ban hành đã có văn bản khác mang số này trong năm ký; hãy sửa số, ngày ký hoặc bỏ dòng này",
        "another document of the same issuer and year of signing has this number; correct the number or the day, or remove \
         this row",
    )
}

fn not_a_successor() -> Sentence {
    Sentence::new(
        "văn bản thay thế phải là văn bản khác, đang có hiệu lực vào ngày văn bản này hết hiệu lực; hãy ghi `valid_to` và \
         sửa ngày của một trong hai văn bản",
        "the successor must be another document that is in force on the day on which this one ends; give `valid_to`, and \
         correct the days of one of the two",
    )
}
