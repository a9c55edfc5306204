//! Lists and look-ups of documents. All documents are in memory, where lists are filtered, sorted and paged.

use entity::value::{Day, DocumentKind, UnitId};
use uuid::Uuid;

use crate::{
    authz::Access,
    domain::unit::named,
    error::{Error, Result},
    page::{BoundedCount, Key, Page, PageArgs, Position, Way},
    reference::documents::{Document, number_key},
};

/// Filter of documents; all conditions must hold.
#[derive(Clone, Debug, Default, async_graphql::InputObject, serde::Serialize)]
pub struct DocumentWhere {
    /// Has one of these kinds.
    pub kinds: Option<Vec<DocumentKind>>,
    /// Was issued by this unit, by code.
    pub issuer: Option<String>,
    /// Is in force on this day.
    pub on: Option<Day>,
    /// Has this number, in any usual spelling, such as `134-KH/TU`.
    pub number: Option<String>,
    /// Each of these words begins a word of the number or the title.
    pub text: Option<String>,
}

/// Key of a document.
#[derive(Clone, Debug, async_graphql::OneofObject)]
pub enum DocumentKey {
    /// Code of the document.
    Code(String),
    /// Number of the document.
    Number(DocumentNumberKey),
}

/// A number of a document (số, ký hiệu văn bản). A number is unique for its issuer and year only.
#[derive(Clone, Debug, async_graphql::InputObject)]
pub struct DocumentNumberKey {
    /// Number with its symbol, such as `134-KH/TU`.
    pub number: String,
    /// Unit that issued it, by code; any issuer if absent.
    pub issuer: Option<String>,
    /// Year of signing; any year if absent.
    pub year: Option<i32>,
}

/// Finds a document.
///
/// # Errors
/// `NotFound` if it does not exist; `Invalid` if several have the number, or if the issuer does not exist or is out of
/// reach.
pub fn look_up<'a>(access: &'a Access, key: &DocumentKey) -> Result<&'a Document> {
    let documents = access.reference_data().documents();
    let key = match key {
        DocumentKey::Code(code) => return documents.by_code(code).ok_or(Error::NotFound),
        DocumentKey::Number(key) => key,
    };
    let issuer = key.issuer.as_ref().map(|code| named(access, "by.number.issuer", code)).transpose()?;
    let mut found = documents.by_number(&key.number).filter(|document| {
        issuer.is_none_or(|issuer| document.row.issuer_id == Some(issuer))
            && key.year.is_none_or(|year| document.row.signed_on.year() == year)
    });
    let first = found.next().ok_or(Error::NotFound)?;
    if found.next().is_none() { Ok(first) } else { Err(several()) }
}

fn several() -> Error {
    Error::invalid(
        "by.number",
        "Có nhiều văn bản mang số này; hãy nêu thêm cơ quan ban hành (`issuer`) và năm ký (`year`), hoặc liệt kê bằng \
         `documents(where: {number})` rồi tra theo mã.",
        "Several documents have this number; add the `issuer` and the `year` of signing, or list them with \
         `documents(where: {number})` and look one up by code.",
    )
}

/// A list of documents: the newest first by day of signing, then by code.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct DocumentList {
    /// Conditions of the list.
    pub filter: DocumentWhere,
}

impl DocumentList {
    /// A page of the list.
    ///
    /// # Errors
    /// `Invalid` for an unknown issuer, wrong paging arguments or a foreign cursor.
    pub fn page<'a>(&self, access: &'a Access, args: &PageArgs) -> Result<Page<&'a Document>> {
        let cursors = access.cursors(&("documents", self));
        let window = cursors.window(args)?;
        let mut placed: Vec<_> = self.found(access)?.map(|document| (position(document), document)).collect();
        placed.sort_by(|(a, _), (b, _)| compare(a, b));
        placed.retain(|(position, _)| {
            window.after.as_ref().is_none_or(|after| compare(position, after).is_gt())
                && window.before.as_ref().is_none_or(|before| compare(position, before).is_lt())
        });
        if window.way == Way::Backward {
            placed.reverse();
        }
        placed.truncate(window.size + 1);
        let page = cursors.page(&window, placed, |(position, _)| position.clone());
        let rows = page.rows.into_iter().map(|(cursor, (_, document))| (cursor, document)).collect();
        Ok(Page { rows, has_next: page.has_next, has_previous: page.has_previous })
    }

    /// Total number, at most `max`.
    pub fn count(&self, access: &Access, max: u64) -> Result<BoundedCount> {
        Ok(BoundedCount::of(self.found(access)?.count() as u64, max))
    }

    fn found<'a>(&self, access: &'a Access) -> Result<impl Iterator<Item = &'a Document>> {
        let filter = &self.filter;
        let issuer = filter.issuer.as_ref().map(|code| named(access, "where.issuer", code)).transpose()?;
        Ok(access.reference_data().documents().all().filter(move |document| filter.admits(document, issuer)))
    }
}

impl DocumentWhere {
    fn admits(&self, document: &Document, issuer: Option<UnitId>) -> bool {
        let row = &document.row;
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&row.kind))
            && issuer.is_none_or(|issuer| row.issuer_id == Some(issuer))
            && self.on.is_none_or(|day| row.is_in_force(day))
            && self.number.as_ref().is_none_or(|number| {
                let number = number_key(number);
                number.is_some() && number == number_key(&row.number)
            })
            && self.text.as_ref().is_none_or(|text| document.is_found_by(text))
    }
}

/// The code is unique, so no id is needed to break ties.
fn position(document: &Document) -> Position {
    let keys = vec![Key::Day(document.row.signed_on), Key::Text(document.row.code.to_string())];
    Position { keys, id: Uuid::nil() }
}

fn compare(a: &Position, b: &Position) -> std::cmp::Ordering {
    let newest_first = b.keys.first().cmp(&a.keys.first());
    newest_first.then_with(|| a.keys.last().cmp(&b.keys.last()))
}
