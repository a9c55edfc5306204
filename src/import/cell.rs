//! Parses the cells of a record into values. A message shows the text of a cell only if the module `shown` permits it.

use std::{borrow::Cow, str::FromStr};

use csv::ByteRecord;
use entity::value::{Day, PartialDate};
use sea_orm::{ActiveEnum, Iterable};

use super::{
    encoding::{Encoding, Legacy},
    finding::{FindingCode, Findings, Place},
    header::Header,
    plausibility,
    shown::shown,
};
use crate::{
    language::Sentence,
    text::{self, Unfit, closest},
};

/// Longest free text, in characters.
const LONGEST_TEXT: usize = 500;
/// Largest accepted count.
const LARGEST: i32 = 100_000_000;
/// Longest code, the same limit as for all codes.
const LONGEST_CODE: usize = 40;

/// Encoding faults found in a file so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    /// The guessed encoding of the file, if its first bytes are not UTF-8.
    pub encoding: Option<Encoding>,
    /// Whether a cell that is not UTF-8 has been reported.
    pub is_reported: bool,
}

/// The cells of one record, read in the order of `COLUMNS`.
pub(super) struct Cells<'a, 'f> {
    header: &'a Header,
    record: &'a ByteRecord,
    line: u64,
    findings: &'f mut Findings,
    next: usize,
}

/// Reads a cell that is not empty.
pub(super) type Parse<T> = fn(&str) -> Result<T, Problem>;

/// Why a cell cannot be read.
#[derive(Debug)]
pub(super) struct Problem {
    sentence: Sentence,
    /// The value that the cell most likely means.
    suggestion: Option<String>,
}

impl From<Sentence> for Problem {
    fn from(sentence: Sentence) -> Self {
        Self { sentence, suggestion: None }
    }
}

impl Problem {
    /// A word that is not in a closed set.
    pub fn not_among(text: &str, words: &[&str]) -> Self {
        let all = words.join(", ");
        let sentence = Sentence::new(format!("phải là một trong: {all}"), format!("must be one of: {all}"));
        Self { sentence, suggestion: closest(text, words.iter().copied()).map(str::to_owned) }
    }

    /// Message to the user, with the value if it may be shown.
    fn sentence(self, value: Option<&str>) -> Sentence {
        let Some(value) = value else { return self.sentence };
        let Sentence { vi, en } = self.sentence;
        let (mut vi, mut en) = (format!("«{value}»: {vi}"), format!("\"{value}\": {en}"));
        if let Some(suggestion) = self.suggestion {
            vi.push_str(&format!("; giá trị gần giống: {suggestion}"));
            en.push_str(&format!("; did you mean {suggestion}?"));
        }
        Sentence::new(vi, en)
    }
}

impl<'a, 'f> Cells<'a, 'f> {
    pub fn new(header: &'a Header, record: &'a ByteRecord, line: u64, findings: &'f mut Findings) -> Self {
        Self { header, record, line, findings, next: 0 }
    }

    /// Whether the record has as many fields as the header and all of them are UTF-8 without NUL. Only the first bad
    /// cell of a file is reported, because all of them have the same cause.
    pub fn are_whole(&mut self, faults: &mut Faults) -> bool {
        let (expected, found) = (self.header.places.iter().flatten().count(), self.record.len());
        if found != expected {
            let place = Place { line: Some(self.line), column: None };
            self.findings.note(self.header.file, place, FindingCode::BadRecord, || {
                Sentence::new(
                    format!(
                        "bản ghi có {found} trường nhưng dòng tiêu đề có {expected}; hãy kiểm tra dấu phẩy và dấu ngoặc \
                         kép"
                    ),
                    format!(
                        "the record has {found} fields, but the header has {expected}; check commas and quotation marks"
                    ),
                )
            });
            return false;
        }
        let bytes = self.record.as_slice();
        if !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok() && self.ends_on_characters() {
            return true;
        }
        let bad = |at: usize| Some((at, self.field(at).and_then(first_bad_character)?));
        if let (false, Some((at, character))) = (faults.is_reported, (0..self.header.places.len()).find_map(bad)) {
            faults.is_reported = true;
            let encoding = faults.encoding.unwrap_or_else(|| Encoding::of(bytes));
            self.note(at, FindingCode::BadEncoding, || bad_encoding(character, encoding));
        }
        false
    }

