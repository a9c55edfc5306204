//! Documents (văn bản) with the records that cite them.
//!
//! A number such as `134-KH/TU` is unique for its issuer and year only: each district has a `12-KH/HU` every year. A
//! record that cites a number therefore leads to a document only if the issuer is related to the record and the year
//! leaves no doubt.

use std::collections::{BTreeMap, HashMap};

use entity::{
    document,
    value::{Day, DocumentCode, Hierarchy, UnitId},
};
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::{error::Result, reference::units::Units, text};

/// A document with its key for search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Row of the document.
    pub row: document::Model,
    search: String,
}

impl Document {
    /// A document of a row.
    pub fn of(row: document::Model) -> Self {
        let search = text::search_key(&format!("{} {}", row.number, row.title));
        Self { row, search }
    }

    /// Whether words of the number or the title begin with all of these words.
    pub fn is_found_by(&self, words: &str) -> bool {
        text::fold(words).split(' ').all(|word| self.search.contains(&format!(" {word}")))
    }
}

/// All documents.
#[derive(Debug, Default)]
pub struct Documents {
    by_code: BTreeMap<DocumentCode, Document>,
    by_number: HashMap<String, Vec<DocumentCode>>,
}

/// A record that cites a document by its number.
#[derive(Clone, Copy, Debug)]
pub struct Citation<'a> {
    /// Text that contains the number, such as `Kế hoạch số 134-KH/TU, mục II`.
    pub text: &'a str,
    /// Unit of the record; `None` if the record is national.
    pub unit: Option<UnitId>,
    /// First day of the record.
    pub from: Day,
}

impl Documents {
    /// Documents from their rows.
    pub fn of(rows: Vec<document::Model>) -> Self {
        let mut by_number: HashMap<String, Vec<DocumentCode>> = HashMap::new();
        for row in &rows {
            if let Some(number) = number_key(&row.number) {
                by_number.entry(number).or_default().push(row.code.clone());
            }
        }
        by_number.values_mut().for_each(|codes| codes.sort_unstable());
        Self { by_code: rows.into_iter().map(|row| (row.code.clone(), Document::of(row))).collect(), by_number }
    }

    /// Reads all documents.
    pub(crate) async fn load(connection: &impl ConnectionTrait) -> Result<Self> {
        Ok(Self::of(document::Entity::find().all(connection).await?))
    }

    /// All documents by code, in force or not.
    pub fn all(&self) -> impl Iterator<Item = &Document> {
        self.by_code.values()
    }

    /// Document by code.
    pub fn by_code(&self, code: &str) -> Option<&Document> {
        self.by_code.get(code)
    }

    /// Documents with a number, of all issuers and years, by code.
    pub fn by_number(&self, number: &str) -> impl Iterator<Item = &Document> {
        let codes = number_key(number).and_then(|number| self.by_number.get(&number));
        codes.into_iter().flatten().filter_map(|code| self.by_code.get(code))
    }

    /// Documents that a document replaced, by code.
    pub fn replaced_by(&self, code: &DocumentCode) -> impl Iterator<Item = &Document> {
        self.all().filter(move |document| document.row.replaced_by.as_ref() == Some(code))
    }

    /// The document that a record cites; `None` if none is registered or several are possible.
    ///
    /// The issuer is the unit of the record, else the nearest unit above it in either tree, else the country, else a unit
    /// below it, such as its Party committee. Of several documents of this issuer, the one signed in the year of the
    /// record or in the year before is cited, if there is one; a document of a later year never is.
    pub fn cited(&self, units: &Units, citation: Citation<'_>) -> Option<&Document> {
        let candidates: Vec<&Document> = self
            .by_number(citation.text)
            .filter(|document| document.row.signed_on.year() <= citation.from.year())
            .collect();
        let issued_by = |issuer: Option<UnitId>| -> Vec<&Document> {
            candidates.iter().filter(|document| document.row.issuer_id == issuer).copied().collect()
        };
        let Some(unit) = citation.unit else { return of_year(&issued_by(None), citation.from.year()) };
        let above = |hierarchy| units.ancestors(unit, hierarchy, citation.from);
        let issuers = [unit].into_iter().chain(above(Hierarchy::Administrative)).chain(above(Hierarchy::Party));
        let is_below = |issuer: UnitId| {
            [Hierarchy::Administrative, Hierarchy::Party]
                .into_iter()
                .any(|hierarchy| units.ancestors(issuer, hierarchy, citation.from).contains(&unit))
        };
        let groups = issuers.map(Some).chain([None]).map(issued_by);
        let nearest = groups.into_iter().find(|group| !group.is_empty()).unwrap_or_else(|| {
            candidates.iter().filter(|document| document.row.issuer_id.is_some_and(is_below)).copied().collect()
        });
        of_year(&nearest, citation.from.year())
    }
}

/// Of documents with one number, the only one signed in a year or the year before; else the only one signed earlier.
fn of_year<'a>(documents: &[&'a Document], year: i32) -> Option<&'a Document> {
    let is_near = |document: &&Document| document.row.signed_on.year() >= year - 1;
    let (near, earlier): (Vec<&Document>, Vec<&Document>) = documents.iter().copied().partition(is_near);
    match (near.as_slice(), earlier.as_slice()) {
        ([document], _) | ([], [document]) => Some(document),
        _ => None,
    }
}

/// Identity of a document: a number belongs to one document of an issuer and a year. `None` if the text has no number.
pub fn identity(number: &str, issuer: Option<UnitId>, signed_on: Day) -> Option<String> {
    let issuer = issuer.map_or_else(|| "national".to_owned(), |issuer| issuer.to_string());
    number_key(number).map(|number| format!("{issuer} {} {number}", signed_on.year()))
}

/// The number in a text in the form in which numbers are compared: the first word that begins with a digit and contains a
/// letter and a hyphen or slash, in capitals, without leading zeros, without a blank at hyphens and slashes.
///
/// Tone marks and Đ are significant: `5-DA/TU` (dự án) and `5-ĐA/TU` (đề án) are two documents.
pub fn number_key(text: &str) -> Option<String> {
    let text = joined(text::clean(text).ok()?.trim());
    let is_number = |word: &&str| {
        let has = |is: fn(char) -> bool| word.chars().any(is);
        word.starts_with(|c: char| c.is_ascii_digit()) && has(char::is_alphabetic) && has(|c| c == '-' || c == '/')
    };
    let words = text.split([' ', '\n', ',', ';', ':', '(', ')']);
    let word = words.map(|word| word.trim_end_matches(['.', '-', '/'])).find(is_number)?;
    let word = word.trim_start_matches('0').to_uppercase();
    word.starts_with(|c: char| c.is_ascii_digit()).then_some(word)
}

/// Symbol of a number (ký hiệu): `KH/TU` of `134-KH/TU`, `QĐ-UBND` of `02/2024/QĐ-UBND`.
pub fn symbol(number: &str) -> Option<&str> {
    let (_, rest) = number.split_once(['-', '/'])?;
    let is_year = |part: &str| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    let rest = rest.split_once('/').filter(|(year, _)| is_year(year)).map_or(rest, |(_, rest)| rest).trim();
    (!rest.is_empty()).then_some(rest)
}

/// The text with plain hyphens, and without blanks at hyphens and slashes.
fn joined(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c };
        let follows_sign = joined.ends_with(['-', '/']);
        if matches!(c, '-' | '/') {
            joined.truncate(joined.trim_end_matches(' ').len());
        }
        if !(c == ' ' && follows_sign) {
            joined.push(c);
        }
    }
    joined
}

#[cfg(test)]
mod tests;
