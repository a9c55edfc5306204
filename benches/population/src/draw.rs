//! Days and choices by chance.

use chrono::{Days, NaiveDate};
use fastrand::Rng;

/// A day of the calendar that is known to exist.
pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// The last day on which something happens.
pub fn last_day() -> NaiveDate {
    day(2024, 12, 31)
}

/// A day some days after another.
pub fn after(start: NaiveDate, days: u64) -> NaiveDate {
    start + Days::new(days)
}

/// Days from one day to a later one.
pub fn between(from: NaiveDate, to: NaiveDate) -> u64 {
    u64::try_from((to - from).num_days()).unwrap_or_default()
}

/// One of these.
pub fn one<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    of[rng.usize(..of.len())]
}

/// True so many times of a hundred.
pub fn percent(rng: &mut Rng, chance: u32) -> bool {
    rng.u32(..100) < chance
}
