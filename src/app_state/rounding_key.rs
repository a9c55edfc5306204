//! Secret rounding of counts.
//!
//! A count below five can identify a person, and so can the difference of two totals (Law 91/2025/QH15 binds such data
//! to a purpose). A rounded count is therefore a multiple of five. A secret random offset, fixed for each cell,
//! determines whether it is rounded up or down. A repeated query, on another day or after other people were added or
//! removed, uses the same offset: the result depends only on the sum of count and offset, and a smaller count with a
//! larger offset gives the same result.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;

/// Base of rounding: rounded counts are multiples of it.
const BASE: u64 = 5;

/// Secret key of the rounding offsets.
#[derive(Clone)]
pub struct RoundingKey(Vec<u8>);

impl RoundingKey {
    /// Derives the key from another key of the service.
    pub(crate) fn derived(from: &[u8]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(from).expect("HMAC takes keys of any length");
        mac.update(b"rounding of statistics");
        Self(mac.finalize().into_bytes().to_vec())
    }

    /// Offset of a cell, 0 to 4 inclusive.
    pub(crate) fn draw(&self, cell: &impl Serialize) -> u64 {
        let cell = serde_json::to_vec(cell).expect("a cell is described by plain data");
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(&cell);
        let bytes = mac.finalize().into_bytes();
        let (number, _) = bytes.split_first_chunk().expect("SHA-256 gives 32 bytes");
        u64::from_be_bytes(*number) % BASE
    }
}

impl fmt::Debug for RoundingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoundingKey(sealed)")
    }
}

/// Rounds a count with an offset. The mean over all offsets is exact; the error is at most four.
pub(crate) fn rounded(count: u64, draw: u64) -> u64 {
    (count + draw) / BASE * BASE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rounded_count_is_a_near_multiple_of_five_and_exact_on_average() {
        for count in 0..200 {
            let all: Vec<u64> = (0..BASE).map(|draw| rounded(count, draw)).collect();
            assert!(all.iter().all(|shown| shown % BASE == 0 && shown.abs_diff(count) < BASE), "{count}: {all:?}");
            assert_eq!(all.iter().sum::<u64>(), count * BASE, "{count}: {all:?}");
        }
    }

    #[test]
    fn zero_is_rounded_to_zero() {
        assert!((0..BASE).all(|draw| rounded(0, draw) == 0));
    }

    #[test]
    fn counts_with_the_same_sum_of_count_and_offset_stay_indistinguishable() {
        for (count, draw) in (1..50).flat_map(|count| (0..BASE - 1).map(move |draw| (count, draw))) {
            for others in 0..50 {
                assert_eq!(rounded(count + others, draw), rounded(count - 1 + others, draw + 1));
            }
        }
    }

    #[test]
    fn the_offset_of_a_cell_is_fixed_and_differs_between_cells_and_keys() {
        let (key, other) = (RoundingKey::derived(&[1; 32]), RoundingKey::derived(&[2; 32]));
        let draws = |key: &RoundingKey| (0..100).map(|cell| key.draw(&cell)).collect::<Vec<_>>();
        assert_eq!(draws(&key), draws(&key));
        assert_ne!(draws(&key), draws(&other));
        assert!((0..BASE).all(|draw| draws(&key).contains(&draw)));
    }
}
