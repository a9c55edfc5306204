//! Numbers of persons: as they are for whoever may see the persons, rounded for whoever holds `stats:read` alone.
//!
//! A count under five names somebody, and so does the difference of two totals (Law 91/2025/QH15 binds such data to a
//! purpose). So a rounded count is a multiple of five, and between which two it falls is settled by a draw that is fixed
//! for its cell. Asking again on another day, or after others came and went, draws nothing new: what is seen of a count
//! is its sum with the secret draw, and every lesser count with a greater draw looks the same for ever.

use std::fmt;

use entity::value::{Day, Scope};
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::{Select, sea_query::SelectStatement};
use serde::Serialize;
use sha2::Sha256;

use crate::{
    domain::authz::{Access, Cadres, Quotas, ReachedUnits, Rotations, Training},
    error::Result,
};

/// Rounded counts are multiples of this.
const BASE: u64 = 5;

/// The key that the draws of rounding come from.
#[derive(Clone)]
pub struct RoundingKey(Vec<u8>);

impl RoundingKey {
    /// Derives the key from another key of the service.
    pub(in crate::domain) fn derived(from: &[u8]) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(from).expect("HMAC takes keys of any length");
        mac.update(b"rounding of statistics");
        Self(mac.finalize().into_bytes().to_vec())
    }

    /// The draw of a cell, 0 to 4.
    fn draw(&self, cell: &impl Serialize) -> u64 {
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

/// A count with its draw, rounded: true on average, and never further off than four.
fn rounded(count: u64, draw: u64) -> u64 {
    (count + draw) / BASE * BASE
}

/// The numbers that a caller may see.
#[derive(Clone, Copy, Debug)]
pub struct Statistics<'a> {
    access: &'a Access,
    key: Option<&'a RoundingKey>,
}

impl Access {
    /// Numbers of what `detail` opens in full: exact with that scope, rounded with `stats:read` alone.
    ///
    /// # Errors
    /// `Forbidden` without either.
    pub(in crate::domain) fn statistics(&self, detail: Scope, field: &str) -> Result<Statistics<'_>> {
        if self.caller.has(detail) {
            return Ok(Statistics { access: self, key: None });
        }
        match self.caller.has(Scope::StatsRead) {
            true => Ok(Statistics { access: self, key: Some(self.app_state.rounding_key()) }),
            false => self.require(detail, field).map(|()| Statistics { access: self, key: None }),
        }
    }
}

impl Statistics<'_> {
    /// Whether counts are rounded.
    pub(in crate::domain) fn is_rounded(&self) -> bool {
        self.key.is_some()
    }

    /// A count as the caller may see it. A cell is what is counted, whatever the day: one set of persons that can be asked
    /// for in two ways is one cell, else the two draws could be averaged.
    pub(in crate::domain) fn shown(&self, cell: &impl Serialize, count: u64) -> u64 {
        self.key.map_or(count, |key| rounded(count, key.draw(cell)))
    }

    /// The posts held on the day in the units, with one of the titles; without columns.
    pub(in crate::domain) fn posts_on(
        &self,
        day: Day,
        units: &ReachedUnits,
        titles: Option<&[&str]>,
    ) -> SelectStatement {
        Cadres::for_numbers(self.access).posts_on(day, Some(units), titles)
    }

    /// Rotations that are published and not revoked.
    pub(in crate::domain) fn rotations(&self) -> Select<entity::rotation::Entity> {
        Rotations::for_numbers(self.access).select_published()
    }

    /// Enrolments.
    pub(in crate::domain) fn enrolments(&self) -> Select<entity::enrolment::Entity> {
        Training::for_numbers(self.access).enrolments()
    }

    /// Classes.
    pub(in crate::domain) fn classes(&self) -> Select<entity::training_class::Entity> {
        Training::for_numbers(self.access).classes()
    }

    /// Quotas, for which the scope of quotas is not asked: what progress is measured against.
    pub(in crate::domain) fn quotas(&self) -> Select<entity::quota::Entity> {
        Quotas::for_numbers(self.access).select()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rounded_count_is_a_multiple_of_five_near_the_count_and_true_on_average() {
        for count in 0..200 {
            let all: Vec<u64> = (0..BASE).map(|draw| rounded(count, draw)).collect();
            assert!(all.iter().all(|shown| shown % BASE == 0 && shown.abs_diff(count) < BASE), "{count}: {all:?}");
            assert_eq!(all.iter().sum::<u64>(), count * BASE, "{count}: {all:?}");
        }
    }

    #[test]
    fn nobody_is_shown_as_nobody() {
        assert!((0..BASE).all(|draw| rounded(0, draw) == 0));
    }

    #[test]
    fn a_count_and_a_lesser_one_with_a_greater_draw_look_alike_whatever_comes_and_goes() {
        for (count, draw) in (1..50).flat_map(|count| (0..BASE - 1).map(move |draw| (count, draw))) {
            for others in 0..50 {
                assert_eq!(rounded(count + others, draw), rounded(count - 1 + others, draw + 1));
            }
        }
    }

    #[test]
    fn the_draw_of_a_cell_is_fixed_and_differs_between_cells_and_keys() {
        let (key, other) = (RoundingKey::derived(&[1; 32]), RoundingKey::derived(&[2; 32]));
        let draws = |key: &RoundingKey| (0..100).map(|cell| key.draw(&cell)).collect::<Vec<_>>();
        assert_eq!(draws(&key), draws(&key));
        assert_ne!(draws(&key), draws(&other));
        assert!((0..BASE).all(|draw| draws(&key).contains(&draw)));
    }
}
