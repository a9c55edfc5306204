//! Good years (số năm liên tục hoàn thành tốt nhiệm vụ trở lên): consecutive calendar years immediately before a day in
//! which the result was EXCELLENT or GOOD.
//!
//! A year that was not rated neither counts nor ends the years. A year without a result ends them, and nothing is known
//! about it: more years are possible.

use std::collections::HashMap;

use entity::value::{AppraisalRating, Day};

use crate::domain::rule::RuleResult;

/// Good years before a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoodYears {
    /// Number of the years.
    pub years: i32,
    /// The year that ended them: with a lower result, or without a result.
    pub end_year: i32,
    /// Whether that year has no result, so that there may be more good years.
    pub is_lower_bound: bool,
}

impl GoodYears {
    /// Whether there are at least `years` good years. `INDETERMINATE` if this depends on a missing result.
    pub fn at_least(&self, years: i32) -> RuleResult {
        match (self.years >= years, self.is_lower_bound) {
            (true, _) => RuleResult::Pass,
            (false, true) => RuleResult::Indeterminate,
            (false, false) => RuleResult::Fail,
        }
    }
}

/// Good years before a day, from the results of years.
pub fn good_years(ratings: &HashMap<i32, AppraisalRating>, before: Day) -> GoodYears {
    let (mut years, mut year) = (0, before.year() - 1);
    loop {
        match ratings.get(&year) {
            Some(AppraisalRating::Excellent | AppraisalRating::Good) => years += 1,
            Some(AppraisalRating::NotRated) => {}
            Some(AppraisalRating::Fulfilled | AppraisalRating::NotFulfilled) => {
                return GoodYears { years, end_year: year, is_lower_bound: false };
            }
            None => return GoodYears { years, end_year: year, is_lower_bound: true },
        }
        year -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ratings: &[(i32, AppraisalRating)], before: &str) -> (i32, i32, bool) {
        let found = good_years(&ratings.iter().copied().collect(), before.parse().expect("a day"));
        (found.years, found.end_year, found.is_lower_bound)
    }

    #[test]
    fn good_years_are_consecutive_and_end_before_the_year_of_the_day() {
        use AppraisalRating::{Excellent, Fulfilled, Good, NotFulfilled, NotRated};
        let rated = [(2020, Fulfilled), (2021, Good), (2022, NotRated), (2023, Excellent), (2024, Good), (2025, Good)];
        for (before, expected) in [
            ("2025-12-31", (3, 2020, false)),
            ("2026-01-01", (4, 2020, false)),
            ("2026-01-02", (4, 2020, false)),
            ("2026-12-31", (4, 2020, false)),
            // The result of 2026 is not recorded.
            ("2027-01-01", (0, 2026, true)),
            ("2021-06-01", (0, 2020, false)),
            ("2023-01-01", (1, 2020, false)),
        ] {
            assert_eq!(of(&rated, before), expected, "{before}");
        }
        assert_eq!(of(&[(2024, Good), (2025, Good)], "2026-01-01"), (2, 2023, true), "a missing year");
        assert_eq!(of(&[(2024, Good), (2025, NotFulfilled)], "2026-01-01"), (0, 2025, false));
        assert_eq!(of(&[(2025, NotRated)], "2026-01-01"), (0, 2024, true));
        assert_eq!(of(&[], "1800-01-01"), (0, 1799, true));
    }

    #[test]
    fn a_missing_year_decides_only_if_more_years_are_needed() {
        use RuleResult::{Fail, Indeterminate, Pass};
        for (years, is_lower_bound, needed, expected) in [
            (2, false, 1, Pass),
            (2, false, 2, Pass),
            (2, false, 3, Fail),
            (2, true, 2, Pass),
            (2, true, 3, Indeterminate),
            (0, true, 0, Pass),
        ] {
            let found = GoodYears { years, end_year: 2020, is_lower_bound };
            assert_eq!(found.at_least(needed), expected, "{years} {is_lower_bound} {needed}");
        }
    }
}
