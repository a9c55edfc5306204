//! A half-open interval of days.

use super::Day;

/// The days `from <= day < until`; a missing end is open. The default contains every day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Period {
    from: Option<Day>,
    until: Option<Day>,
}

impl Period {
    /// The period between two days; `None` if it is empty or its end is before its start.
    pub fn new(from: Option<Day>, until: Option<Day>) -> Option<Self> {
        match (from, until) {
            (Some(from), Some(until)) if until <= from => None,
            _ => Some(Self { from, until }),
        }
    }

    /// Whether the period contains the day.
    pub fn holds(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }

    /// Whether both periods have a common day.
    pub fn overlaps(&self, other: &Self) -> bool {
        let begins_before = |a: &Self, b: &Self| match (a.from, b.until) {
            (Some(from), Some(until)) => from < until,
            _ => true,
        };
        begins_before(self, other) && begins_before(other, self)
    }

    /// The common days, if any.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let until = [self.until, other.until].into_iter().flatten().min();
        // `None` sorts before every day, so an open start is handled correctly.
        Self::new(self.from.max(other.from), until)
    }

    /// The days of both periods, if there is no gap between them.
    pub fn union(&self, other: &Self) -> Option<Self> {
        let touches = |a: &Self, b: &Self| a.until.is_some() && a.until == b.from;
        if !self.overlaps(other) && !touches(self, other) && !touches(other, self) {
            return None;
        }
        let until = self.until.zip(other.until).map(|(a, b)| a.max(b));
        Some(Self { from: self.from.min(other.from), until })
    }

    /// First day, inclusive, if any.
    pub fn from(&self) -> Option<Day> {
        self.from
    }

    /// End day, exclusive, if any.
    pub fn until(&self) -> Option<Day> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, until: &str) -> Option<Period> {
        Period::new(from.parse().ok(), until.parse().ok())
    }

    #[test]
    fn a_period_contains_its_first_day_and_not_its_end() {
        let year = period("2014-01-01", "2015-01-01").expect("a year");
        for (day, held) in [("2013-12-31", false), ("2014-01-01", true), ("2014-12-31", true), ("2015-01-01", false)] {
            assert_eq!(year.holds(day.parse().expect(day)), held, "{day}");
        }
        assert_eq!(period("2014-01-01", "2014-01-01"), None);
        assert_eq!(period("2014-01-02", "2014-01-01"), None);
    }

    #[test]
    fn periods_have_intersections_and_unions() {
        let shown = |period: Option<Period>| {
            let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
            period.map(|period| format!("{}..{}", day(period.from()), day(period.until())))
        };
        let year = period("2014-01-01", "2015-01-01").expect("a year");
        for (from, until, both, either) in [
            ("2014-06-01", "2016-01-01", Some("2014-06-01..2015-01-01"), Some("2014-01-01..2016-01-01")),
            ("2014-06-01", "2014-07-01", Some("2014-06-01..2014-07-01"), Some("2014-01-01..2015-01-01")),
            ("2015-01-01", "", None, Some("2014-01-01..")),
            ("", "2014-01-01", None, Some("..2015-01-01")),
            ("", "", Some("2014-01-01..2015-01-01"), Some("..")),
            ("2015-01-02", "", None, None),
            ("", "2013-12-31", None, None),
        ] {
            let other = period(from, until).expect("a period");
            for (a, b) in [(&year, &other), (&other, &year)] {
                assert_eq!(shown(a.intersection(b)).as_deref(), both, "{from} {until}");
                assert_eq!(shown(a.union(b)).as_deref(), either, "{from} {until}");
            }
        }
    }

    #[test]
    fn neighbours_do_not_overlap() {
        let first = period("2014-01-01", "2015-01-01").expect("a year");
        for (from, until, overlap) in
            [("2015-01-01", "", false), ("", "2014-01-01", false), ("2014-12-31", "", true), ("", "", true)]
        {
            let other = period(from, until).expect("a period");
            assert_eq!(first.overlaps(&other), overlap, "{from} {until}");
            assert_eq!(other.overlaps(&first), overlap, "{from} {until}");
        }
    }
}
