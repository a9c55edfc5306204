//! Plausibility checks of a person's facts: pure functions. Doubts are warnings, because historical records are
//! accepted as they are.

use chrono::{Datelike, Months};
use entity::value::{BirthDate, Day, Gender, PartialDate};

use crate::language::Sentence;

/// Doubt about a personal identity number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdDoubt {
    /// Its fourth digit belongs to the other gender, or to another century of birth.
    GenderOrCentury,
    /// Its fifth and sixth digits are not the year of birth.
    BirthYear,
    /// Another row of the bundle has it.
    RepeatedInBundle,
    /// Another person in the database has it.
    RepeatedInDatabase,
}

impl IdDoubt {
    pub fn sentence(self) -> Sentence {
        let (vi, en) = match self {
            Self::GenderOrCentury => (
                "chữ số thứ 4 của số định danh không khớp với giới tính hoặc thế kỷ sinh; hãy kiểm tra lại",
                "the fourth digit of the identity number does not match the gender or the century of birth; check them",
            ),
            Self::BirthYear => (
                "chữ số thứ 5 và 6 của số định danh không khớp với năm sinh; hãy kiểm tra lại",
                "the fifth and sixth digits of the identity number do not match the year of birth; check them",
            ),
            Self::RepeatedInBundle => (
                "số định danh đã có ở một dòng trước trong tệp; hãy kiểm tra cả hai dòng",
                "an earlier row of the file has the same identity number; check both rows",
            ),
            Self::RepeatedInDatabase => (
                "số định danh trùng với số của người khác trong cơ sở dữ liệu; hãy kiểm tra lại",
                "another person in the database has the same identity number; check it",
            ),
        };
        Sentence::new(vi, en)
    }
}

/// How an identity number was damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdDamage {
    /// Excel converted it to a number, with an exponent or a decimal point.
    Number,
    /// Leading zeros are missing.
    LeadingZeros,
    /// It is the nine-digit number of an old identity card.
    OldCard,
    /// It begins with an apostrophe.
    Apostrophe,
    /// Its digits are not ASCII.
    OtherDigits,
    /// Anything else.
    Shape,
}

impl IdDamage {
    pub fn sentence(self) -> Sentence {
        let (vi, en) = match self {
            Self::Number => (
                "Excel đã đổi số định danh thành kiểu số nên mất chữ số; hãy định dạng cột là Text rồi nhập lại đủ 12 \
                 chữ số",
                "Excel converted the identity number to a number and lost digits; format the column as Text and enter \
                 all 12 digits again",
            ),
            Self::LeadingZeros => (
                "số định danh thiếu chữ số, có thể do Excel đã bỏ số 0 ở đầu; hãy định dạng cột là Text rồi nhập lại đủ \
                 12 chữ số",
                "the identity number has too few digits, perhaps because Excel removed leading zeros; format the column \
                 as Text and enter all 12 digits again",
            ),
            Self::OldCard => (
                "đây là số chứng minh nhân dân cũ (9 chữ số); hãy ghi số định danh gồm 12 chữ số hoặc để trống ô",
                "this is the number of an old identity card (9 digits); enter the identity number of 12 digits or leave \
                 the cell empty",
            ),
            Self::Apostrophe => (
                "có dấu nháy đơn trước số định danh; hãy bỏ dấu này",
                "there is an apostrophe before the identity number; remove it",
            ),
            Self::OtherDigits => (
                "số định danh dùng chữ số của hệ chữ viết khác; hãy gõ lại bằng chữ số 0 đến 9",
                "the identity number has digits of another script; type it again with the digits 0 to 9",
            ),
            Self::Shape => ("số định danh phải có đúng 12 chữ số", "an identity number must have exactly 12 digits"),
        };
        Sentence::new(vi, en)
    }
}

/// How an identity number is damaged, if it is.
pub(super) fn damage(national_id: &str) -> Option<IdDamage> {
    if digits(national_id).is_some() {
        return None;
    }
    let plain = national_id.strip_prefix(['\'', '’', '‘', '`']).map(str::trim);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_digit = national_id.starts_with(|c: char| c.is_ascii_digit());
    Some(match national_id {
        _ if plain.is_some_and(is_digits) => IdDamage::Apostrophe,
        _ if is_digits(national_id) && national_id.len() == 9 => IdDamage::OldCard,
        _ if is_digits(national_id) && national_id.len() < 12 => IdDamage::LeadingZeros,
        _ if has_digit
            && !is_digits(national_id)
            && national_id.bytes().all(|byte| byte.is_ascii_digit() || b"eE+,.".contains(&byte)) =>
        {
            IdDamage::Number
        }
        _ if !national_id.is_ascii() && national_id.chars().all(char::is_numeric) => IdDamage::OtherDigits,
        _ => IdDamage::Shape,
    })
}

/// The 12 digits of an identity number as one number.
pub(super) fn digits(national_id: &str) -> Option<u64> {
    let is_well_formed = national_id.len() == 12 && national_id.bytes().all(|byte| byte.is_ascii_digit());
    if is_well_formed { national_id.parse().ok() } else { None }
}

