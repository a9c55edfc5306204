//! Validation of texts, numbers and days in the inputs of commands.

use std::str::FromStr;

use entity::value::Day;

use crate::{
    domain::refusal::{Code, Refusal},
    text,
};

/// Maximum length of a document number, in characters.
pub(in crate::domain) const LONGEST_NUMBER: usize = 100;
/// Maximum length of a remark or reason, in characters.
pub(in crate::domain) const LONGEST_REMARK: usize = 2_000;

/// Validates a document number; normalised by `text::clean` and trimmed.
pub(in crate::domain) fn number(field: &str, text: &str) -> Result<String, Refusal> {
    words(field, text, LONGEST_NUMBER)
}

/// Validates an optional document number.
pub(in crate::domain) fn number_if(field: &str, text: Option<&str>) -> Result<Option<String>, Refusal> {
    text.map(|text| number(field, text)).transpose()
}

/// Validates a remark or reason.
pub(in crate::domain) fn remark(field: &str, text: &str) -> Result<String, Refusal> {
    words(field, text, LONGEST_REMARK)
}

/// Validates an optional remark.
pub(in crate::domain) fn remark_if(field: &str, text: Option<&str>) -> Result<Option<String>, Refusal> {
    text.map(|text| remark(field, text)).transpose()
}

/// Validates a text with a maximum length; normalised by `text::clean` and trimmed.
pub(in crate::domain) fn text(field: &str, text: &str, longest: usize) -> Result<String, Refusal> {
    words(field, text, longest)
}

/// Validates a code.
pub(in crate::domain) fn code<C: FromStr>(field: &str, text: &str) -> Result<C, Refusal> {
    text.parse().map_err(|_| {
        Refusal::input(
            Code::InvalidCode,
            field,
            "Mã phải có từ 1 đến 40 ký tự gồm chữ cái không dấu, chữ số, '.', '_', '-' hoặc '/', bắt đầu bằng chữ cái \
             hoặc chữ số; hãy sửa lại.",
            "A code must have 1 to 40 characters (ASCII letters, digits, '.', '_', '-' or '/') and begin with a letter \
             or digit; correct it.",
        )
    })
}

fn words(field: &str, text: &str, longest: usize) -> Result<String, Refusal> {
    let cleaned = text::clean(text);
    let words = cleaned.as_deref().unwrap_or_default().trim();
    let is_plain = !words.chars().any(|c| c.is_control() && c != '\n');
    if !words.is_empty() && words.chars().count() <= longest && is_plain {
        return Ok(words.to_owned());
    }
    Err(Refusal::input(
        Code::InvalidText,
        field,
        format!(
            "Nội dung phải có từ 1 đến {longest} ký tự, không có ký tự điều khiển hoặc ký tự bị hỏng (U+FFFD); hãy sửa \
             lại hoặc bỏ trường này."
        ),
        format!(
            "A text must have 1 to {longest} characters, and neither control characters nor replacement characters \
             (U+FFFD); correct it or omit the field."
        ),
    ))
}

/// Validates that a number is in a range, both ends inclusive.
pub(in crate::domain) fn between(field: &str, number: i32, (least, most): (i32, i32)) -> Result<i32, Refusal> {
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    Err(Refusal::input(
        Code::InvalidNumber,
        field,
        format!("Số {number} không nằm trong khoảng từ {least} đến {most}; hãy sửa lại."),
        format!("The number {number} is not between {least} and {most}; correct it."),
    ))
}

/// Validates that a day is today or earlier.
pub(in crate::domain) fn not_in_future(field: &str, day: Day, today: Day) -> Result<Day, Refusal> {
    if day <= today {
        return Ok(day);
    }
    Err(Refusal::input(
        Code::InvalidDay,
        field,
        format!("Ngày {day} chưa đến (hôm nay là {today}); hãy ghi nhận từ ngày đó trở đi."),
        format!("The day {day} is in the future (today is {today}); record it on that day or later."),
    ))
}

/// Validates that a day is not before another.
pub(in crate::domain) fn not_before(field: &str, day: Day, first: Day) -> Result<Day, Refusal> {
    if first <= day {
        return Ok(day);
    }
    Err(Refusal::input(
        Code::InvalidDay,
        field,
        format!("Ngày {day} không được trước ngày {first}; hãy chọn ngày {first} hoặc một ngày sau đó."),
        format!("The day {day} must not be before {first}; choose {first} or later."),
    ))
}

/// Validates that a day is after another.
pub(in crate::domain) fn later_than(field: &str, day: Day, other: Day) -> Result<Day, Refusal> {
    if other < day {
        return Ok(day);
    }
    Err(Refusal::input(
        Code::InvalidDay,
        field,
        format!("Ngày {day} phải sau ngày {other}; hãy chọn một ngày sau đó."),
        format!("The day {day} must be after {other}; choose a later one."),
    ))
}

/// Validates that a day is before another.
pub(in crate::domain) fn earlier_than(field: &str, day: Day, other: Day) -> Result<Day, Refusal> {
    if day < other {
        return Ok(day);
    }
    Err(Refusal::input(
        Code::InvalidDay,
        field,
        format!("Ngày {day} phải trước ngày {other}; hãy chọn một ngày trước đó."),
        format!("The day {day} must be before {other}; choose an earlier one."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_short_plain_and_in_nfc() {
        assert_eq!(number("n", " 12-Q\u{110}/TU ").as_deref(), Ok("12-QĐ/TU"));
        assert_eq!(remark("r", "e\u{302}\nb").as_deref(), Ok("ê\nb"));
        assert_eq!(number("n", "\u{FEFF}12\u{A0}-\u{200B}Q\u{D0}/TU\u{200B} ").as_deref(), Ok("12 -QĐ/TU"));
        assert_eq!(number_if("n", None), Ok(None));
        for bad in ["", "  ", "a\0b", "a\tb", "\u{200B}", "a\u{202E}b", "a\u{FFFD}b", &"x".repeat(LONGEST_NUMBER + 1)] {
            assert_eq!(number("n", bad).expect_err(bad).code(), Code::InvalidText);
        }
        assert!(remark("r", &"ở".repeat(LONGEST_REMARK)).is_ok());
    }

    #[test]
    fn numbers_must_lie_within_their_bounds() {
        for (number, good) in [(0, false), (1, true), (9, true), (10, false)] {
            assert_eq!(between("n", number, (1, 9)).is_ok(), good, "{number}");
        }
    }

    #[test]
    fn days_must_lie_within_their_bounds() {
        let day = |text: &str| -> Day { text.parse().expect("a day") };
        let (yesterday, today) = (day("2026-05-31"), day("2026-06-01"));
        for (held, good) in [
            (not_in_future("d", today, today), true),
            (not_in_future("d", today, yesterday), false),
            (not_before("d", today, today), true),
            (not_before("d", yesterday, today), false),
            (later_than("d", today, yesterday), true),
            (later_than("d", today, today), false),
            (earlier_than("d", yesterday, today), true),
            (earlier_than("d", today, today), false),
        ] {
            assert_eq!(held.is_ok(), good, "{held:?}");
        }
    }
}
