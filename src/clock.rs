//! The only source of time. It is read once per request, so that a response refers to one day.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, FixedOffset, Utc};
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

    /// Today in Việt Nam (UTC+7, no summer time).
    pub fn today(&self) -> Day {
        let vietnam = FixedOffset::east_opt(7 * 3600).expect("seven hours are a valid offset");
        Day(self.now().with_timezone(&vietnam).date_naive())
    }
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
    }
}
