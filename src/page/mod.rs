//! Pages of a list: Relay arguments, orders, and signed cursors for positions in the order.
//!
//! A cursor is bound to one caller and one list: it contains the sort keys and the id of its row, and an authentication
//! tag that also covers the caller and the filter of the list, so that it is invalid elsewhere (Relay Cursor
//! Connections; RFC 2104).

mod feed_cursor;
mod keyset;

pub(crate) use feed_cursor::FeedCursors;
pub(crate) use keyset::Keyset;

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use entity::value::{ClientId, Day};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::error::{Error, Result};

/// Default number of rows of a page.
pub const DEFAULT_PAGE: usize = 20;
/// Maximum number of rows of a page.
pub const LARGEST_PAGE: usize = 100;
/// Length of a tag in bytes: 128 bits.
const TAG: usize = 16;

/// Paging arguments of a connection, as sent by the client.
#[derive(Clone, Debug, Default)]
pub struct PageArgs {
    /// Number of rows from the beginning.
    pub first: Option<i32>,
    /// Only rows after this cursor.
    pub after: Option<String>,
    /// Number of rows from the end.
    pub last: Option<i32>,
    /// Only rows before this cursor.
    pub before: Option<String>,
}

/// Position in an order: the sort keys of a row, then its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// One key for each item of the order.
    pub keys: Vec<Key>,
    /// Id of the row; breaks ties.
    pub id: Uuid,
}

/// Value of one sort key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Key {
    /// A collation key.
    #[serde(rename = "b")]
    Bytes(Vec<u8>),
    /// A code, in code point order.
    #[serde(rename = "t")]
    Text(String),
    /// A day.
    #[serde(rename = "d")]
    Day(Day),
    /// A whole number, such as a year.
    #[serde(rename = "n")]
    Number(i32),
    /// A position in a log.
    #[serde(rename = "p")]
    Place(i64),
}

/// Direction of a sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum, Serialize)]
pub enum Direction {
    /// Lowest, first or earliest value first (tăng dần).
    Asc,
    /// Highest, last or latest value first (giảm dần).
    Desc,
}

/// Checks that an order names each sort key once; a repeated key has no effect but a cost.
///
/// # Errors
/// `Invalid` for `orderBy`.
pub(crate) fn ensure_each_once<F: PartialEq>(fields: impl Iterator<Item = F>) -> Result<()> {
    let mut seen = Vec::new();
    for field in fields {
        if seen.contains(&field) {
            return Err(Error::invalid(
                "orderBy",
                "Mỗi khóa sắp xếp chỉ được nêu một lần; hãy bỏ khóa lặp lại.",
                "Each sort key can be given only once; remove the repeated key.",
            ));
        }
        seen.push(field);
    }
    Ok(())
}

/// End of the list from which a page is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the beginning (`first`).
    Forward,
    /// From the end (`last`).
    Backward,
}

/// A validated request for a page.
#[derive(Clone, Debug)]
pub struct Window {
    /// End from which the page is taken.
    pub way: Way,
    /// Maximum number of rows.
    pub size: usize,
    /// Start of the window, exclusive.
    pub after: Option<Position>,
    /// End of the window, exclusive.
    pub before: Option<Position>,
}

/// Position in a list, given to clients as a cursor. Sealed only when needed: most pages show two.
#[derive(Clone, Debug)]
pub struct Cursor {
    place: Position,
    list: Cursors,
}

impl Cursor {
    /// Encoded cursor for clients.
    pub fn sealed(&self) -> String {
        self.list.seal(&self.place)
    }
}

/// A page of rows.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Rows with their cursors, in the order of the list.
    pub rows: Vec<(Cursor, T)>,
    /// Whether more rows follow.
    pub has_next: bool,
    /// Whether more rows precede.
    pub has_previous: bool,
}

/// A count with an upper bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::SimpleObject)]
pub struct BoundedCount {
    /// The count, or the bound if there are more.
    pub value: i32,
    /// Whether the value is the exact count.
    pub is_exact: bool,
}

impl BoundedCount {
    /// A count, limited to a bound.
    pub fn of(found: u64, max: u64) -> Self {
        let value = i32::try_from(found.min(max)).unwrap_or(i32::MAX);
        Self { value, is_exact: found <= max }
    }
}

/// Key that signs cursors.
#[derive(Clone)]
pub struct CursorKey(Vec<u8>);

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey(sealed)")
    }
}

/// Creates and reads the cursors of one list for one caller.
#[derive(Clone, Debug)]
pub struct Cursors {
    /// MAC state after the key and the data to which the cursors are bound.
    bound: Arc<Hmac<Sha256>>,
}

impl CursorKey {
    /// Key from its bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Cursors of a list. `list` describes the listed rows and their order; cursors are bound to its JSON.
    pub fn cursors(&self, caller: ClientId, list: &impl Serialize) -> Cursors {
        let mut bound = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        bound.update(caller.0.as_bytes());
        bound.update(&serde_json::to_vec(list).expect("a list is described by plain data"));
        bound.update(&[0]);
        Cursors { bound: Arc::new(bound) }
    }
}