/// Checks an identity number against the person (Nghị định 137/2015/NĐ-CP, Điều 13; Thông tư 07/2016/TT-BCA). It has no
/// check digit, and its first three digits may denote a province that no longer exists. Numbers that begin with 999 are
/// outside the scheme: they belong to invented people, and only their digits are checked.
pub(super) fn doubt_id(national_id: &str, gender: Gender, birth_on: Option<Day>) -> Option<IdDoubt> {
    let number = digits(national_id)?;
    if number / 1_000_000_000 == 999 {
        return None;
    }
    let (fourth, year) = (number / 100_000_000 % 10, number / 1_000_000 % 100);
    let of_gender = match gender {
        Gender::Male => 0,
        Gender::Female => 1,
    };
    let Some(birth_year) = birth_on.map(|day| day.0.year()) else {
        return (fourth % 2 != of_gender).then_some(IdDoubt::GenderOrCentury);
    };
    // 0 and 1 denote births from 1900 to 1999, 2 and 3 the next century; the 19th century has no digit.
    let of_century = u64::try_from(birth_year / 100 - 19).ok().map(|century| century * 2 + of_gender);
    if of_century != Some(fourth) {
        return Some(IdDoubt::GenderOrCentury);
    }
    (Some(year) != u64::try_from(birth_year % 100).ok()).then_some(IdDoubt::BirthYear)
}

/// Doubt about a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateDoubt {
    /// It lies in the future.
    Future,
    /// The person was not yet born.
    BeforeBirth,
    /// The person was under 18 when joining the Party.
    PartyUnder18,
    /// The person was under 18 when the post began.
    PostUnder18,
    /// The person was under 14 when the qualification was granted.
    GrantedUnder14,
}

impl DateDoubt {
    pub fn sentence(self) -> Sentence {
        let (vi, en) = match self {
            Self::Future => ("thời điểm ở tương lai; hãy kiểm tra lại", "the date is in the future; check it"),
            Self::BeforeBirth => (
                "ngày tuyển dụng trước hoặc trùng với ngày sinh; hãy kiểm tra lại",
                "the service began before or on the day of birth; check both days",
            ),
            Self::PartyUnder18 => (
                "vào Đảng khi chưa đủ 18 tuổi; hãy kiểm tra lại",
                "the person joined the Party under the age of 18; check the date",
            ),
            Self::PostUnder18 => (
                "giữ chức danh khi chưa đủ 18 tuổi; hãy kiểm tra lại",
                "the post began when the person was under the age of 18; check the day",
            ),
            Self::GrantedUnder14 => (
                "văn bằng được cấp khi chưa đủ 14 tuổi; hãy kiểm tra lại",
                "the qualification was granted when the person was under the age of 14; check the date",
            ),
        };
        Sentence::new(vi, en)
    }
}

/// The dates of a person.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dates {
    pub birth_on: Option<Day>,
    pub joined_service_on: Option<Day>,
    pub joined_party_on: Option<Day>,
}

/// Doubts about a person's dates, by column.
pub(super) fn doubt_dates(dates: Dates, today: Day) -> Vec<(&'static str, DateDoubt)> {
    let Dates { birth_on, joined_service_on, joined_party_on } = dates;
    let days = [("birth_on", birth_on), ("joined_service_on", joined_service_on), ("joined_party_on", joined_party_on)];
    let mut doubts: Vec<_> = days
        .into_iter()
        .filter(|(_, day)| day.is_some_and(|day| day > today))
        .map(|(column, _)| (column, DateDoubt::Future))
        .collect();
    if let (Some(birth), Some(joined)) = (birth_on, joined_service_on)
        && joined <= birth
    {
        doubts.push(("joined_service_on", DateDoubt::BeforeBirth));
    }
    if let (Some(birth), Some(joined)) = (birth_on, joined_party_on)
        && is_under(&BirthDate::seal(birth), 18, joined)
    {
        doubts.push(("joined_party_on", DateDoubt::PartyUnder18));
    }
    doubts
}

/// Doubt about the first day of a post.
pub(super) fn doubt_post(start_on: Day, birth_on: Option<&BirthDate>, today: Day) -> Option<DateDoubt> {
    if start_on > today {
        return Some(DateDoubt::Future);
    }
    birth_on.filter(|birth| is_under(birth, 18, start_on)).map(|_| DateDoubt::PostUnder18)
}

/// Doubt about the date of a qualification.
pub(super) fn doubt_grant(granted_on: PartialDate, birth_on: Option<&BirthDate>, today: Day) -> Option<DateDoubt> {
    if starts_after(granted_on, today) {
        return Some(DateDoubt::Future);
    }
    birth_on.filter(|birth| is_under(birth, 14, granted_on.counts_from())).map(|_| DateDoubt::GrantedUnder14)
}

/// Whether a person is under an age on a day. The age is subtracted from the day, so that the birth date stays sealed.
fn is_under(birth_on: &BirthDate, years: u32, day: Day) -> bool {
    let latest = Day(day.0 - Months::new(12 * years));
    *birth_on > BirthDate::seal(latest)
}

