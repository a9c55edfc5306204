//! Results of a unit (kết quả xếp loại của đơn vị): persons by their result, and the units with too large a share of
//! EXCELLENT.

use std::collections::BTreeMap;

use entity::value::{AppraisalRating, AppraisalSystem, Category, Day, Scope, UnitId};
use serde::Serialize;

use crate::{
    authz::{Access, AppraisalCount, ReachedUnits, Statistics},
    domain::{
        percent::{decimals, percent},
        unit::below,
    },
    error::{Error, Result},
    reference::{
        appraisal_rules::{AppraisalCase, AppraisalRuleKey, AppraisalRules},
        units::Reach,
    },
};

/// Arguments of the results of a unit.
#[derive(Clone, Copy, Debug)]
pub struct CountsAsked {
    /// Unit to count.
    pub unit: UnitId,
    /// System of appraisal.
    pub system: AppraisalSystem,
    /// Calendar year.
    pub year: i32,
    /// The unit alone or its subtree.
    pub reach: Reach,
    /// Decimals of the percentage, 0 to 6.
    pub decimals: i32,
}

/// Persons that units rated, by their result.
#[derive(Clone, Debug)]
pub struct Counts {
    /// System of appraisal.
    pub system: AppraisalSystem,
    /// Calendar year.
    pub year: i32,
    /// Day of the tree.
    pub counted_on: Day,
    /// All persons with a result.
    pub total: u64,
    /// Persons by result, in the order of the results.
    pub by_rating: [u64; 5],
    /// Share of EXCELLENT among the results GOOD and better; `None` without such results.
    pub excellent_percent: Option<f64>,
    /// Units over the limit; `None` if the numbers are rounded.
    pub over_limit: Option<Vec<OverLimit>>,
    /// Whether the numbers are rounded to multiples of five.
    pub is_rounded: bool,
}

/// A unit with a larger share of EXCELLENT than the law of the day permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverLimit {
    /// The unit that rated.
    pub unit: UnitId,
    /// Category of the persons.
    pub category: Category,
    /// Persons with the result EXCELLENT.
    pub excellent: u64,
    /// Persons with the result GOOD or EXCELLENT.
    pub good_or_better: u64,
    /// Largest share, in percent.
    pub limit_percent: i32,
    /// Legal instrument and article.
    pub legal_basis: String,
}

/// Results in their order.
const RATINGS: [AppraisalRating; 5] = [
    AppraisalRating::Excellent,
    AppraisalRating::Good,
    AppraisalRating::Fulfilled,
    AppraisalRating::NotFulfilled,
    AppraisalRating::NotRated,
];

/// The counted cell that a number belongs to.
#[derive(Serialize)]
struct Cell<'a> {
    /// Fingerprint of the units.
    appraisals_of: &'a str,
    system: AppraisalSystem,
    year: i32,
    /// `None` for all persons.
    result: Option<AppraisalRating>,
}

/// Results of a unit in a year, by the units that rated. A unit out of reach gives zero. With `stats:read` alone, numbers
/// are rounded and need not add up, and no unit over the limit is named.
///
/// # Errors
/// `Forbidden` without `appraisal:read` and `stats:read`; `Invalid` for a year that has not begun, or decimals outside 0
/// to 6.
pub async fn counts(access: &Access, asked: CountsAsked) -> Result<Counts> {
    let statistics = access.statistics(Scope::AppraisalRead, "UnitAppraisals")?;
    let decimals = decimals(asked.decimals)?;
    let counted_on = counted_on(access.today(), asked.year)?;
    let is_reached = access.reaches(asked.unit);
    let units = below(access, asked.unit, asked.reach, counted_on);
    // The visible part of a unit must not be reported as the whole.
    let rows = if is_reached { statistics.appraisals(&units, (asked.system, asked.year)).await? } else { Vec::new() };
    let mut counts = Counts {
        system: asked.system,
        year: asked.year,
        counted_on,
        total: 0,
        by_rating: RATINGS.map(|rating| sum(&rows, |row| row.rating == rating)),
        excellent_percent: None,
        over_limit: (!statistics.is_rounded()).then(|| over_limit(AppraisalRules::shipped(), asked.system, &rows)),
        is_rounded: statistics.is_rounded(),
    };
    counts.total = counts.by_rating.iter().sum();
    counts.show(&statistics, &units);
    let [excellent, good, ..] = counts.by_rating;
    let better = excellent + good;
    counts.excellent_percent = (better > 0).then(|| percent(excellent, better, decimals));
    Ok(counts)
}

impl Counts {
    /// Rounds each count for the caller.
    fn show(&mut self, statistics: &Statistics<'_>, units: &ReachedUnits) {
        if !statistics.is_rounded() {
            return;
        }
        let (fingerprint, system, year) = (units.fingerprint(), self.system, self.year);
        let cell = |result| Cell { appraisals_of: &fingerprint, system, year, result };
        self.total = statistics.shown(&cell(None), self.total);
        for (rating, count) in RATINGS.into_iter().zip(&mut self.by_rating) {
            *count = statistics.shown(&cell(Some(rating)), *count);
        }
    }
}

