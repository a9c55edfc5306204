//! Documents (văn bản): the register of resolutions, schemes, plans and decisions that other records cite.

pub mod commands;
mod list;

pub use list::{DocumentKey, DocumentList, DocumentNumberKey, DocumentWhere, look_up};

use entity::value::{Day, UnitId};

use crate::reference::{
    ReferenceData,
    documents::{Citation, Document},
};

/// The registered document that a record of a unit cites; `None` if none is registered or several are possible.
pub fn cited<'a>(
    reference_data: &'a ReferenceData,
    text: &str,
    (unit, from): (Option<UnitId>, Day),
) -> Option<&'a Document> {
    reference_data.documents().cited(reference_data.units(), Citation { text, unit, from })
}