/// Whether the first day that a partial date can mean lies after a day.
fn starts_after(date: PartialDate, day: Day) -> bool {
    match date {
        PartialDate::Year(year) => year > day.0.year(),
        PartialDate::Month(year, month) => (year, month) > (day.0.year(), day.0.month()),
        PartialDate::Day(granted) => granted > day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect(text)
    }

    #[test]
    fn an_identity_number_is_compared_with_the_person() {
        use Gender::{Female, Male};
        for (number, gender, birth, doubt) in [
            ("000084000001", Male, "1984-05-01", None),
            ("000184000001", Female, "1984-05-01", None),
            ("000202000001", Male, "2002-05-01", None),
            ("000302000001", Female, "2002-05-01", None),
            ("000184000001", Male, "1984-05-01", Some(IdDoubt::GenderOrCentury)),
            ("000284000001", Male, "1984-05-01", Some(IdDoubt::GenderOrCentury)),
            ("000085000001", Male, "1984-05-01", Some(IdDoubt::BirthYear)),
            ("000085000001", Male, "", None),
            ("000185000001", Male, "", Some(IdDoubt::GenderOrCentury)),
            ("000099000001", Male, "1899-05-01", Some(IdDoubt::GenderOrCentury)),
            ("999000000001", Female, "1984-05-01", None),
        ] {
            assert_eq!(doubt_id(number, gender, birth.parse().ok()), doubt, "{number} {gender} {birth}");
        }
    }

    #[test]
    fn the_damage_of_an_identity_number_is_recognised() {
        use IdDamage::{Apostrophe, LeadingZeros, Number, OldCard, OtherDigits, Shape};
        for (number, damage_) in [
            ("999000000001", None),
            ("000084000001", None),
            ("99900000001", Some(LeadingZeros)),
            ("1", Some(LeadingZeros)),
            ("999000001", Some(OldCard)),
            ("9.99E+11", Some(Number)),
            ("9,99E+11", Some(Number)),
            ("999000000001.0", Some(Number)),
            ("999,000,000,001", Some(Number)),
            ("'999000000001", Some(Apostrophe)),
            ("’999000000001", Some(Apostrophe)),
            ("９９９００００００００１", Some(OtherDigits)),
            ("9990000000011", Some(Shape)),
            ("99900000000a", Some(Shape)),
            ("+99000000001", Some(Shape)),
            ("999 000 000 001", Some(Shape)),
            ("'", Some(Shape)),
            ("abc", Some(Shape)),
        ] {
            assert_eq!(damage(number), damage_, "{number}");
        }
    }

    #[test]
    fn dates_are_compared_with_the_day_of_birth_and_today() {
        use DateDoubt::{BeforeBirth, Future, PartyUnder18};
        for (birth, service, party, doubts) in [
            ("1980-03-01", "2002-01-01", "2005-01-01", vec![]),
            ("1980-03-01", "1980-03-01", "", vec![("joined_service_on", BeforeBirth)]),
            ("1980-03-01", "", "1998-02-28", vec![("joined_party_on", PartyUnder18)]),
            ("1980-03-01", "", "1998-03-01", vec![]),
            ("", "1900-01-01", "1900-01-01", vec![]),
            ("2030-01-01", "", "", vec![("birth_on", Future)]),
            ("1980-03-01", "2030-01-01", "", vec![("joined_service_on", Future)]),
        ] {
            let (birth_on, joined_service_on) = (birth.parse().ok(), service.parse().ok());
            let dates = Dates { birth_on, joined_service_on, joined_party_on: party.parse().ok() };
            assert_eq!(doubt_dates(dates, day("2026-06-01")), doubts, "{birth} {service} {party}");
        }
    }

    #[test]
    fn posts_require_an_age_of_eighteen_and_qualifications_of_fourteen() {
        let birth = BirthDate::seal(day("1980-06-15"));
        let today = day("2026-06-01");
        for (start, doubt) in [
            ("1998-06-14", Some(DateDoubt::PostUnder18)),
            ("1998-06-15", None),
            ("2026-06-01", None),
            ("2026-06-02", Some(DateDoubt::Future)),
        ] {
            assert_eq!(doubt_post(day(start), Some(&birth), today), doubt, "{start}");
        }
        for (granted, doubt) in [
            ("1993", Some(DateDoubt::GrantedUnder14)),
            ("1994", None),
            ("1994-05", Some(DateDoubt::GrantedUnder14)),
            ("1994-06", None),
            ("1994-06-14", Some(DateDoubt::GrantedUnder14)),
            ("2026", None),
            ("2026-06", None),
            ("2026-07", Some(DateDoubt::Future)),
            ("2027", Some(DateDoubt::Future)),
        ] {
            let date = granted.parse().expect(granted);
            assert_eq!(doubt_grant(date, Some(&birth), today), doubt, "{granted}");
        }
        assert_eq!(doubt_post(day("1900-01-01"), None, today), None);
    }
}
