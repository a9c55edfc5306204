//! Yearly duties (chế độ bồi dưỡng bắt buộc): who has done the training that an instrument requires every year.

pub mod commands;
mod compliance;
mod condition;
mod judge;

pub use compliance::{Asked, Compliance, comply};
pub use condition::DutyCondition;
pub use judge::{DutyResult, IndeterminateReason, Outcome, judge};

use std::collections::HashMap;

use crate::{
    authz::{Access, AuthorizedCadreId},
    domain::filter::ensure_short,
    error::{Error, Result},
    reference::duties::{Duty, DutyYear, YearState},
};

/// A duty with its result for a person.
pub type PersonDuty = (Duty, Outcome);

/// Results of persons in a year for all duties that are in force on all of its days, by the code of the duty.
///
/// # Errors
/// `Forbidden` without `training:read`.
pub async fn of_persons(
    access: &Access,
    persons: &[AuthorizedCadreId],
    year: DutyYear,
) -> Result<HashMap<AuthorizedCadreId, Vec<PersonDuty>>> {
    let mut results: HashMap<AuthorizedCadreId, Vec<PersonDuty>> = HashMap::new();
    for duty in access.reference_data().duties().all() {
        let state = year.state(duty.row());
        if state == YearState::NotInForce {
            continue;
        }
        for (person, facts) in access.training()?.duty_records(duty, year).facts(persons).await? {
            results.entry(person).or_default().push((duty.clone(), judge(duty.row(), state, facts)));
        }
    }
    Ok(results)
}

/// Checks the codes of duties that a client named.
///
/// # Errors
/// `Invalid` if one is unknown, or if there are too many.
pub fn ensure_known(access: &Access, field: &str, codes: &[String]) -> Result<()> {
    ensure_short(field, codes.len())?;
    codes.iter().try_for_each(|code| named(access, field, code).map(drop))
}

/// The duty with a code that a client named.
///
/// # Errors
/// `Invalid` if there is none.
fn named<'a>(access: &'a Access, field: &str, code: &str) -> Result<&'a Duty> {
    access.reference_data().duties().find(code).ok_or_else(|| {
        Error::invalid(
            field,
            "Mã chế độ không tồn tại; xem các mã tại `duties`.",
            "There is no duty with this code; see the codes under `duties`.",
        )
    })
}

/// A year that a client named.
///
/// # Errors
/// `Invalid` if it has not begun or is outside the calendar.
pub fn year(access: &Access, field: &str, year: i32) -> Result<DutyYear> {
    DutyYear::of(year, access.today()).ok_or_else(|| {
        let this = access.today().year();
        Error::invalid(
            field,
            format!("Năm phải từ 1800 đến {this}: năm chưa bắt đầu thì chưa có kết quả."),
            format!("The year must be from 1800 to {this}: a year that has not begun has no results."),
        )
    })
}
