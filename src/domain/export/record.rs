//! A type of records that can be exported.

use std::{borrow::Cow, fmt::Display, str::FromStr};

use crate::{authz::Access, domain::bundle::FileFormat, error::Result};

/// A cell of a CSV file; empty if there is no value.
pub(super) type Cell<'a> = Cow<'a, str>;

/// A record. As JSON it is the serialized value, with its children inside.
pub(super) trait Record: serde::Serialize + Sized {
    /// File of the import bundle for these records.
    const FORMAT: FileFormat;
    /// Records in one page at most.
    const PAGE: usize = 1_000;
    /// The order of the records; resumed exports continue after one.
    type Id: Clone + Display + FromStr + Ord;

    /// Keys of the JSON form, and columns of the CSV form, that the caller may not read. They are absent or empty.
    fn withheld(_access: &Access) -> Vec<&'static str> {
        Vec::new()
    }

    /// The next records after an id that the caller may see.
    async fn page(access: &Access, after: Option<Self::Id>) -> Result<Page<Self>>;

    /// Number of its rows in the CSV file; zero if an import cannot record it.
    fn rows(&self) -> usize {
        1
    }

    /// A cell of one of its rows; `None` if there is no such column.
    fn cell(&self, row: usize, column: &str) -> Option<Cell<'_>>;
}

/// A page of records.
#[derive(Debug)]
pub(super) struct Page<T: Record> {
    /// The records. There can be fewer than requested, or none, before the end.
    pub records: Vec<T>,
    /// Id after which the next page begins; `None` at the end.
    pub next: Option<T::Id>,
}

impl<T: Record> Page<T> {
    /// A page of rows of the database, which were read up to a limit of `PAGE`: the last id among them is the position,
    /// also if its record is not shown.
    pub fn of(records: Vec<T>, read: usize, last: Option<T::Id>) -> Self {
        Self { records, next: last.filter(|_| read == T::PAGE) }
    }

    /// A page of a list in memory. `all` may be in any order.
    pub fn cut<S>(
        all: impl Iterator<Item = S>,
        after: Option<&T::Id>,
        id: impl Fn(&S) -> T::Id,
        record: impl Fn(S) -> T,
    ) -> Self {
        let mut rest: Vec<(T::Id, S)> = all.map(|source| (id(&source), source)).collect();
        rest.retain(|(id, _)| after.is_none_or(|after| id > after));
        rest.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let has_more = rest.len() > T::PAGE;
        rest.truncate(T::PAGE);
        let next = rest.last().map(|(id, _)| id.clone()).filter(|_| has_more);
        Self { records: rest.into_iter().map(|(_, source)| record(source)).collect(), next }
    }
}

/// A cell with a value.
pub(super) fn word<'a>(value: &impl Display) -> Cell<'a> {
    Cow::Owned(value.to_string())
}

/// A cell that is empty without a value.
pub(super) fn maybe<'a>(value: Option<&impl Display>) -> Cell<'a> {
    value.map_or(Cow::Borrowed(""), word)
}

/// A cell with a text; empty without one.
pub(super) fn text(value: Option<&str>) -> Cell<'_> {
    Cow::Borrowed(value.unwrap_or_default())
}