    /// Each field is checked alone: the text of all fields together would hide a character split between two fields.
    fn ends_on_characters(&self) -> bool {
        self.record.iter().all(|field| field.first().is_none_or(|byte| byte & 0xC0 != 0x80))
    }

    /// The value of a required cell.
    pub fn required<T>(&mut self, column: &str, parse: Parse<T>) -> Option<T> {
        let (at, text) = self.take(column);
        if text.is_empty() {
            self.missing(at);
            return None;
        }
        if self.is_no_value(at, text) {
            return None;
        }
        self.parse(at, text, parse)
    }

    /// The value of an optional cell; the outer `None` means that it could not be read.
    pub fn optional<T>(&mut self, column: &str, parse: Parse<T>) -> Option<Option<T>> {
        let (at, text) = self.take(column);
        if text.is_empty() {
            return Some(None);
        }
        if self.is_no_value(at, text) {
            return None;
        }
        self.parse(at, text, parse).map(Some)
    }

    /// A name or other required free text.
    pub fn name(&mut self, column: &str) -> Option<String> {
        let name = self.text(column)?;
        if name.is_none() {
            self.missing(self.next - 1);
        }
        name
    }

    /// Free text, cleaned, trimmed and in NFC, with a warning if it was not; the outer `None` means that it could not
    /// be read.
    pub fn text(&mut self, column: &str) -> Option<Option<String>> {
        let (at, raw) = self.take(column);
        if self.is_no_value(at, raw) {
            return None;
        }
        if let Some(legacy) = Legacy::of(raw) {
            self.note(at, FindingCode::GarbledText, || legacy.sentence());
            return None;
        }
        let cleaned = match text::clean(raw) {
            Ok(cleaned) => cleaned,
            Err(unfit) => {
                self.note(at, FindingCode::GarbledText, || unfit_sentence(unfit));
                return None;
            }
        };
        let trimmed = cleaned.trim();
        if cleaned != text::nfc(raw) {
            self.note(at, FindingCode::TextCleaned, text_cleaned);
        } else if trimmed.len() != cleaned.len() {
            self.note(at, FindingCode::TextTrimmed, text_trimmed);
        }
        if trimmed.is_empty() {
            return Some(None);
        }
        if matches!(text::nfc(raw), Cow::Owned(_)) {
            self.note(at, FindingCode::TextNotNfc, text_not_nfc);
        }
        self.parse(at, trimmed, plain_text).map(Some)
    }

    /// Whether the cell contains the error value of a spreadsheet or the null value of a database, which is then
    /// reported.
    fn is_no_value(&mut self, at: usize, text: &str) -> bool {
        let Some(word) = no_value(text.trim()) else { return false };
        self.note(at, FindingCode::NotAValue, || {
            Sentence::new(
                format!(
                    "{word} không phải là giá trị; nếu không có dữ liệu, hãy để trống ô; nếu là lỗi công thức, hãy sửa \
                     bảng tính"
                ),
                format!("{word} is not a value; leave the cell empty if there is none, or correct the formula"),
            )
        });
        true
    }

    fn take(&mut self, column: &str) -> (usize, &'a str) {
        let at = self.next;
        self.next += 1;
        debug_assert_eq!(self.header.column(column), self.header.at(at));
        let bytes = self.field(at).unwrap_or_default();
        (at, std::str::from_utf8(bytes).unwrap_or_default())
    }

