//! A person: facts, posts, rotations and qualifications.

use chrono::{Datelike, NaiveDate};
use fastrand::Rng;

use crate::{
    bundle::{Bundle, Table},
    draw::{after, between, day, last_day, one, percent},
    land::{Land, MEMBER, Place},
    training,
};

const FAMILY_NAMES: [&str; 16] = [
    "Nguyễn", "Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Trần", "Lê", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Lò",
    "Giàng", "Quàng",
];
const MIDDLE_NAMES: [&str; 12] =
    ["Văn", "Thị", "Đức", "Hữu", "Minh", "Ngọc", "Quốc", "Thanh", "Thu", "Xuân", "Hồng", "Anh"];
const GIVEN_NAMES: [&str; 32] = [
    "An", "Ân", "Bình", "Bích", "Cường", "Chi", "Dũng", "Dung", "Đạt", "Điệp", "Giang", "Hà", "Hải", "Hạnh", "Hiếu",
    "Hoa", "Hùng", "Hương", "Khánh", "Lan", "Linh", "Long", "Mai", "Nam", "Nga", "Phong", "Quân", "Sơn", "Thảo",
    "Trang", "Tuấn", "Yến",
];
/// Institutions that award qualifications.
const INSTITUTIONS: [[&str; 2]; 4] = [
    ["DH1", "Trường Đại học Thử Nghiệm 1"],
    ["DH2", "Trường Đại học Thử Nghiệm 2"],
    ["TCT", "Trường Chính trị Thử Nghiệm"],
    ["HV", "Học viện Thử Nghiệm"],
];
const YEAR: u64 = 365;

/// Writes a person with all records; `number` starts from 1.
pub fn write(number: u32, land: &Land, rng: &mut Rng, bundle: &mut Bundle) -> csv::Result<()> {
    if number == 1 {
        INSTITUTIONS.into_iter().try_for_each(|institution| bundle.add(Table::Institutions, institution))?;
    }
    let code = format!("C{number:08}");
    let birth = after(day(1964, 1, 1), rng.u64(..34 * YEAR));
    let begin = after(birth, 22 * YEAR + 10 + rng.u64(..3 * YEAR));
    facts((number, &code), (birth, begin), rng, bundle)?;
    let place = career(&code, begin, (land.home(number), land), rng, bundle)?;
    qualifications(&code, (birth, begin), rng, bundle)?;
    if percent(rng, 30) {
        training::enrol(&code, &place, rng, bundle)?;
    }
    Ok(())
}

fn facts(
    (number, code): (u32, &str),
    (birth, begin): (NaiveDate, NaiveDate),
    rng: &mut Rng,
    bundle: &mut Bundle,
) -> csv::Result<()> {
    let national_id = format!("999{number:09}");
    let name = format!("{} {} {}", one(rng, &FAMILY_NAMES), one(rng, &MIDDLE_NAMES), one(rng, &GIVEN_NAMES));
    let gender = one(rng, &["MALE", "FEMALE"]);
    let party = after(begin, rng.u64(..6 * YEAR));
    let party = if percent(rng, 65) && party <= last_day() { party.to_string() } else { String::new() };
    let (birth, begin) = (birth.to_string(), begin.to_string());
    let ethnicity = one(rng, &["01", "01", "01", "02", "03", "04"]);
    let category = one(rng, &["CADRE", "CIVIL_SERVANT", "CIVIL_SERVANT"]);
    bundle.add(
        Table::Cadres,
        [code, &national_id, &name, gender, &birth, ethnicity, "97101", &begin, &party, category, "01.003", "ACTIVE"],
    )
}

/// Writes posts without a gap from the first day of service on. Some end with a rotation, others with a promotion in
/// the same unit. Returns the unit of the last post.
fn career(
    code: &str,
    begin: NaiveDate,
    (home, land): (u32, &Land),
    rng: &mut Rng,
    bundle: &mut Bundle,
) -> csv::Result<Place> {
    let promotions = u32::from(percent(rng, 28));
    let rotations = [0, 1, 2][usize::from(percent(rng, 27)) + usize::from(percent(rng, 3))];
    let days = change_days(begin, promotions + rotations, rng);
    let mut place = land.place(home, rng);
    let mut start = begin;
    for (at, &next) in (0..).zip(&days) {
        post(code, &place, (start, Some(next)), rng, bundle)?;
        if at >= promotions {
            let to = destination(&place, (home, land), rng);
            let last = days.get(at as usize + 1).copied().unwrap_or(NaiveDate::MAX);
            rotation(code, (&place, &to), (next, last), rng, bundle)?;
            place = to;
        }
        start = next;
    }
    post(code, &place, (start, None), rng, bundle)?;
    if percent(rng, 4) {
        let start = start.to_string();
        bundle.add(Table::Posts, [code, &place.code, MEMBER, &start, "", "false"])?;
    }
    Ok(place)
}

