//! A calendar day.

use std::{fmt, str::FromStr};

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{Datelike, Months, NaiveDate};
use sea_orm::DeriveValueType;

/// The text is not a day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a day is written YYYY-MM-DD and lies between 1800 and 2199")]
pub struct InvalidDay;

/// A calendar day in Việt Nam, written `YYYY-MM-DD`, from 1800-01-01 to 2199-12-31.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, DeriveValueType)]
pub struct Day(pub NaiveDate);

impl Day {
    /// The day of a year, month and day of month; `None` if it does not exist.
    pub fn of(year: i32, month: u32, day: u32) -> Option<Self> {
        let day = NaiveDate::from_ymd_opt(year, month, day)?;
        (1800..2200).contains(&day.year()).then_some(Self(day))
    }

    /// The day after the calendar: in indexes the end of a period that has no end.
    pub fn after_calendar() -> Self {
        Self(NaiveDate::from_ymd_opt(2200, 1, 1).expect("the calendar ends with 2199"))
    }

    /// The day `months` months later, at most the last day of that month; `None` after the end of the calendar.
    pub fn plus_months(self, months: u32) -> Option<Self> {
        let day = self.0.checked_add_months(Months::new(months))?;
        Self::of(day.year(), day.month(), day.day())
    }

    /// The day before; `None` before the start of the calendar.
    pub fn before(self) -> Option<Self> {
        self.0.pred_opt().and_then(|day| Self::of(day.year(), day.month(), day.day()))
    }

    /// The day after; `None` after the end of the calendar.
    pub fn after(self) -> Option<Self> {
        self.0.succ_opt().and_then(|day| Self::of(day.year(), day.month(), day.day()))
    }

    /// Calendar year of the day.
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// Formats the day as `YYYY-MM-DD` into a buffer. Responses contain many days, and this is several times cheaper
    /// than a format string.
    pub(super) fn format_into(self, into: &mut [u8; 10]) -> &str {
        let (year, month, day) = (self.0.year().unsigned_abs(), self.0.month(), self.0.day());
        let digits = [year / 1000, year / 100, year / 10, year, 0, month / 10, month, 0, day / 10, day];
        *into = digits.map(|digit| b'0' + (digit % 10) as u8);
        (into[4], into[7]) = (b'-', b'-');
        std::str::from_utf8(into).expect("digits")
    }

    /// 31 December of the year.
    pub fn end_of_year(year: i32) -> Option<Self> {
        Self::of(year, 12, 31)
    }
}

// Some primary keys contain a day, so the trait is required; no database generates one.
impl sea_orm::TryFromU64 for Day {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("Day"))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.format_into(&mut [0; 10]))
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.format_into(&mut [0; 10]))
    }
}

impl<'de> serde::Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let bytes = text.as_bytes();
        let is_well_formed = bytes.len() == 10
            && bytes
                .iter()
                .enumerate()
                .all(|(at, byte)| if matches!(at, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() });
        if !is_well_formed {
            return Err(InvalidDay);
        }
        let number = |range: std::ops::Range<usize>| text[range].parse::<u32>().map_err(|_| InvalidDay);
        let year = i32::try_from(number(0..4)?).map_err(|_| InvalidDay)?;
        Self::of(year, number(5..7)?, number(8..10)?).ok_or(InvalidDay)
    }
}

/// A calendar day in Việt Nam, `YYYY-MM-DD`.
#[Scalar(name = "Date", specified_by_url = "https://scalars.graphql.org/andimarek/local-date")]
impl ScalarType for Day {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => text.parse().map_err(InputValueError::custom),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_spelling() {
        assert_eq!("2024-02-29".parse(), Ok(Day::of(2024, 2, 29).expect("a leap day")));
        for good in ["1800-01-01", "2024-02-29", "2199-12-31"] {
            assert_eq!(good.parse::<Day>().map(|day| day.to_string()).as_deref(), Ok(good));
        }
        for bad in [
            "2023-02-29",
            "2024-2-29",
            "24-02-29",
            "2024-02-29 ",
            "2024/02/29",
            "0000-00-00",
            "1799-12-31",
            "２０２４-02-29",
        ] {
            assert_eq!(bad.parse::<Day>(), Err(InvalidDay), "{bad}");
        }
    }
}