impl Cursors {
    fn mac(&self, payload: &[u8]) -> Hmac<Sha256> {
        Hmac::clone(&self.bound).chain_update(payload)
    }

    /// Encodes the cursor of a position.
    fn seal(&self, position: &Position) -> String {
        let payload = serde_json::to_vec(position).expect("a position is plain data");
        let mut bytes = self.mac(&payload).finalize().into_bytes()[..TAG].to_vec();
        bytes.extend(payload);
        BASE64URL_NOPAD.encode(&bytes)
    }

    fn open(&self, field: &str, cursor: &str) -> Result<Position> {
        let refused = || {
            Error::invalid(
                field,
                "Con trỏ không thuộc danh sách này; hãy bắt đầu lại từ trang đầu.",
                "This cursor does not belong to this list; start again from the first page.",
            )
        };
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| refused())?;
        let (tag, payload) = bytes.split_at_checked(TAG).ok_or_else(refused)?;
        self.mac(payload).verify_truncated_left(tag).map_err(|_| refused())?;
        serde_json::from_slice(payload).map_err(|_| refused())
    }

    /// Validates the arguments and decodes their cursors.
    ///
    /// # Errors
    /// `Invalid` for `first` with `last`, for a size outside 0 to 100, and for a cursor of another list or caller.
    pub fn window(&self, args: &PageArgs) -> Result<Window> {
        let (way, field, size) = match (args.first, args.last) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid(
                    "first",
                    "Chỉ dùng một trong hai: `first` hoặc `last`.",
                    "Use either `first` or `last`, not both.",
                ));
            }
            (_, Some(last)) => (Way::Backward, "last", Some(last)),
            (first, None) => (Way::Forward, "first", first),
        };
        let size = match size.map(usize::try_from) {
            None => DEFAULT_PAGE,
            Some(Ok(size)) if size <= LARGEST_PAGE => size,
            Some(_) => {
                return Err(Error::invalid(
                    field,
                    format!("Mỗi trang chỉ có từ 0 đến {LARGEST_PAGE} mục; hãy đọc các trang tiếp theo bằng con trỏ."),
                    format!("A page can have 0 to {LARGEST_PAGE} entries; read further pages with cursors."),
                ));
            }
        };
        let open =
            |field, cursor: &Option<String>| cursor.as_deref().map(|cursor| self.open(field, cursor)).transpose();
        Ok(Window { way, size, after: open("after", &args.after)?, before: open("before", &args.before)? })
    }

    /// Builds the page from the rows of a query for a window: in the window's direction, one more than its size if more
    /// rows exist.
    pub fn page<T>(&self, window: &Window, mut rows: Vec<T>, position: impl Fn(&T) -> Position) -> Page<T> {
        let more = rows.len() > window.size;
        rows.truncate(window.size);
        if window.way == Way::Backward {
            rows.reverse();
        }
        let (has_next, has_previous) = match window.way {
            Way::Forward => (more, window.after.is_some()),
            Way::Backward => (window.before.is_some(), more),
        };
        let cursor = |place| Cursor { place, list: self.clone() };
        let rows = rows.into_iter().map(|row| (cursor(position(&row)), row)).collect();
        Page { rows, has_next, has_previous }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position() -> Position {
        Position { keys: vec![Key::Bytes(vec![1, 2, 3]), Key::Text("X".into())], id: Uuid::from_u128(7) }
    }

    #[test]
    fn a_cursor_opens_only_for_its_caller_list_and_key() {
        let (key, other_key) = (CursorKey::new(vec![1; 32]), CursorKey::new(vec![2; 32]));
        let (caller, other) = (ClientId::new(), ClientId::new());
        let cursor = key.cursors(caller, &"list").seal(&position());

        assert_eq!(key.cursors(caller, &"list").open("after", &cursor).ok(), Some(position()));
        for cursors in [key.cursors(other, &"list"), key.cursors(caller, &"other"), other_key.cursors(caller, &"list")]
        {
            assert!(cursors.open("after", &cursor).is_err());
        }
        for tampered in ["", "AAAA", &cursor[1..], &format!("{cursor}A")] {
            assert!(key.cursors(caller, &"list").open("after", tampered).is_err(), "{tampered}");
        }
    }

    #[test]
    fn a_page_is_bounded_and_taken_from_one_end() {
        let key = CursorKey::new(vec![1; 32]);
        let cursors = key.cursors(ClientId::new(), &"list");
        for (first, last, size) in [
            (None, None, Some(20)),
            (Some(0), None, Some(0)),
            (Some(100), None, Some(100)),
            (None, Some(5), Some(5)),
            (Some(101), None, None),
            (Some(-1), None, None),
            (Some(1), Some(1), None),
        ] {
            let window = cursors.window(&PageArgs { first, last, ..PageArgs::default() });
            assert_eq!(window.ok().map(|window| window.size), size, "{first:?} {last:?}");
        }
    }
}
