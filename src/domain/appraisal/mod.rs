//! Appraisals of persons (đánh giá, xếp loại chất lượng): their results by system, year and period.

pub mod commands;
mod good_years;
mod points;
mod rater;
mod scale;
mod unit_counts;
mod work;

pub use good_years::{GoodYears, good_years};
pub use points::{from_number, parse, text, to_number};
pub use rater::{Rater, rater};
pub use scale::{PointsProblem, check_points, problem};
pub use unit_counts::{Counts, CountsAsked, OverLimit, counts};
pub use work::{Work, WorkJudgement, judge_work, work_in};

use entity::{
    appraisal,
    value::{AppraisalId, AppraisalPeriod, AppraisalState, AppraisalSystem, Day},
};

use crate::{
    authz::{Access, AppraisalYears, AuthorizedCadre, VisibleAppraisal},
    error::{Error, Result},
};

/// Largest number of years of a list.
const MOST_YEARS: i32 = 10;
/// The years of the calendar.
const CALENDAR: (i32, i32) = (1800, 2199);

/// Filter of the appraisals of a person.
#[derive(Clone, Debug, Default)]
pub struct AppraisalsAsked {
    /// Only this system.
    pub system: Option<AppraisalSystem>,
    /// Only this year.
    pub year: Option<i32>,
    /// First year, inclusive.
    pub year_from: Option<i32>,
    /// Last year, inclusive.
    pub year_to: Option<i32>,
    /// States; only current appraisals if there are none.
    pub states: Vec<AppraisalState>,
}

impl AppraisalsAsked {
    /// The years: by default the ten years up to that of the day.
    ///
    /// # Errors
    /// `Invalid` for years outside the calendar, more than ten years, or `year` together with a range.
    pub fn years(&self, day: Day) -> Result<AppraisalYears> {
        if let Some(year) = self.year {
            if self.year_from.is_some() || self.year_to.is_some() {
                return Err(Error::invalid(
                    "year",
                    "Không dùng `year` cùng với `yearFrom` hoặc `yearTo`; hãy chỉ giữ một cách.",
                    "Do not use `year` together with `yearFrom` or `yearTo`; keep one of the two forms.",
                ));
            }
            return within_calendar("year", AppraisalYears(year, year));
        }
        let last = self.year_to.unwrap_or(match self.year_from {
            Some(first) => Ord::max(first, Ord::min(day.year(), first.saturating_add(MOST_YEARS - 1))),
            None => day.year(),
        });
        let first = self.year_from.unwrap_or(Ord::max(last.saturating_sub(MOST_YEARS - 1), CALENDAR.0));
        if first > last || last.saturating_sub(first) >= MOST_YEARS {
            return Err(Error::invalid(
                "yearTo",
                format!("Khoảng thời gian phải có từ 1 đến {MOST_YEARS} năm; hãy chia thành nhiều truy vấn."),
                format!("The range must have 1 to {MOST_YEARS} years; split it into several queries."),
            ));
        }
        within_calendar("yearFrom", AppraisalYears(first, last))
    }

    fn admits(&self, row: &appraisal::Model, day: Day) -> bool {
        let is_of_state = match self.states.as_slice() {
            [] => row.state == AppraisalState::Current,
            states => states.contains(&row.state),
        };
        is_of_state && self.system.is_none_or(|system| system == row.system) && row.decided_on <= day
    }
}

fn within_calendar(field: &str, years: AppraisalYears) -> Result<AppraisalYears> {
    let (first, last) = CALENDAR;
    if first <= years.0 && years.1 <= last {
        return Ok(years);
    }
    Err(Error::invalid(
        field,
        format!("Năm phải từ {first} đến {last}."),
        format!("The year must be from {first} to {last}."),
    ))
}

/// Appraisals of a person that were decided by the day of the person; `None` if the file is not in the caller's custody.
///
/// # Errors
/// `Forbidden` without `appraisal:read`; `PurposeRequired` without a purpose.
pub fn of_person(
    access: &Access,
    cadre: &AuthorizedCadre,
    rows: &[appraisal::Model],
    asked: &AppraisalsAsked,
) -> Result<Option<Vec<VisibleAppraisal>>> {
    let admitted = rows.iter().filter(|row| asked.admits(row, cadre.day()));
    access.open_appraisals(cadre, admitted, "Cadre.appraisals")
}

