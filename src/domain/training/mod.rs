//! Training (đào tạo, bồi dưỡng): plans, quotas, classes, enrolments, and the progress of plans.

pub mod class;
pub mod commands;
pub mod enrolment;
pub mod plan;
pub mod progress;
pub mod quota;
pub mod session;
pub mod state;
pub mod study;
pub mod usage;

use entity::value::{Day, Period, UnitId};

use crate::{
    authz::Access,
    error::{Error, Result},
    reference::units::whole_years,
};

/// Checks that a year lies in the calendar.
///
/// # Errors
/// `Invalid` for the field if the year is outside 1800 to 2199.
fn ensure_year(field: &str, year: i32) -> Result<()> {
    Day::end_of_year(year).map(|_| ()).ok_or_else(|| {
        Error::invalid(
            field,
            "Năm phải là một số từ 1800 đến 2199, ví dụ 2021.",
            "A year must be a number from 1800 to 2199, such as 2021.",
        )
    })
}

/// The days of the calendar years between two fields; open on a side whose field is absent. `None` if the last year is
/// before the first.
///
/// # Errors
/// `Invalid` for the field of a year outside 1800 to 2199.
fn years(first: (&str, Option<i32>), last: (&str, Option<i32>)) -> Result<Option<Period>> {
    for (field, year) in [first, last] {
        year.map(|year| ensure_year(field, year)).transpose()?;
    }
    Ok(whole_years(first.1, last.1))
}

/// The day for which the unit of a yearly record is shown: the day that places it in the tree of that year, or today if
/// that day is in the future.
pub fn day_of_year(access: &Access, unit: UnitId, year: i32) -> Day {
    let day = access.reference_data().units().day_in_year(unit, year).or_else(|| Day::end_of_year(year));
    day.map_or(access.today(), |day| day.min(access.today()))
}
