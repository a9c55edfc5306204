//! Subtrees of a day, remembered as long as the snapshot of the registry: the same few are asked for again and again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
};

use data_encoding::HEXLOWER;
use entity::value::{Day, Hierarchy, UnitId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::unit::{Reach, UnitSet, Units};

/// Most units that remembered subtrees hold in all: some megabytes.
const CACHE_CAPACITY: usize = 250_000;

/// Most reaches of which a subtree remembers whether they hold it.
const REACHES: usize = 16;

/// Which subtree: of a unit in a hierarchy, or the unit alone, on a day.
pub type SubtreeKey = (UnitId, Hierarchy, Reach, Day);

/// The units of a subtree on a day.
#[derive(Debug)]
pub struct Subtree {
    units: Arc<UnitSet>,
    fingerprint: OnceLock<String>,
    others: OnceLock<Vec<UnitId>>,
    branch: OnceLock<Option<UnitId>>,
    held: Mutex<Vec<(Weak<UnitSet>, bool)>>,
}

impl Subtree {
    fn new(units: UnitSet) -> Self {
        Self {
            units: Arc::new(units),
            fingerprint: OnceLock::new(),
            others: OnceLock::new(),
            branch: OnceLock::new(),
            held: Mutex::default(),
        }
    }

    /// Its units.
    pub(in crate::domain) fn units(&self) -> &Arc<UnitSet> {
        &self.units
    }

    /// The fingerprint of its units.
    pub(in crate::domain) fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| fingerprint(&self.units))
    }

    /// The units that are not in it, of those of its snapshot.
    pub(in crate::domain) fn others(&self, units: &Units) -> &[UnitId] {
        let other = || units.all().map(|unit| unit.row.id).filter(|unit| !self.units.contains(unit));
        self.others.get_or_init(|| other().collect())
    }

    /// The branch of all its units, if they have one in common.
    pub(in crate::domain) fn branch(&self, units: &Units) -> Option<UnitId> {
        *self.branch.get_or_init(|| units.common_branch(self.units.iter().copied()))
    }

    /// Whether a reach holds all of its units. Found out once for each reach, which is remembered by where it lies: a weak
    /// reference keeps another from lying there.
    pub(in crate::domain) fn is_within(&self, reach: &Arc<UnitSet>) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, is_within)) = held.iter().find(|(known, _)| known.as_ptr() == Arc::as_ptr(reach)) {
            return *is_within;
        }
        let is_within = self.units.len() <= reach.len() && self.units.is_subset(reach);
        if held.len() >= REACHES {
            held.remove(0);
        }
        held.push((Arc::downgrade(reach), is_within));
        is_within
    }
}

/// The same text for the same units, whatever way they were found in.
pub(in crate::domain) fn fingerprint(units: &UnitSet) -> String {
    let mut ids: Vec<Uuid> = units.iter().map(|unit| unit.0).collect();
    ids.sort_unstable();
    let mut hash = Sha256::new();
    ids.iter().for_each(|id| hash.update(id.as_bytes()));
    HEXLOWER.encode(&hash.finalize())
}

/// Subtrees that were asked for.
#[derive(Debug, Default)]
pub(in crate::domain) struct Subtrees(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    subtrees: HashMap<SubtreeKey, Arc<Subtree>>,
    units: usize,
}

impl Subtrees {
    /// The subtree of a unit. Who asks for so many that they would not fit makes all be forgotten.
    pub(in crate::domain) fn of(&self, units: &Units, key: SubtreeKey) -> Arc<Subtree> {
        if let Some(found) = self.remembered().subtrees.get(&key) {
            return Arc::clone(found);
        }
        let (root, hierarchy, reach, day) = key;
        let subtree = Arc::new(Subtree::new(units.subtree(root, hierarchy, reach, day)));
        let mut remembered = self.remembered();
        // An empty one takes room as well.
        let size = subtree.units.len() + 1;
        if remembered.units + size > CACHE_CAPACITY {
            *remembered = Remembered::default();
        }
        if remembered.subtrees.insert(key, Arc::clone(&subtree)).is_none() {
            remembered.units += size;
        }
        subtree
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reach_holds_a_subtree_or_does_not_whoever_asked_before() {
        let ids: Vec<UnitId> = (0..4).map(|_| UnitId::new()).collect();
        let set = |of: &[UnitId]| Arc::new(of.iter().copied().collect::<UnitSet>());
        let subtree = Subtree::new(ids[..2].iter().copied().collect());
        for _ in 0..2 {
            for (reach, expected) in [(&ids[..], true), (&ids[..2], true), (&ids[1..], false), (&ids[..1], false)] {
                // Each reach is gone before the next, which may lie where it lay.
                assert_eq!(subtree.is_within(&set(reach)), expected);
            }
        }
        let reaches: Vec<_> = (0..2 * REACHES).map(|at| set(&ids[at % 2..])).collect();
        for (at, reach) in reaches.iter().chain(&reaches).enumerate() {
            assert_eq!(subtree.is_within(reach), at % 2 == 0);
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (subtrees, units, first) = (Subtrees::default(), Units::default(), Day::of(1800, 1, 1).expect("a day"));
        for nth in 0..CACHE_CAPACITY + 10 {
            let key = (UnitId(Uuid::from_u128(nth as u128)), Hierarchy::Party, Reach::Unit, first);
            assert_eq!(subtrees.of(&units, key).units.len(), 0);
        }
        assert!(subtrees.remembered().subtrees.len() <= CACHE_CAPACITY / 2);
    }
}
