//! The change feed (dòng thay đổi): the changes after a cursor, in the order of their commits.
//!
//! A cursor contains a position and a fingerprint of the rights with which it was made. If the rights or the reach have
//! changed since then, the feed cannot determine which objects the caller gained or lost, and refuses the cursor: the
//! client copies the data again. Units created after the cursor do not count as a change of the reach, because
//! everything in them is newer too.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    audit::change_feed::FeedPosition,
    authz::{Access, ChangeType, VisibleChange},
    error::{Error, Result, Resync},
    page::FeedCursors,
};

/// Default number of changes of a page.
pub const DEFAULT_CHANGES: i32 = 100;
/// Maximum number of changes of a page.
pub const MOST_CHANGES: usize = 1_000;
/// Changes of the log that are read in one step.
const STEP: u64 = 1_000;
/// Maximum number of changes of the log that one request reads if the caller may see few of them.
const MAX_SCANNED: u64 = 10_000;

/// A page of the change feed.
#[derive(Debug)]
pub struct ChangePage {
    /// The changes.
    pub changes: Vec<VisibleChange>,
    /// Whether more changes may follow now.
    pub has_next: bool,
    end: FeedPosition,
    cursors: FeedCursors,
    rights: RightsAt,
}

impl ChangePage {
    /// Id of the event of a change, equal for repeated deliveries.
    pub fn event_id(&self, change: &VisibleChange) -> String {
        self.cursors.event_id(change.seq())
    }

    /// Cursor directly after a change.
    pub fn cursor(&self, change: &VisibleChange) -> String {
        seal_cursor(&self.cursors, change.position(), &self.rights)
    }

    /// Cursor from which the next request continues; available even if there are no changes.
    pub fn end_cursor(&self) -> String {
        seal_cursor(&self.cursors, self.end, &self.rights)
    }
}

fn seal_cursor(cursors: &FeedCursors, position: FeedPosition, rights: &RightsAt) -> String {
    let FeedPosition { command, seq } = position;
    cursors.seal(&Cursor { command, seq, rights: rights.clone() })
}

/// Contents of a cursor.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Cursor {
    command: i64,
    seq: i64,
    rights: RightsAt,
}

/// Fingerprint of the rights of a caller when a cursor was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RightsAt {
    /// Digest of the types that the scopes show.
    types: [u8; 8],
    /// The newest unit at that time; newer units are not part of `reach`.
    newest_unit: Option<Uuid>,
    /// Digest of the units of the reach; zero if it contains all units.
    reach: [u8; 16],
}

/// A page of the changes after a cursor, or from the beginning.
///
/// # Errors
/// `Invalid` for a foreign cursor or a wrong size; `Resync` if the feed cannot continue from the cursor.
pub async fn page(
    access: &Access,
    (after, first): (Option<&str>, i32),
    types: Option<&[ChangeType]>,
) -> Result<ChangePage> {
    let first = size(first)?;
    let cursors = access.feed_cursors();
    let start = match after {
        Some(after) => open_cursor(access, &cursors, after)?,
        None => FeedPosition::after(0),
    };
    let types: BTreeSet<ChangeType> = match types {
        Some(types) => types.iter().copied().collect(),
        None => access.change_types(),
    };
    let (mut changes, mut end, mut has_next, mut scanned) = (Vec::new(), start, true, 0);
    while has_next && changes.len() < first && scanned < MAX_SCANNED {
        let (shown, position, more) = access.changes(end, &types, STEP).await?;
        changes.extend(shown);
        (end, has_next, scanned) = (position, more, scanned + STEP);
    }
    let known = access.reference_data().log_position();
    if let Some(newer) =
        changes.iter().position(|change| change.is_cached_object() && change.position().command > known)
    {
        // If such an object were read now, it would be shown as it was before the change. The change follows once the
        // object in memory is up to date.
        changes.truncate(newer);
        (end, has_next) = (changes.last().map_or(start, VisibleChange::position), false);
    }
    if changes.len() > first {
        changes.truncate(first);
        (end, has_next) = (changes.last().map_or(start, VisibleChange::position), true);
    }
    Ok(ChangePage { changes, has_next, end, cursors, rights: RightsAt::of(access, access.newest_unit()) })
}

/// Cursor of the end of the feed now: all later changes come after it. It is the position of the units in memory, which
/// may be a second old, so a client that reads units after the cursor misses no change of them.
pub fn latest(access: &Access) -> String {
    let end = FeedPosition::after(access.reference_data().log_position());
    seal_cursor(&access.feed_cursors(), end, &RightsAt::of(access, access.newest_unit()))
}

fn open_cursor(access: &Access, cursors: &FeedCursors, after: &str) -> Result<FeedPosition> {
    let Cursor { command, seq, rights } = cursors.open(after)?;
    let now = RightsAt::of(access, rights.newest_unit);
    if now.types != rights.types {
        return Err(Error::Resync(Resync::ScopesChanged));
    }
    if now.reach != rights.reach {
        return Err(Error::Resync(Resync::ReachChanged));
    }
    Ok(FeedPosition { command, seq })
}

impl RightsAt {
    fn of(access: &Access, newest_unit: Option<Uuid>) -> Self {
        let mut types = Sha256::new();
        access.change_types().iter().for_each(|of| types.update(format!("{of:?} ")));
        let mut shown = [0; 8];
        shown.copy_from_slice(&types.finalize()[..8]);
        Self { types: shown, newest_unit, reach: access.reach_digest(newest_unit) }
    }
}

fn size(first: i32) -> Result<usize> {
    usize::try_from(first).ok().filter(|first| (1..=MOST_CHANGES).contains(first)).ok_or_else(|| {
        Error::invalid(
            "first",
            format!("Mỗi lần đọc từ 1 đến {MOST_CHANGES} thay đổi; hãy đọc tiếp bằng con trỏ."),
            format!("A page has 1 to {MOST_CHANGES} changes; continue with the cursor."),
        )
    })
}