/// Good years of a person before a day, from appraisals that were decided by the day of the person; `None` if the file
/// is not in the caller's custody.
///
/// # Errors
/// `Forbidden` without `appraisal:read`; `PurposeRequired` without a purpose.
pub fn good_years_of(
    access: &Access,
    cadre: &AuthorizedCadre,
    rows: &[appraisal::Model],
    (system, before): (AppraisalSystem, Day),
) -> Result<Option<GoodYears>> {
    let asked = AppraisalsAsked { system: Some(system), ..AppraisalsAsked::default() };
    let of_years = rows.iter().filter(|row| row.period == AppraisalPeriod::Year && asked.admits(row, cadre.day()));
    let opened = access.open_appraisals(cadre, of_years, "Cadre.goodYears")?;
    Ok(opened.map(|opened| {
        let ratings = opened.iter().map(|appraisal| (appraisal.row().year, appraisal.rating())).collect();
        good_years(&ratings, before)
    }))
}

/// Checks a required number of good years.
///
/// # Errors
/// `Invalid` below 1.
pub fn number_of_years(years: i32) -> Result<i32> {
    if years >= 1 {
        return Ok(years);
    }
    Err(Error::invalid("atLeast", "Số năm phải từ 1 trở lên.", "The number of years must be 1 or more."))
}

/// First day of a period; of a term, of its last year. `None` for a number that the period does not have.
pub(crate) fn first_day(period: AppraisalPeriod, year: i32, number: i32) -> Option<Day> {
    let month = match period {
        AppraisalPeriod::Year | AppraisalPeriod::Term => 1,
        AppraisalPeriod::Quarter => number * 3 - 2,
        AppraisalPeriod::Month => number,
    };
    Day::of(year, u32::try_from(month).ok()?, 1)
}

/// Appraisals by id, of any state, of persons whose files are in the caller's custody.
///
/// # Errors
/// `Forbidden` without the scopes; `PurposeRequired` without a purpose.
pub async fn by_ids(access: &Access, ids: &[AppraisalId], field: &str) -> Result<Vec<VisibleAppraisal>> {
    let mut found = Vec::new();
    for (row, cadre) in access.cadres()?.appraisals_by_ids(ids).await? {
        found.extend(access.open_appraisals(&cadre, [&row].into_iter(), field)?.into_iter().flatten());
    }
    Ok(found)
}

/// All years before a day, for good years.
pub fn years_before(day: Day) -> AppraisalYears {
    AppraisalYears(CALENDAR.0, day.year() - 1)
}

#[cfg(test)]
mod tests {
    use entity::{sample, value::AppraisalState as State};

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn a_list_has_at_most_ten_years() {
        let asked = |year, year_from, year_to| {
            let asked = AppraisalsAsked { year, year_from, year_to, ..AppraisalsAsked::default() };
            asked.years(day("2026-06-01")).map(|AppraisalYears(first, last)| (first, last)).ok()
        };
        for (year, from, to, expected) in [
            (None, None, None, Some((2017, 2026))),
            (Some(2020), None, None, Some((2020, 2020))),
            (Some(2020), Some(2020), None, None),
            (None, Some(2024), None, Some((2024, 2026))),
            (None, Some(2010), None, Some((2010, 2019))),
            (None, Some(2030), None, Some((2030, 2030))),
            (None, None, Some(2019), Some((2010, 2019))),
            (None, Some(2010), Some(2019), Some((2010, 2019))),
            (None, Some(2010), Some(2020), None),
            (None, Some(2011), Some(2010), None),
            (Some(1799), None, None, None),
            (None, None, Some(i32::MIN), None),
            (None, Some(i32::MAX), None, None),
        ] {
            assert_eq!(asked(year, from, to), expected, "{year:?} {from:?} {to:?}");
        }
    }

    #[test]
    fn only_current_appraisals_decided_by_the_day_are_listed_by_default() {
        let row = |state| appraisal::Model { state, decided_on: day("2021-12-10"), ..sample::appraisal() };
        let asked = AppraisalsAsked::default();
        assert!(!asked.admits(&row(State::Current), day("2021-12-09")));
        assert!(asked.admits(&row(State::Current), day("2021-12-10")));
        assert!(asked.admits(&row(State::Current), day("2021-12-11")));
        assert!(!asked.admits(&row(State::Superseded), day("2021-12-11")));
        let asked = AppraisalsAsked { states: vec![State::Annulled, State::Superseded], ..asked };
        assert!(asked.admits(&row(State::Superseded), day("2021-12-11")));
        assert!(!asked.admits(&row(State::Current), day("2021-12-11")));
    }
}
