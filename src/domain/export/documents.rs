//! Registered documents. Every caller may read them.

use std::borrow::Cow;

use entity::{
    document,
    value::{Day, DocumentCode, DocumentKind},
};

use super::{
    codes::{self, UnitRef},
    record::{Cell, Page, Record, maybe, word},
};
use crate::{
    authz::Access,
    domain::bundle::{self, FileFormat},
    error::Result,
};

/// A document.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentRecord {
    code: DocumentCode,
    number: String,
    kind: DocumentKind,
    issuer: Option<UnitRef>,
    signed_on: Day,
    valid_from: Day,
    valid_to: Option<Day>,
    replaced_by: Option<DocumentCode>,
    title: String,
}

impl DocumentRecord {
    fn of(access: &Access, row: &document::Model) -> Result<Self> {
        Ok(Self {
            code: row.code.clone(),
            number: row.number.clone(),
            kind: row.kind,
            issuer: row.issuer_id.map(|issuer| codes::unit(access, issuer)).transpose()?,
            signed_on: row.signed_on,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            replaced_by: row.replaced_by.clone(),
            title: row.title.clone(),
        })
    }
}

impl Record for DocumentRecord {
    const FORMAT: FileFormat = bundle::DOCUMENTS;
    type Id = DocumentCode;

    async fn page(access: &Access, after: Option<DocumentCode>) -> Result<Page<Self>> {
        let documents = access.reference_data().documents().all();
        let records = documents.map(|document| Self::of(access, &document.row)).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(records.into_iter(), after.as_ref(), |record| record.code.clone(), |record| record))
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        Some(match column {
            "code" => word(&self.code),
            "number" => Cow::Borrowed(&self.number),
            "kind" => word(&self.kind),
            "issuer_code" => maybe(self.issuer.as_ref().map(|issuer| &issuer.code)),
            "signed_on" => word(&self.signed_on),
            "valid_from" => word(&self.valid_from),
            "valid_to" => maybe(self.valid_to.as_ref()),
            "replaced_by_code" => maybe(self.replaced_by.as_ref()),
            "title" => Cow::Borrowed(&self.title),
            _ => return None,
        })
    }
}
