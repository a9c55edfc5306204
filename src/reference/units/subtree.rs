//! Subtrees on a day, with cached results of queries that are repeated often.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use data_encoding::HEXLOWER;
use entity::value::{Day, Hierarchy, UnitId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::reference::units::{Reach, UnitSet, Units};

/// Number of reaches for which a subtree caches the result of `is_within`.
const REACHES: usize = 16;

/// Cache key: unit, hierarchy, unit alone or subtree, day.
pub type SubtreeKey = (UnitId, Hierarchy, Reach, Day);

/// The units of a subtree on a day.
#[derive(Debug)]
pub struct Subtree {
    units: Arc<UnitSet>,
    fingerprint: OnceLock<String>,
    others: OnceLock<Vec<UnitId>>,
    branch: OnceLock<Option<UnitId>>,
    known_reaches: Mutex<Vec<(Weak<UnitSet>, bool)>>,
}

impl Subtree {
    /// The subtree with these units.
    pub(crate) fn new(units: UnitSet) -> Self {
        Self {
            units: Arc::new(units),
            fingerprint: OnceLock::new(),
            others: OnceLock::new(),
            branch: OnceLock::new(),
            known_reaches: Mutex::default(),
        }
    }

    /// Units of the subtree.
    pub(crate) fn units(&self) -> &Arc<UnitSet> {
        &self.units
    }

    /// Fingerprint of the units.
    pub(crate) fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| fingerprint(&self.units))
    }

    /// Units of the snapshot that are not in the subtree.
    pub(crate) fn others(&self, units: &Units) -> &[UnitId] {
        let other = || units.all().map(|unit| unit.row.id).filter(|unit| !self.units.contains(unit));
        self.others.get_or_init(|| other().collect())
    }

    /// Common branch of all units, if there is one.
    pub(crate) fn branch(&self, units: &Units) -> Option<UnitId> {
        *self.branch.get_or_init(|| units.common_branch(self.units.iter().copied()))
    }

    /// Whether a reach contains all units of the subtree. Cached by the address of the reach; the weak reference
    /// prevents the address from being re-used.
    pub(crate) fn is_within(&self, reach: &Arc<UnitSet>) -> bool {
        let mut known_reaches = self.known_reaches.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, is_within)) = known_reaches.iter().find(|(known, _)| known.as_ptr() == Arc::as_ptr(reach)) {
            return *is_within;
        }
        let is_within = self.units.len() <= reach.len() && self.units.is_subset(reach);
        if known_reaches.len() >= REACHES {
            known_reaches.remove(0);
        }
        known_reaches.push((Arc::downgrade(reach), is_within));
        is_within
    }
}

/// Text that is equal for equal sets of units, however they were computed.
pub(crate) fn fingerprint(units: &UnitSet) -> String {
    let mut ids: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    ids.sort_unstable();
    let mut hash = Sha256::new();
    ids.iter().for_each(|id| hash.update(id.as_bytes()));
    HEXLOWER.encode(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_results_are_correct_for_each_reach() {
        let ids: Vec<UnitId> = (0..4).map(|_| UnitId::new()).collect();
        let set = |of: &[UnitId]| Arc::new(of.iter().copied().collect::<UnitSet>());
        let subtree = Subtree::new(ids[..2].iter().copied().collect());
        for _ in 0..2 {
            for (reach, expected) in [(&ids[..], true), (&ids[..2], true), (&ids[1..], false), (&ids[..1], false)] {
                // Each reach is dropped before the next is created, which may get the same address.
                assert_eq!(subtree.is_within(&set(reach)), expected);
            }
        }
        let reaches: Vec<_> = (0..2 * REACHES).map(|at| set(&ids[at % 2..])).collect();
        for (at, reach) in reaches.iter().chain(&reaches).enumerate() {
            assert_eq!(subtree.is_within(reach), at % 2 == 0);
        }
    }
}