    /// The cell of the column at an index of `COLUMNS`; `None` if the file lacks the column.
    fn field(&self, at: usize) -> Option<&'a [u8]> {
        self.record.get(self.header.places[at]?)
    }

    fn parse<T>(&mut self, at: usize, text: &str, parse: Parse<T>) -> Option<T> {
        match parse(text) {
            Ok(value) => Some(value),
            Err(_) if text.trim() != text => {
                self.note(at, FindingCode::BadValue, || {
                    Sentence::new(
                        "ô có khoảng trắng ở đầu hoặc cuối; hãy xóa khoảng trắng đó",
                        "the cell has white space at the beginning or the end; remove it",
                    )
                });
                None
            }
            Err(_) if text::clean(text).is_ok_and(|cleaned| matches!(cleaned, Cow::Owned(_))) => {
                self.note(at, FindingCode::BadValue, || {
                    Sentence::new(
                        "ô có ký tự không nhìn thấy được hoặc ký tự không chuẩn (ví dụ khoảng trắng đặc biệt); hãy gõ \
                         lại",
                        "the cell has invisible or unusual characters, such as special blanks; type the value again",
                    )
                });
                None
            }
            Err(problem) => {
                let column = self.header.at(at).map_or("", |column| column.name);
                let value = shown(self.header.file, column, text);
                self.note(at, FindingCode::BadValue, || problem.sentence(value));
                None
            }
        }
    }

    fn missing(&mut self, at: usize) {
        self.note(at, FindingCode::MissingValue, || {
            Sentence::new("ô này không được để trống", "this cell must not be empty")
        });
    }

    /// Reports a finding about the column at an index of `COLUMNS`.
    fn note(&mut self, at: usize, code: FindingCode, sentence: impl FnOnce() -> Sentence) {
        let column = self.header.at(at);
        self.findings.note(self.header.file, Place { line: Some(self.line), column }, code, sentence);
    }

    /// Reports an interval that ends before it starts; `column` contains its last day or year.
    pub fn backward_interval(&mut self, column: &str) {
        self.header.note(self.findings, (self.line, column), FindingCode::EmptyInterval, || {
            Sentence::new(
                "thời điểm kết thúc trước thời điểm bắt đầu (ngày cuối, năm cuối được tính); hãy sửa một trong hai",
                "the interval ends before it starts (the last day or year is inclusive); correct one of the two",
            )
        });
    }

    /// Reports an empty interval; `column` contains its end.
    pub fn empty_interval(&mut self, column: &str) {
        self.header.note(self.findings, (self.line, column), FindingCode::EmptyInterval, || {
            Sentence::new(
                "ngày kết thúc trước hoặc trùng với ngày bắt đầu (ngày kết thúc không được tính); hãy sửa một trong hai \
                 ngày",
                "the interval ends before or on the day it starts (the end is exclusive); correct one of the two days",
            )
        });
    }
}

/// The position, from 1, of the first character that is not UTF-8 or is a NUL.
fn first_bad_character(field: &[u8]) -> Option<usize> {
    let valid = match std::str::from_utf8(field) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&field[..error.valid_up_to()]).unwrap_or_default(),
    };
    match valid.chars().position(|c| c == '\0') {
        Some(at) => Some(at + 1),
        None => (valid.len() != field.len()).then(|| valid.chars().count() + 1),
    }
}

fn bad_encoding(character: usize, encoding: Encoding) -> Sentence {
    let Sentence { vi, en } = encoding.sentence();
    Sentence::new(
        format!("từ ký tự thứ {character} của ô này, tệp không dùng bảng mã UTF-8 (hoặc có ký tự NUL); {vi}"),
        format!(
            "from character {character} of this cell on, the file is not UTF-8 (or contains a NUL character); {en}"
        ),
    )
}

fn text_trimmed() -> Sentence {
    Sentence::new(
        "có khoảng trắng ở đầu hoặc cuối; giá trị được lưu không có khoảng trắng này",
        "there is white space at the beginning or the end; the value is stored without it",
    )
}

fn text_cleaned() -> Sentence {
    Sentence::new(
        "có ký tự không nhìn thấy được, khoảng trắng đặc biệt hoặc lặp lại, hoặc chữ Đ không chuẩn; giá trị được chuẩn \
         hóa khi lưu",
        "the text has invisible characters, special or repeated blanks, or a look-alike of Đ; it is stored with \
         standard characters",
    )
}

fn text_not_nfc() -> Sentence {
    Sentence::new(
        "chữ chưa ở dạng Unicode dựng sẵn (NFC); giá trị được chuyển sang NFC khi lưu",
        "the text is not in composed Unicode (NFC); it is stored in NFC",
    )
}

