//! Caches that are valid for one snapshot of the reference data.

use std::sync::{Arc, OnceLock};

use entity::value::{Day, UnitId};
use quick_cache::{Weighter, sync::Cache};
use uuid::Uuid;

use crate::{
    db::RowScope,
    reference::units::{Subtree, SubtreeKey, UnitSet, Units},
};

/// Capacity of the cache of reaches.
const MAX_REACHES: usize = 512;
/// Capacity of the cache of subtrees: total number of units in them, a few megabytes.
const MAX_UNITS: u64 = 250_000;
/// Estimated number of subtrees in a full cache.
const ESTIMATED_SUBTREES: usize = 4_000;
/// Capacity of the cache of row estimates.
const MAX_ESTIMATES: usize = 20_000;

/// Cache key of a reach: the roots of the client, the roots of the user on whose behalf it acts, if any, and the day.
type ReachKey = (Vec<UnitId>, Option<Vec<UnitId>>, Day);

/// A reach with the values that follow from it.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    /// Its units.
    pub units: Arc<UnitSet>,
    /// Its row-level security.
    pub row_scope: RowScope,
    /// Digest of its units, once it was needed.
    pub digest: Arc<OnceLock<ReachDigest>>,
}

/// Digest of the units of a reach.
pub(crate) type ReachDigest = [u8; 16];

/// Caches of values that depend only on the snapshot, and of row estimates.
#[derive(Debug)]
pub(crate) struct QueryCaches {
    reaches: Cache<ReachKey, Reach>,
    subtrees: Cache<SubtreeKey, Arc<Subtree>, UnitCount>,
    row_estimates: Cache<String, u64>,
    newest_unit: OnceLock<Option<Uuid>>,
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
    /// Empty caches.
    pub(crate) fn new() -> Self {
        Self {
            reaches: Cache::new(MAX_REACHES),
            subtrees: Cache::with_weighter(ESTIMATED_SUBTREES, MAX_UNITS, UnitCount),
            row_estimates: Cache::new(MAX_ESTIMATES),
            newest_unit: OnceLock::new(),
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
        let reach = Reach { units: Arc::new(reached), row_scope, digest: Arc::default() };
        self.reaches.insert(key, reach.clone());
        reach
    }

    /// Id of the unit that was created last.
    pub(crate) fn newest_unit(&self, units: &Units) -> Option<Uuid> {
        *self.newest_unit.get_or_init(|| units.all().map(|unit| unit.row.id.0).max())
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

    /// Row estimate for choosing a strategy, as of the time of its first use.
    pub(crate) fn row_estimate(&self, of: &str) -> Option<u64> {
        self.row_estimates.get(of)
    }

    /// Caches a row estimate.
    pub(crate) fn keep_row_estimate(&self, of: String, rows: u64) {
        self.row_estimates.insert(of, rows);
    }
}

#[cfg(test)]
mod tests {
    use entity::value::Hierarchy;

    use super::*;
    use crate::reference::units;

    #[test]
    fn the_caches_are_bounded() {
        let caches = QueryCaches::new();
        let (units, first) = (Units::default(), Day::of(1800, 1, 1).expect("a day"));
        for nth in 0..u128::from(MAX_UNITS) + 10 {
            let key = (UnitId(Uuid::from_u128(nth)), Hierarchy::Party, units::Reach::Unit, first);
            assert_eq!(caches.subtree(&units, key).units().len(), 0);
        }
        assert!((1..=MAX_UNITS).contains(&caches.subtrees.weight()));
    }
}
