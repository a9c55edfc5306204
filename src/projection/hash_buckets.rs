//! Hash buckets, to compare a table with its expected rows without holding both in memory.

use std::hash::{DefaultHasher, Hash, Hasher};

use entity::value::CadreId;

/// Number of hash buckets. Page keys and words are hashed into the bucket of their person, so that only one
/// bucket has to be compared in detail.
pub(super) const BUCKETS: usize = 1 << 16;

/// Bucket of a person.
pub(super) fn bucket_of(person: CadreId) -> usize {
    let mut hasher = DefaultHasher::new();
    person.hash(&mut hasher);
    usize::try_from(hasher.finish() % BUCKETS as u64).unwrap_or(0)
}
