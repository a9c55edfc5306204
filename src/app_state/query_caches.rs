//! Caches that are valid for one snapshot of the reference data.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entity::value::{Day, UnitId};
use quick_cache::{Weighter, sync::Cache};
use sea_orm::ConnectionTrait;

use crate::{
    audit::hash_chain,
    db::RowScope,
    error::Result,
    projection::headcount::Counts,
    reference::units::{Subtree, SubtreeKey, UnitSet, Units},
};

/// Capacity of the cache of reaches.
const MAX_REACHES: usize = 512;
/// Capacity of the cache of subtrees: total number of units in them, a few megabytes.
const MAX_UNITS: u64 = 250_000;
/// Estimated number of subtrees in a full cache.
const USUAL_SUBTREES: usize = 4_000;
/// Capacity of the cache of row estimates.
const MAX_ESTIMATES: usize = 20_000;
/// Capacity of the cache of compositions.
const MAX_COMPOSITIONS: usize = 8_192;

/// Cache key of a reach: the roots of a client, those of the user on whose behalf it acts, if any, and the day.
type ReachKey = (Vec<UnitId>, Option<Vec<UnitId>>, Day);

/// Cache key of a composition, the same for all callers: a digest of all inputs of the count.
pub(crate) type CompositionKey = [u8; 32];

/// A reach with its row-level security.
type Reach = (Arc<UnitSet>, RowScope);

/// Caches of values that follow from the snapshot alone, and of compositions.
#[derive(Debug)]
pub(crate) struct QueryCaches {
    reaches: Cache<ReachKey, Reach>,
    subtrees: Cache<SubtreeKey, Arc<Subtree>, UnitCount>,
    row_estimates: Cache<String, u64>,
    compositions: Cache<(i64, CompositionKey), Counts>,
    last_command: LastCommandCursor,
}

#[derive(Clone, Debug)]
struct UnitCount;

impl Weighter<SubtreeKey, Arc<Subtree>> for UnitCount {
    /// Adds one, so that empty subtrees count too.
    fn weight(&self, _: &SubtreeKey, subtree: &Arc<Subtree>) -> u64 {
        subtree.units().len() as u64 + 1
    }
}

impl QueryCaches {
    /// Empty caches for a snapshot that contains all commits up to a position of the log.
    pub(crate) fn new(log_position: i64) -> Self {
        Self {
            reaches: Cache::new(MAX_REACHES),
            subtrees: Cache::with_weighter(USUAL_SUBTREES, MAX_UNITS, UnitCount),
            row_estimates: Cache::new(MAX_ESTIMATES),
            compositions: Cache::new(MAX_COMPOSITIONS),
            last_command: LastCommandCursor::from(log_position),
        }
    }

    /// Reach of a grant over these roots on a day, with its row-level security; if the client acts on behalf of a user
    /// with roots, the intersection of both.
    pub(crate) fn reach_of(&self, units: &Units, roots: &[UnitId], of_user: Option<&[UnitId]>, today: Day) -> Reach {
        let key: ReachKey = (roots.to_vec(), of_user.map(<[UnitId]>::to_vec), today);
        if let Some(reach) = self.reaches.get(&key) {
            return reach;
        }
        let mut reached = units.reach_of(roots, today);
        if let Some(roots) = of_user {
            let of_user = units.reach_of(roots, today);
            reached.retain(|unit| of_user.contains(unit));
        }
        let row_scope = RowScope::of(units.all().map(|unit| unit.row.id.0), |unit| reached.contains(&UnitId(unit)));
        let reach = (Arc::new(reached), row_scope);
        self.reaches.insert(key, reach.clone());
        reach
    }

    /// Subtree of a unit.
    pub(crate) fn subtree(&self, units: &Units, key: SubtreeKey) -> Arc<Subtree> {
        if let Some(subtree) = self.subtrees.get(&key) {
            return subtree;
        }
        let (root, hierarchy, reach, day) = key;
        let subtree = Arc::new(Subtree::new(units.subtree(root, hierarchy, reach, day)));
        self.subtrees.insert(key, Arc::clone(&subtree));
        subtree
    }

