//! A half-open interval of days.

use super::Day;

/// The days `from <= day < until`; a missing end is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    from: Option<Day>,
    until: Option<Day>,
}

impl Period {
    /// The period between two days; nothing if it would end before it starts or hold no day.
    pub fn new(from: Option<Day>, until: Option<Day>) -> Option<Self> {
        match (from, until) {
            (Some(from), Some(until)) if until <= from => None,
            _ => Some(Self { from, until }),
        }
    }

    /// Whether the day lies in the period.
    pub fn holds(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }

    /// Whether some day lies in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let begins_before = |a: &Self, b: &Self| match (a.from, b.until) {
            (Some(from), Some(until)) => from < until,
            _ => true,
        };
        begins_before(self, other) && begins_before(other, self)
    }

    /// First day, if there is one.
    pub fn from(&self) -> Option<Day> {
        self.from
    }

    /// First day after, if there is one.
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
    fn a_period_holds_its_first_day_and_not_its_last() {
        let year = period("2014-01-01", "2015-01-01").expect("a year");
        for (day, held) in [("2013-12-31", false), ("2014-01-01", true), ("2014-12-31", true), ("2015-01-01", false)] {
            assert_eq!(year.holds(day.parse().expect(day)), held, "{day}");
        }
        assert_eq!(period("2014-01-01", "2014-01-01"), None);
        assert_eq!(period("2014-01-02", "2014-01-01"), None);
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
