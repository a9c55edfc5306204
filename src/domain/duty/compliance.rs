//! Compliance with a duty (kết quả thực hiện chế độ): persons of a unit by their result in a year.

use entity::value::{Day, Scope, UnitId};
use serde::Serialize;

use crate::{
    authz::{Access, ReachedUnits, Statistics},
    domain::{
        duty::{
            judge::{DutyResult, judge},
            named, year,
        },
        percent::{decimals, percent},
        unit::below,
    },
    error::Result,
    reference::{
        duties::{Duty, DutyYear, YearState},
        units::Reach,
    },
};

/// Arguments of a compliance.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Unit to count.
    pub unit: UnitId,
    /// Code of the duty.
    pub code: String,
    /// Calendar year.
    pub year: i32,
    /// The unit alone or its subtree.
    pub reach: Reach,
    /// Decimals of the percentage, 0 to 6.
    pub decimals: i32,
}

/// Persons of a unit by their result.
#[derive(Clone, Debug)]
pub struct Compliance {
    /// The duty.
    pub duty: Duty,
    /// Calendar year.
    pub year: i32,
    /// Day by which units and posts were determined.
    pub counted_on: Day,
    /// Persons whom the duty binds.
    pub bound: u64,
    /// Persons who did it.
    pub done: u64,
    /// Persons who did a part.
    pub partly: u64,
    /// Persons who did nothing.
    pub not_done: u64,
    /// Exempt persons.
    pub exempt: u64,
    /// Persons whose result is not certain.
    pub indeterminate: u64,
    /// Learners of classes that count, recorded as a number without names.
    pub unnamed_learners: u64,
    /// Whether the numbers are rounded to multiples of five.
    pub is_rounded: bool,
    decimals: u32,
}

impl Compliance {
    /// Persons whom the duty binds, without the exempt ones.
    fn obliged(&self) -> u64 {
        self.bound.saturating_sub(self.exempt)
    }

    /// Persons who did it in percent of the bound persons without an exemption, rounded once, half up; `None` if there
    /// are none.
    pub fn percent(&self) -> Option<f64> {
        let obliged = self.obliged();
        (obliged > 0).then(|| percent(Ord::min(self.done, obliged), obliged, self.decimals))
    }

    /// Whether the share of those who did it reaches the norm, compared without rounding. `None` if no person
    /// is obliged, if the uncertain results could change it, or if the numbers are rounded.
    pub fn meets_norm(&self) -> Option<bool> {
        let obliged = self.obliged();
        if obliged == 0 || self.is_rounded {
            return None;
        }
        let norm = u64::try_from(self.duty.row().norm_percent).unwrap_or(0);
        let reaches = |done: u64| u128::from(done) * 100 >= u128::from(norm) * u128::from(obliged);
        match (reaches(self.done), reaches(self.done + self.indeterminate)) {
            (true, _) => Some(true),
            (false, false) => Some(false),
            (false, true) => None,
        }
    }

    fn add(&mut self, result: DutyResult, persons: u64) {
        let count = match result {
            DutyResult::Done => &mut self.done,
            DutyResult::Partly => &mut self.partly,
            DutyResult::NotDone => &mut self.not_done,
            DutyResult::Exempt => &mut self.exempt,
            DutyResult::Indeterminate => &mut self.indeterminate,
            DutyResult::NotApplicable => return,
        };
        *count += persons;
        self.bound += persons;
    }
}

/// The counted cell that a number belongs to.
#[derive(Serialize)]
struct Cell<'a> {
    /// Fingerprint of the units.
    duty_of: &'a str,
    duty: &'a str,
    year: i32,
    /// `None` for all bound persons.
    result: Option<&'a str>,
}

/// Compliance of a unit with a duty in a year. A person counts once: in the unit of the primary post on the last day of
/// the year. A unit out of reach gives zero. For callers with only `stats:read`, numbers are rounded and need not add
/// up.
///
/// # Errors
/// `Forbidden` without `training:read` and `stats:read`; `Invalid` for an unknown duty, a year that has not begun, or
/// decimals outside 0 to 6.
pub async fn comply(access: &Access, asked: &Asked) -> Result<Compliance> {
    let statistics = access.statistics(Scope::TrainingRead, "DutyCompliance")?;
    let decimals = decimals(asked.decimals)?;
    let duty = named(access, "code", &asked.code)?;
    let year = year(access, "year", asked.year)?;
    let mut compliance = Compliance {
        duty: duty.clone(),
        year: asked.year,
        counted_on: year.counted_on,
        bound: 0,
        done: 0,
        partly: 0,
        not_done: 0,
        exempt: 0,
        indeterminate: 0,
        unnamed_learners: 0,
        is_rounded: statistics.is_rounded(),
        decimals,
    };
    let state = year.state(duty.row());
    // The visible part of a unit must not be reported as the whole.
    if state == YearState::NotInForce || !access.reaches(asked.unit) {
        return Ok(compliance);
    }
    let units = below(access, asked.unit, asked.reach, year.counted_on);
    compliance.count(&statistics, (duty, year, state), &units).await?;
    compliance.show(&statistics, &units);
    Ok(compliance)
}

impl Compliance {
    async fn count(
        &mut self,
        statistics: &Statistics<'_>,
        (duty, year, state): (&Duty, DutyYear, YearState),
        units: &ReachedUnits,
    ) -> Result<()> {
        let records = statistics.duty_records(duty, year);
        for (facts, persons) in records.counted(units).await? {
            self.add(judge(duty.row(), state, facts).result, persons);
        }
        self.unnamed_learners = records.unnamed_learners(units).await?;
        Ok(())
    }

    /// Rounds each count for the caller.
    fn show(&mut self, statistics: &Statistics<'_>, units: &ReachedUnits) {
        if !statistics.is_rounded() {
            return;
        }
        let (duty_of, year) = (units.fingerprint(), self.year);
        let duty = self.duty.row().code.clone();
        for (result, count) in [
            (None, &mut self.bound),
            (Some("DONE"), &mut self.done),
            (Some("PARTLY"), &mut self.partly),
            (Some("NOT_DONE"), &mut self.not_done),
            (Some("EXEMPT"), &mut self.exempt),
            (Some("INDETERMINATE"), &mut self.indeterminate),
        ] {
            *count = statistics.shown(&Cell { duty_of: &duty_of, duty: duty.as_str(), year, result }, *count);
        }
    }
}
