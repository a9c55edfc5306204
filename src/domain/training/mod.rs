//! Training (đào tạo, bồi dưỡng): plans, quotas, classes, enrolments, and how far a plan has been carried out.

pub mod act;
pub mod class;
pub mod enrolment;
pub mod plan;
pub mod progress;
pub mod quota;
pub mod session;
pub mod stage;
pub mod usage;

use entity::value::Day;

use crate::{
    domain::access::Access,
    error::{Error, Result},
};

/// The day whose tree of units a year is asked by: its 31 December.
///
/// # Errors
/// `Invalid` naming the field for a year outside 1800 to 2199.
fn end_of_year(field: &str, year: i32) -> Result<Day> {
    Day::end_of_year(year).ok_or_else(|| {
        Error::invalid(
            field,
            "Năm là một số từ 1800 đến 2199, chẳng hạn 2021.",
            "A year is a number from 1800 to 2199, such as 2021.",
        )
    })
}

/// The day on which a unit is shown that something of a year names: 31 December, or today while that is to come.
pub fn day_of_year(access: &Access, year: i32) -> Day {
    Day::end_of_year(year).map_or(access.today(), |end| end.min(access.today()))
}
