//! A date that may lack the day or the month.

use std::{fmt, str::FromStr};

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::Months;
use sea_orm::DeriveValueType;

use super::Day;

/// The text is not a partial date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a partial date is written YYYY, YYYY-MM or YYYY-MM-DD")]
pub struct InvalidPartialDate;

/// A date as recorded in an old document: a day, a month of a year, or only a year. Unknown parts are not invented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
#[sea_orm(value_type = "String")]
pub enum PartialDate {
    /// Only the year is known.
    Year(i32),
    /// Year and month are known.
    Month(i32, u32),
    /// The day is known.
    Day(Day),
}

impl PartialDate {
    /// The first day by which the event has certainly happened, inclusive: a diploma of 1993 counts from 1993-12-31.
    pub fn counts_from(self) -> Day {
        let last_of_month = |year, month| {
            let first = Day::of(year, month, 1)?;
            (first.0 + Months::new(1)).pred_opt().map(Day)
        };
        match self {
            Self::Year(year) => last_of_month(year, 12),
            Self::Month(year, month) => last_of_month(year, month),
            Self::Day(day) => Some(day),
        }
        .expect("the parser let through only months of the calendar")
    }

    /// Formats the known parts of the date into a buffer.
    fn format_into(self, into: &mut [u8; 10]) -> &str {
        let (first, known) = match self {
            Self::Year(year) => (Day::of(year, 1, 1), 4),
            Self::Month(year, month) => (Day::of(year, month, 1), 7),
            Self::Day(day) => (Some(day), 10),
        };
        &first.expect("the parser let through only months of the calendar").format_into(into)[..known]
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.format_into(&mut [0; 10]))
    }
}

impl serde::Serialize for PartialDate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.format_into(&mut [0; 10]))
    }
}

impl FromStr for PartialDate {
    type Err = InvalidPartialDate;

    fn from_str(text: &str) -> Result<Self, InvalidPartialDate> {
        // Completed to a full day, so that one parser validates years and months.
        let known = text.len();
        if !matches!(known, 4 | 7 | 10) {
            return Err(InvalidPartialDate);
        }
        let mut filled = *b"0000-01-01";
        filled[..known].copy_from_slice(text.as_bytes());
        let filled = std::str::from_utf8(&filled).map_err(|_| InvalidPartialDate)?;
        let day: Day = filled.parse().map_err(|_| InvalidPartialDate)?;
        let (year, month) = (chrono::Datelike::year(&day.0), chrono::Datelike::month(&day.0));
        Ok(match known {
            4 => Self::Year(year),
            7 => Self::Month(year, month),
            _ => Self::Day(day),
        })
    }
}

/// A date as precise as recorded: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
#[Scalar(name = "PartialDate", specified_by_url = "https://www.loc.gov/standards/datetime/")]
impl ScalarType for PartialDate {
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
    fn a_partial_date_counts_from_its_last_possible_day() {
        for (text, from) in [
            ("1993", "1993-12-31"),
            ("2024-02", "2024-02-29"),
            ("2023-02", "2023-02-28"),
            ("2014-12", "2014-12-31"),
            ("2014-06-01", "2014-06-01"),
        ] {
            let date: PartialDate = text.parse().expect(text);
            assert_eq!(date.to_string(), text);
            assert_eq!(date.counts_from().to_string(), from);
        }
        for bad in ["", "93", "1993-13", "1993-00", "1993-1", "1993-02-30", "19931231", "abcd"] {
            assert_eq!(bad.parse::<PartialDate>(), Err(InvalidPartialDate), "{bad}");
        }
    }
}