fn unfit_sentence(unfit: Unfit) -> Sentence {
    let (vi, en) = match unfit {
        Unfit::Direction => (
            "có ký tự điều khiển hướng viết; hãy xóa ký tự đó",
            "a control character changes the direction of writing; remove it",
        ),
        Unfit::Lost => (
            "có ký tự bị mất khi chuyển bảng mã (U+FFFD); hãy lấy lại nội dung từ tệp gốc",
            "a character was lost in a conversion (U+FFFD); copy the text from the original file",
        ),
    };
    Sentence::new(vi, en)
}

/// Recognises the error values of spreadsheets and the null values of databases.
fn no_value(text: &str) -> Option<&'static str> {
    const ERRORS: [&str; 11] = [
        "#REF!",
        "#N/A",
        "#NAME?",
        "#VALUE!",
        "#DIV/0!",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
        "#GETTING_DATA",
        "Err:",
    ];
    const WORDS: [&str; 5] = ["NULL", "(null)", "\\N", "NaN", "undefined"];
    let error = ERRORS.into_iter().find(|error| text.starts_with(error));
    error.or_else(|| WORDS.into_iter().find(|word| text.eq_ignore_ascii_case(word)))
}

/// A personal identity number. Error messages do not show it.
pub(super) fn national_id(text: &str) -> Result<String, Problem> {
    match plausibility::damage(text) {
        Some(damage) => Err(damage.sentence().into()),
        None => Ok(text.to_owned()),
    }
}

/// A business code.
pub(super) fn code<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| not_a_code().into())
}

/// A code that is looked up in a list later. Malformed text is returned as the inner `Err`: it is not in the list
/// either.
pub(super) fn listed_code<T: FromStr>(text: &str) -> Result<Result<T, String>, Problem> {
    Ok(text.parse().map_err(|_| text.to_owned()))
}

/// A code without a type in this program, such as a rank; stored as text.
pub(super) fn untyped_code(text: &str) -> Result<String, Problem> {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'));
    if plain && text.len() <= LONGEST_CODE { Ok(text.to_owned()) } else { Err(not_a_code().into()) }
}

fn not_a_code() -> Sentence {
    Sentence::new(
        "mã phải có từ 1 đến 40 ký tự gồm chữ cái không dấu, chữ số, '.', '_', '-' hoặc '/', bắt đầu bằng chữ cái hoặc \
         chữ số",
        "a code must have 1 to 40 characters (ASCII letters, digits, '.', '_', '-' or '/') and begin with a letter or \
         digit",
    )
}

/// A word of a closed set.
pub(super) fn word<T: ActiveEnum<Value = String> + Iterable>(text: &str) -> Result<T, Problem> {
    T::try_from_value(&text.to_owned()).map_err(|_| {
        let words: Vec<String> = T::iter().map(|word| word.to_value()).collect();
        Problem::not_among(text, &words.iter().map(String::as_str).collect::<Vec<_>>())
    })
}

/// A day.
pub(super) fn day(text: &str) -> Result<Day, Problem> {
    text.parse().map_err(|_| match day_first(text) {
        Some(suggestion) => day_first_problem(suggestion),
        None => Problem::from(Sentence::new(
            "ngày phải có trong lịch, từ năm 1800 đến năm 2199, và viết theo dạng YYYY-MM-DD",
            "a day must exist in the calendar, from 1800 to 2199, and be written as YYYY-MM-DD",
        )),
    })
}

/// A date that may lack the day or the month.
pub(super) fn date(text: &str) -> Result<PartialDate, Problem> {
    text.parse().map_err(|_| match day_first(text) {
        Some(suggestion) => day_first_problem(suggestion),
        None => Problem::from(Sentence::new(
            "thời điểm phải viết theo dạng YYYY, YYYY-MM hoặc YYYY-MM-DD",
            "a date must be written as YYYY, YYYY-MM or YYYY-MM-DD",
        )),
    })
}

