//! The only source of time. Asked once per request, so that one answer has one day.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, FixedOffset, Utc};
use entity::value::Day;

/// Where the time comes from.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A moment that stands still, for tests.
    Fixed(DateTime<Utc>),
    /// Seconds since 1970 that a test moves by hand.
    Hand(&'static AtomicI64),
}

impl Clock {
    /// This moment.
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
    fn the_day_turns_at_midnight_in_viet_nam() {
        for (moment, day) in [("2024-12-31T16:59:59Z", "2024-12-31"), ("2024-12-31T17:00:00Z", "2025-01-01")] {
            let clock = Clock::Fixed(moment.parse().expect("a moment"));
            assert_eq!(clock.today().to_string(), day);
        }
    }
}