/// Days on which the post changes: this number of different days between the first day of service and the last day of
/// history, sorted.
fn change_days(begin: NaiveDate, number: u32, rng: &mut Rng) -> Vec<NaiveDate> {
    let part = between(begin, last_day()) / u64::from(number + 1);
    (1..=u64::from(number)).map(|at| after(begin, at * part - rng.u64(..part / 2))).collect()
}

fn post(
    code: &str,
    place: &Place,
    (start, end): (NaiveDate, Option<NaiveDate>),
    rng: &mut Rng,
    bundle: &mut Bundle,
) -> csv::Result<()> {
    let titles = place.office.titles();
    let title = match rng.u32(..100) {
        0..2 => titles[0],
        2..5 => titles[1],
        5..20 => titles[2],
        _ => titles[3],
    };
    let end = end.map(|day| day.to_string()).unwrap_or_default();
    bundle.add(Table::Posts, [code, &place.code, title, &start.to_string(), &end, "true"])
}

/// Another unit, usually in the home province.
fn destination(from: &Place, (home, land): (u32, &Land), rng: &mut Rng) -> Place {
    loop {
        let province = if percent(rng, 90) { home } else { rng.u32(1..=land.provinces) };
        let to = land.place(province, rng);
        if to.code != from.code {
            return to;
        }
    }
}

/// A rotation lasts three years, or until the next one. A rotation that has not ended by the last day is recorded
/// without an end.
fn rotation(
    code: &str,
    (from, to): (&Place, &Place),
    (start, next): (NaiveDate, NaiveDate),
    rng: &mut Rng,
    bundle: &mut Bundle,
) -> csv::Result<()> {
    let form = one(rng, &["ROTATION", "ROTATION", "ROTATION", "TRANSFER", "SECONDMENT"]);
    let end = after(start, 3 * YEAR).min(next);
    let end = if end <= last_day() { end.to_string() } else { String::new() };
    let document = format!("{}/QĐ-{}", start.year(), rng.u32(1..10_000));
    bundle.add(Table::Rotations, [code, &from.code, &to.code, form, &start.to_string(), &end, &document])
}

/// Subjects other than professional education: the percentage of people with a level, and the possible levels.
const SUBJECTS: [(u32, &str, &[&str]); 7] = [
    (55, "POLITICAL_THEORY", &["ELEMENTARY"]),
    (38, "POLITICAL_THEORY", &["INTERMEDIATE", "INTERMEDIATE", "INTERMEDIATE", "ADVANCED"]),
    (60, "STATE_MANAGEMENT", &["OFFICER", "SPECIALIST", "SPECIALIST", "PRINCIPAL_SPECIALIST"]),
    (45, "FOREIGN_LANGUAGE", &["A2", "B1", "B1", "B2"]),
    (45, "INFORMATICS", &["BASIC", "BASIC", "ADVANCED"]),
    (30, "DEFENCE_SECURITY", &["GROUP_4", "GROUP_4", "GROUP_3"]),
    (10, "ETHNIC_LANGUAGE", &["CERTIFIED"]),
];

fn qualifications(
    code: &str,
    (birth, begin): (NaiveDate, NaiveDate),
    rng: &mut Rng,
    bundle: &mut Bundle,
) -> csv::Result<()> {
    let level = one(rng, &["INTERMEDIATE", "COLLEGE", "UNIVERSITY", "UNIVERSITY", "UNIVERSITY", "UNIVERSITY"]);
    let year = (birth.year() + 22).to_string();
    let school = INSTITUTIONS[rng.usize(..2)][0];
    bundle.add(Table::Qualifications, [code, "PROFESSIONAL", level, "7380101", school, "REGULAR", &year])?;
    if level == "UNIVERSITY" && percent(rng, 20) {
        let year = (begin.year() + 1).min(last_day().year()).to_string();
        bundle.add(Table::Qualifications, [code, "PROFESSIONAL", "MASTER", "8380101", school, "WORK_STUDY", &year])?;
    }
    let served = between(begin, last_day());
    for (share, subject, levels) in SUBJECTS {
        if percent(rng, share) {
            let (level, school) = (one(rng, levels), INSTITUTIONS[rng.usize(2..INSTITUTIONS.len())][0]);
            let granted = after(begin, rng.u64(..served)).to_string();
            bundle.add(Table::Qualifications, [code, subject, level, "", school, "PART_TIME", &granted])?;
        }
    }
    Ok(())
}
