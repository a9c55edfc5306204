//! Random days and choices.

use chrono::{Days, NaiveDate};
use fastrand::Rng;

/// A day that exists in the calendar.
pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// The last day of the generated history.
pub fn last_day() -> NaiveDate {
    day(2024, 12, 31)
}

/// The day that is this number of days after another.
pub fn after(start: NaiveDate, days: u64) -> NaiveDate {
    start + Days::new(days)
}

/// Number of days from one day to a later one.
pub fn between(from: NaiveDate, to: NaiveDate) -> u64 {
    u64::try_from((to - from).num_days()).unwrap_or_default()
}

/// One of these texts at random.
pub fn one<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    of[rng.usize(..of.len())]
}

/// True with this probability in percent.
pub fn percent(rng: &mut Rng, chance: u32) -> bool {
    rng.u32(..100) < chance
}
