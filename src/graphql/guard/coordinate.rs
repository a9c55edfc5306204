//! Coordinates of the parts of the schema.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// Schema coordinate of a field, argument, input field or enum value: `Cadre.identity`, `Query.cadre(by:)`,
/// `CadreKey.nationalId`. Always text of the schema, never of a document, so it may be displayed and logged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinate(Arc<str>);

impl Coordinate {
    /// The coordinate with this text.
    pub(super) fn of(text: fmt::Arguments<'_>) -> Self {
        Self(Arc::from(text.to_string()))
    }

    /// The coordinate as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Coordinate {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