/// Converts a Vietnamese date, day first, to the format of the bundle: `12/03/1975` becomes `1975-03-12`, and `03/1975`
/// becomes `1975-03`.
fn day_first(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.trim().split(['/', '-', '.', ' ']).collect();
    let is_number = |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !parts.iter().all(is_number) {
        return None;
    }
    let number = |part: &str| part.parse::<u32>().ok();
    let iso = match parts[..] {
        [day, month, year] if year.len() == 4 => {
            format!("{year}-{:02}-{:02}", number(month)?, number(day)?)
        }
        [year, month, day] if year.len() == 4 => {
            format!("{year}-{:02}-{:02}", number(month)?, number(day)?)
        }
        [month, year] if year.len() == 4 => format!("{year}-{:02}", number(month)?),
        _ => return None,
    };
    iso.parse::<PartialDate>().ok().map(|_| iso)
}

fn day_first_problem(suggestion: String) -> Problem {
    let sentence = Sentence::new(
        "ngày phải viết theo dạng YYYY-MM-DD (năm-tháng-ngày), ví dụ 2025-07-31, không viết 31/07/2025; trong Excel hãy \
         định dạng cột là Text",
        "a day must be written as YYYY-MM-DD, for example 2025-07-31, not 31/07/2025; in Excel, format the column as \
         Text",
    );
    Problem { sentence, suggestion: Some(suggestion) }
}

/// A calendar year.
pub(super) fn year(text: &str) -> Result<i32, Problem> {
    let year = if text.len() == 4 { number(text).ok() } else { None };
    year.filter(|year| (1800..2200).contains(year)).ok_or_else(|| {
        Sentence::new("năm phải viết bằng 4 chữ số, từ 1800 đến 2199", "a year must have 4 digits, from 1800 to 2199")
            .into()
    })
}

/// A count.
pub(super) fn number(text: &str) -> Result<i32, Problem> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|count| digits && (0..=LARGEST).contains(count)).ok_or_else(|| {
        Problem::from(Sentence::new(
            format!("phải là số nguyên từ 0 đến {LARGEST}"),
            format!("must be a whole number from 0 to {LARGEST}"),
        ))
    })
}

/// `true` or `false`.
pub(super) fn flag(text: &str) -> Result<bool, Problem> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Problem::not_among(text, &["true", "false"])),
    }
}

/// Free text on one line.
pub(super) fn plain_text(text: &str) -> Result<String, Problem> {
    let fits = text.len() <= LONGEST_TEXT || text.chars().count() <= LONGEST_TEXT;
    if fits && !text.chars().any(char::is_control) && text.trim() == text {
        return Ok(text.to_owned());
    }
    let sentence = Sentence::new(
        format!("phải là một dòng chữ không quá {LONGEST_TEXT} ký tự, không có ký tự điều khiển"),
        format!("must be one line of at most {LONGEST_TEXT} characters without control characters"),
    );
    Err(sentence.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_of_a_bad_character_is_found() {
        for (field, place) in [
            ("Đỗ".as_bytes(), None),
            (b"", None),
            ("Đ\0".as_bytes(), Some(2)),
            (b"H\xe0 N\xf4i", Some(2)),
            (b"\xff\xfea", Some(1)),
            ("ĐỗH".as_bytes().split_last().unwrap().1, None),
            (&"Đỗ".as_bytes()[..4], Some(2)),
        ] {
            assert_eq!(first_bad_character(field), place, "{field:?}");
        }
    }

    #[test]
    fn a_date_with_the_day_first_is_converted() {
        for (text, suggestion) in [
            ("12/03/1975", Some("1975-03-12")),
            ("2/3/1975", Some("1975-03-02")),
            ("12-03-1975", Some("1975-03-12")),
            ("12.03.1975", Some("1975-03-12")),
            ("1975/03/12", Some("1975-03-12")),
            ("1975-3-2", Some("1975-03-02")),
            ("06/2010", Some("2010-06")),
            ("13/2010", None),
            ("03/25/2020", None),
            ("31/02/2020", None),
            ("12/03/75", None),
            ("+1/+2/2020", None),
            ("hôm nay", None),
            ("", None),
        ] {
            assert_eq!(day_first(text).as_deref(), suggestion, "{text}");
        }
    }

    #[test]
    fn a_flag_has_two_spellings() {
        assert_eq!((flag("true").ok(), flag("false").ok()), (Some(true), Some(false)));
        for bad in ["True", "1", "0", "yes", "TRUE", " true"] {
            assert!(flag(bad).is_err(), "{bad}");
        }
    }
}
