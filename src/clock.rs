//! The only source of time. It is read once per request, so that a response refers to one day.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, FixedOffset, NaiveTime, Utc};
use entity::value::Day;

/// Source of the current time.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The system clock.
    System,
    /// A fixed time, for tests.
    Fixed(DateTime<Utc>),
    /// Seconds since 1970, set by a test.
    Hand(&'static AtomicI64),
}

impl Clock {
    /// The current time.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now(),
            Self::Fixed(moment) => *moment,
            Self::Hand(seconds) => DateTime::from_timestamp(seconds.load(Ordering::SeqCst), 0).unwrap_or_default(),
        }
    }

    /// Today in Việt Nam.
    pub fn today(&self) -> Day {
        Day(self.now().with_timezone(&vietnam()).date_naive())
    }
}

/// The time at which a day begins in Việt Nam.
pub fn start_of(day: Day) -> DateTime<Utc> {
    let midnight = day.0.and_time(NaiveTime::MIN).and_local_timezone(vietnam());
    midnight.single().expect("a fixed offset has every local time once").to_utc()
}

/// UTC+7, no summer time.
fn vietnam() -> FixedOffset {
    FixedOffset::east_opt(7 * 3600).expect("seven hours are a valid offset")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_changes_at_midnight_in_viet_nam() {
        for (moment, day) in [("2024-12-31T16:59:59Z", "2024-12-31"), ("2024-12-31T17:00:00Z", "2025-01-01")] {
            let clock = Clock::Fixed(moment.parse().expect("a moment"));
            assert_eq!(clock.today().to_string(), day);
        }
        let day = "2025-01-01".parse().expect("a day");
        assert_eq!(start_of(day).to_rfc3339(), "2024-12-31T17:00:00+00:00");
    }
}
