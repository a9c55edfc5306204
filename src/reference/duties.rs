//! Duties (chế độ bồi dưỡng bắt buộc) with the programmes that count for them, and the years to which they apply.

use std::collections::BTreeSet;

use entity::{
    duty, duty_programme,
    value::{Day, DutyCode, ProgrammeCode, UnitId},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::error::Result;

/// All duties, by code.
#[derive(Debug, Default)]
pub struct Duties(Vec<Duty>);

/// A duty with the programmes that count for it. Only this module creates values, so a value is proof that the duty is
/// recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    row: duty::Model,
    programmes: BTreeSet<ProgrammeCode>,
}

impl Duty {
    /// The duty with a code, as it is recorded now, which may be newer than the duties in memory.
    pub(crate) async fn read(connection: &impl ConnectionTrait, code: &DutyCode) -> Result<Option<Self>> {
        let Some(row) = duty::Entity::find_by_id(code.clone()).one(connection).await? else { return Ok(None) };
        let programmes = duty_programme::Entity::find().filter(duty_programme::Column::DutyCode.eq(code.clone()));
        let programmes = programmes.all(connection).await?.into_iter().map(|of| of.programme_code).collect();
        Ok(Some(Self { row, programmes }))
    }

    /// Row of the duty.
    pub fn row(&self) -> &duty::Model {
        &self.row
    }

    /// Unit that issued it; `None` for the whole country.
    pub fn issuer(&self) -> Option<UnitId> {
        self.row.issuer_unit_id
    }

    /// Programmes that count, by code; all programmes count if there are none.
    pub fn programmes(&self) -> &BTreeSet<ProgrammeCode> {
        &self.programmes
    }
}

impl Duties {
    /// Reads all duties.
    pub(crate) async fn load(connection: &impl ConnectionTrait) -> Result<Self> {
        let rows = duty::Entity::find().all(connection).await?;
        let programmes = duty_programme::Entity::find().all(connection).await?;
        let mut duties: Vec<_> = rows.into_iter().map(|row| Duty { row, programmes: BTreeSet::new() }).collect();
        duties.sort_unstable_by(|one, other| one.row.code.cmp(&other.row.code));
        for duty_programme::Model { duty_code, programme_code } in programmes {
            if let Ok(at) = duties.binary_search_by(|duty| duty.row.code.cmp(&duty_code)) {
                duties[at].programmes.insert(programme_code);
            }
        }
        Ok(Self(duties))
    }

    /// All duties by code, in force or not.
    pub fn all(&self) -> &[Duty] {
        &self.0
    }

    /// Duty by code.
    pub fn find(&self, code: &str) -> Option<&Duty> {
        let at = self.0.binary_search_by(|duty| duty.row.code.as_str().cmp(code)).ok()?;
        self.0.get(at)
    }
}

/// State of a year for a duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YearState {
    /// The duty is not in force on all days of the year.
    NotInForce,
    /// The duty is in force, and the year is not over.
    Running,
    /// The duty is in force, and the year is over.
    Over,
}

/// A calendar year for duties. Its last day is the deadline, in Việt Nam.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DutyYear {
    /// 1 January.
    pub first: Day,
    /// 31 December, inclusive.
    pub last: Day,
    /// Day by which units and posts are determined: the last day of the year; today in the current year.
    pub counted_on: Day,
    is_over: bool,
}

impl DutyYear {
    /// A year as of today; `None` if it has not begun or is outside the calendar.
    pub fn of(year: i32, today: Day) -> Option<Self> {
        let (first, last) = (Day::of(year, 1, 1)?, Day::end_of_year(year)?);
        let is_over = last < today;
        (first <= today).then(|| Self { first, last, counted_on: Ord::min(last, today), is_over })
    }

    /// Calendar year.
    pub fn number(&self) -> i32 {
        self.first.year()
    }

    /// State of the year for a duty. A duty that begins or ends within the year does not apply to it.
    pub fn state(&self, duty: &duty::Model) -> YearState {
        match (is_in_force(duty, self.number()), self.is_over) {
            (false, _) => YearState::NotInForce,
            (true, false) => YearState::Running,
            (true, true) => YearState::Over,
        }
    }
}

/// Whether a duty is in force on all days of a year.
pub fn is_in_force(duty: &duty::Model, year: i32) -> bool {
    let days = Day::of(year, 1, 1).zip(Day::end_of_year(year));
    days.is_some_and(|(first, last)| duty.valid_from <= first && duty.valid_to.is_none_or(|end| last < end))
}

#[cfg(test)]
mod tests {
    use entity::sample;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn a_duty_applies_to_the_years_that_lie_wholly_within_its_days() {
        let duty =
            |from: &str, to: &str| duty::Model { valid_from: day(from), valid_to: to.parse().ok(), ..sample::duty() };
        let today = day("2026-06-01");
        for (from, to, year, state) in [
            ("2017-10-21", "2021-12-10", 2017, YearState::NotInForce),
            ("2017-10-21", "2021-12-10", 2018, YearState::Over),
            ("2017-10-21", "2021-12-10", 2020, YearState::Over),
            // Abolished within the year.
            ("2017-10-21", "2021-12-10", 2021, YearState::NotInForce),
            ("2022-01-01", "2023-01-01", 2022, YearState::Over),
            ("2022-01-02", "2023-01-01", 2022, YearState::NotInForce),
            ("2022-01-01", "2022-12-31", 2022, YearState::NotInForce),
            ("2022-01-01", "", 2025, YearState::Over),
            ("2022-01-01", "", 2026, YearState::Running),
            ("2026-02-01", "", 2026, YearState::NotInForce),
        ] {
            let year_of = DutyYear::of(year, today).expect("a year that has begun");
            assert_eq!(year_of.state(&duty(from, to)), state, "{from} {to} {year}");
        }
    }

    #[test]
    fn the_deadline_is_the_last_day_of_the_year() {
        let year = |today: &str| DutyYear::of(2025, day(today));
        let state = |today: &str| year(today).map(|year| year.state(&sample::duty()));
        assert_eq!(state("2024-12-31"), None, "the year has not begun");
        assert_eq!(state("2025-01-01"), Some(YearState::Running));
        assert_eq!(state("2025-12-31"), Some(YearState::Running));
        assert_eq!(state("2026-01-01"), Some(YearState::Over));
        let counted_on = |today: &str| year(today).map(|year| year.counted_on);
        assert_eq!(counted_on("2025-07-15"), Some(day("2025-07-15")));
        assert_eq!(counted_on("2026-07-15"), Some(day("2025-12-31")));
        assert_eq!(DutyYear::of(1799, day("2026-01-01")), None);
    }
}