    /// Row estimate for choosing a strategy, as of its first use.
    pub(crate) fn row_estimate(&self, of: &str) -> Option<u64> {
        self.row_estimates.get(of)
    }

    /// Caches a row estimate.
    pub(crate) fn keep_row_estimate(&self, of: String, rows: u64) {
        self.row_estimates.insert(of, rows);
    }

    /// Position of the last command in the log, which ends at `end`.
    pub(crate) async fn last_command(&self, connection: &impl ConnectionTrait, end: i64) -> Result<i64> {
        self.last_command.last(connection, end).await
    }

    /// Composition cached until the next commit: the result that was read when `last_command` was the last command.
    /// Commits are serialised, so equal positions mean equal data.
    pub(crate) fn composition(&self, last_command: i64, key: CompositionKey) -> Option<Counts> {
        self.compositions.get(&(last_command, key))
    }

    /// Caches a composition that was read together with, or after, the position of the last command.
    pub(crate) fn keep_composition(&self, last_command: i64, key: CompositionKey, counts: Counts) {
        self.compositions.insert((last_command, key), counts);
    }
}

/// Scan position in the log; most entries are access records and are skipped.
#[derive(Debug)]
struct LastCommandCursor(Mutex<Scanned>);

#[derive(Clone, Copy, Debug)]
struct Scanned {
    until: i64,
    last: i64,
}

impl LastCommandCursor {
    /// Starts the scan at a position, which also serves as the position of the last command.
    fn from(position: i64) -> Self {
        Self(Mutex::new(Scanned { until: position, last: position }))
    }

    /// Returns the position of the last command where the log ends at `end`. Falls back to `end` when the position is
    /// older than the scan.
    async fn last(&self, connection: &impl ConnectionTrait, end: i64) -> Result<i64> {
        let Scanned { until, last } = *self.scanned();
        if end <= until {
            return Ok(if last <= end { last } else { end });
        }
        let last = hash_chain::last_act_after(connection, until).await?.unwrap_or(last);
        let mut scanned = self.scanned();
        if end > scanned.until {
            *scanned = Scanned { until: end, last };
        }
        Ok(last)
    }

    fn scanned(&self) -> MutexGuard<'_, Scanned> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use entity::value::Hierarchy;
    use uuid::Uuid;

    use super::*;
    use crate::reference::units;

    #[test]
    fn a_composition_is_cached_for_its_command_only() {
        let caches = QueryCaches::new(0);
        let (counts, newer) = (Counts { total: 3, ..Counts::default() }, Counts { total: 4, ..Counts::default() });
        caches.keep_composition(7, [1; 32], counts.clone());
        assert_eq!(caches.composition(7, [1; 32]), Some(counts));
        let others = [(8, [1; 32]), (6, [1; 32]), (7, [2; 32])];
        assert!(others.iter().all(|(command, key)| caches.composition(*command, *key).is_none()));
        caches.keep_composition(8, [1; 32], newer.clone());
        assert_eq!(caches.composition(8, [1; 32]), Some(newer));
    }

    #[test]
    fn the_caches_are_bounded() {
        let caches = QueryCaches::new(0);
        for nth in 0..2 * MAX_COMPOSITIONS as u64 {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&nth.to_be_bytes());
            caches.keep_composition(1, key, Counts::default());
        }
        assert!((1..=MAX_COMPOSITIONS).contains(&caches.compositions.len()));
        let (units, first) = (Units::default(), Day::of(1800, 1, 1).expect("a day"));
        for nth in 0..u128::from(MAX_UNITS) + 10 {
            let key = (UnitId(Uuid::from_u128(nth)), Hierarchy::Party, units::Reach::Unit, first);
            assert_eq!(caches.subtree(&units, key).units().len(), 0);
        }
        assert!((1..=MAX_UNITS).contains(&caches.subtrees.weight()));
    }
}