/// The day by which the tree is determined: the last day of the year, or today.
fn counted_on(today: Day, year: i32) -> Result<Day> {
    let last = Day::end_of_year(year).filter(|_| year <= today.year());
    last.map(|last| last.min(today)).ok_or_else(|| {
        let this = today.year();
        Error::invalid(
            "year",
            format!("Năm phải từ 1800 đến {this}: năm chưa bắt đầu thì chưa có kết quả."),
            format!("The year must be from 1800 to {this}: a year that has not begun has no results."),
        )
    })
}

fn sum(rows: &[AppraisalCount], of: impl Fn(&AppraisalCount) -> bool) -> u64 {
    rows.iter().filter(|row| of(row)).map(|row| row.persons).sum()
}

/// The units in which the share of EXCELLENT is larger than the verified rule of the day of the decision permits, for
/// each category of persons.
fn over_limit(rules: &AppraisalRules, system: AppraisalSystem, rows: &[AppraisalCount]) -> Vec<OverLimit> {
    let mut groups: BTreeMap<(UnitId, Category), OverLimit> = BTreeMap::new();
    for row in rows {
        let case = AppraisalCase { system, category: row.category, day: row.decided_on };
        let rule = rules.find(AppraisalRuleKey::ExcellentPercent, case).filter(|rule| rule.is_verified());
        let is_excellent = row.rating == AppraisalRating::Excellent;
        let Some(rule) = rule.filter(|_| is_excellent || row.rating == AppraisalRating::Good) else { continue };
        let group = groups.entry((row.unit, row.category)).or_insert_with(|| OverLimit {
            unit: row.unit,
            category: row.category,
            excellent: 0,
            good_or_better: 0,
            limit_percent: rule.value,
            legal_basis: rule.legal_basis.clone(),
        });
        group.good_or_better += row.persons;
        group.excellent += if is_excellent { row.persons } else { 0 };
    }
    groups.into_values().filter(OverLimit::is_over).collect()
}

impl OverLimit {
    /// Compared without rounding.
    fn is_over(&self) -> bool {
        let limit = u64::try_from(self.limit_percent).unwrap_or(0);
        self.excellent * 100 > limit * self.good_or_better
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    fn over(category: Category, on: &str, numbers: (u64, u64)) -> Option<(u64, u64)> {
        let unit = UnitId::new();
        let count = |rating, persons| AppraisalCount { unit, category, rating, decided_on: day(on), persons };
        let rows = [
            count(AppraisalRating::Excellent, numbers.0),
            count(AppraisalRating::Good, numbers.1),
            count(AppraisalRating::Fulfilled, 50),
        ];
        let found = over_limit(AppraisalRules::shipped(), AppraisalSystem::State, &rows);
        assert!(found.len() <= 1 && found.iter().all(|over| over.unit == unit && over.limit_percent == 20));
        found.first().map(|over| (over.excellent, over.good_or_better))
    }

    #[test]
    fn a_fifth_of_the_good_results_may_be_excellent() {
        use Category::{Cadre, CivilServant, PublicEmployee};
        for (category, on, numbers, expected) in [
            (PublicEmployee, "2026-07-01", (20, 80), None),
            (PublicEmployee, "2026-07-01", (21, 80), Some((21, 101))),
            (PublicEmployee, "2026-07-02", (1, 0), Some((1, 1))),
            (PublicEmployee, "2026-07-02", (0, 0), None),
            (PublicEmployee, "2026-06-30", (50, 50), None),
            // Not verified for civil servants.
            (CivilServant, "2026-07-01", (50, 50), None),
            (Cadre, "2026-07-01", (50, 50), None),
        ] {
            assert_eq!(over(category, on, numbers), expected, "{category} {on} {numbers:?}");
        }
    }

    #[test]
    fn each_unit_is_compared_alone() {
        let units = [UnitId::new(), UnitId::new()];
        let count = |nth: usize, rating, persons| AppraisalCount {
            unit: units[nth],
            category: Category::PublicEmployee,
            rating,
            decided_on: day("2026-12-01"),
            persons,
        };
        let rows = [
            count(0, AppraisalRating::Excellent, 3),
            count(0, AppraisalRating::Good, 7),
            count(1, AppraisalRating::Good, 90),
        ];
        let found = over_limit(AppraisalRules::shipped(), AppraisalSystem::State, &rows);
        assert_eq!(
            found.iter().map(|over| over.unit).collect::<Vec<_>>(),
            [units[0]],
            "3 of 10, although 3 of 100 in all"
        );
        assert_eq!(over_limit(AppraisalRules::shipped(), AppraisalSystem::Party, &rows), []);
    }

    #[test]
    fn a_year_that_has_not_begun_has_no_results() {
        let today = day("2026-06-01");
        assert_eq!(counted_on(today, 2025).ok(), Some(day("2025-12-31")));
        assert_eq!(counted_on(today, 2026).ok(), Some(today));
        assert!(counted_on(today, 2027).is_err() && counted_on(today, 1799).is_err());
    }
}
