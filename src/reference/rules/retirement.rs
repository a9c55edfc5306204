//! End of service: the retirement age (tuổi nghỉ hưu) by gender and year.

use std::cmp::Reverse;

use chrono::Datelike;
use entity::{
    retirement_age,
    value::{Day, Gender},
};

/// Retirement ages by gender and year; for the same year, an office's age takes precedence over a shipped one.
#[derive(Debug, Default)]
pub struct RetirementAges(Vec<retirement_age::Model>);

impl RetirementAges {
    /// Ages from their rows.
    pub(crate) fn of(mut rows: Vec<retirement_age::Model>) -> Self {
        rows.sort_by(|a, b| {
            let place = |age: &retirement_age::Model| (age.gender, age.valid_from, Reverse(age.origin));
            place(a).cmp(&place(b)).then_with(|| a.code.cmp(&b.code))
        });
        Self(rows)
    }

    /// All ages, by gender and year.
    pub fn all(&self) -> &[retirement_age::Model] {
        &self.0
    }

    /// Retirement age for a day of birth: the age of the year in which the person reaches it, which is the first age
    /// reached before the next one begins.
    pub fn age_of(&self, birth_on: Day, gender: Gender) -> Option<&retirement_age::Model> {
        let of_one_year = self.0.chunk_by(|a, b| (a.gender, a.valid_from) == (b.gender, b.valid_from));
        let mut ages = of_one_year.filter_map(|ages| ages.first()).filter(|age| age.gender == gender).peekable();
        while let Some(age) = ages.next() {
            let reached = day_of_age(birth_on, age)?;
            if ages.peek().is_none_or(|next| reached < next.valid_from) {
                return Some(age);
            }
        }
        None
    }
}

/// First day after the service of a person born on a day: service ends with the last day of the month in which the age
/// is reached (Decree 135/2020/NĐ-CP, Art. 3). `None` if no age is known or the day is outside the calendar.
pub fn retires_on(birth_on: Day, gender: Gender, ages: &RetirementAges) -> Option<Day> {
    let reached = day_of_age(birth_on, ages.age_of(birth_on, gender)?)?;
    Day::of(reached.0.year(), reached.0.month(), 1)?.plus_months(1)
}

fn day_of_age(birth_on: Day, age: &retirement_age::Model) -> Option<Day> {
    birth_on.plus_months(u32::try_from(age.age_months).ok()?)
}
