//! Training: programmes, and for each year a plan of the nation and of each province, with quotas and classes.

use fastrand::Rng;

use crate::{
    bundle::{Bundle, Table},
    draw::{day, one},
    land::{self, Land, NATION, Place},
};

/// Years with plans.
const YEARS: std::ops::RangeInclusive<i32> = 2022..=2026;
/// Years whose classes have ended.
const COMPLETED_YEARS: std::ops::RangeInclusive<i32> = 2022..=2024;
/// Number of classes of a programme in a province and year.
const CLASSES: u32 = 5;

const PROGRAMMES: [[&str; 5]; 4] = [
    ["LLCT_TC", "Trung cấp lý luận chính trị", "TRAINING", "POLITICAL_THEORY", "INTERMEDIATE"],
    ["QLNN_CV", "Bồi dưỡng quản lý nhà nước ngạch chuyên viên", "REFRESHER", "STATE_MANAGEMENT", "SPECIALIST"],
    ["QPAN_4", "Bồi dưỡng kiến thức quốc phòng và an ninh đối tượng 4", "REFRESHER", "DEFENCE_SECURITY", "GROUP_4"],
    ["CMNV", "Bồi dưỡng chuyên môn nghiệp vụ", "REFRESHER", "JOB_SKILLS", ""],
];

/// Writes programmes, plans, quotas and classes.
pub fn write(land: &Land, rng: &mut Rng, bundle: &mut Bundle) -> csv::Result<()> {
    PROGRAMMES.into_iter().try_for_each(|programme| bundle.add(Table::Programmes, programme))?;
    for year in YEARS {
        let provinces: Vec<String> = (1..=land.provinces).map(land::province).collect();
        plan(NATION, year, &provinces, (2_000, rng), bundle)?;
        for number in 1..=land.provinces {
            let units: Vec<String> = land::offices(number).map(|place| place.code).collect();
            plan(&land::province(number), year, &units, (20, rng), bundle)?;
        }
    }
    COMPLETED_YEARS
        .flat_map(|year| (1..=land.provinces).map(move |province| (year, province)))
        .try_for_each(|(year, province)| classes(year, province, rng, bundle))
}

/// The plan of a unit for a year. Each quota has at least `seats` seats and at most three times as many.
fn plan(of: &str, year: i32, units: &[String], (seats, rng): (u32, &mut Rng), bundle: &mut Bundle) -> csv::Result<()> {
    let (code, number) = (format!("K-{of}-{year}"), year.to_string());
    let (document, name) = (format!("{year}/KH-{of}"), format!("Kế hoạch đào tạo, bồi dưỡng năm {year}"));
    let status = if COMPLETED_YEARS.contains(&year) { "CLOSED" } else { "PUBLISHED" };
    bundle.add(Table::Plans, [&code, of, &number, &number, &document, &name, status])?;
    for unit in units {
        for [programme, ..] in PROGRAMMES {
            let seats = rng.u32(seats..=3 * seats).to_string();
            bundle.add(Table::Quotas, [&code, unit, programme, "", "TURNS", "EXACT", &seats, ""])?;
        }
    }
    Ok(())
}

fn classes(year: i32, province: u32, rng: &mut Rng, bundle: &mut Bundle) -> csv::Result<()> {
    let organiser = land::province(province);
    let plan = format!("K-{organiser}-{year}");
    for [programme, ..] in PROGRAMMES {
        for number in 1..=CLASSES {
            let code = class(province, year, programme, number);
            let start = day(year, rng.u32(1..=9), rng.u32(1..=28));
            let end = crate::draw::after(start, rng.u64(20..=90));
            let (intake, start, end) = (number.to_string(), start.to_string(), end.to_string());
            let status = if runs(year, programme, number) { "OPEN" } else { "CLOSED" };
            bundle.add(
                Table::Classes,
                [&code, &plan, programme, &organiser, &intake, "TRAINING", "PART_TIME", &start, &end, "", "", status],
            )?;
        }
    }
    Ok(())
}

/// Whether a class is still running: one class of each province is, so that there are learners without a result.
fn runs(year: i32, programme: &str, intake: u32) -> bool {
    (year, programme, intake) == (2024, "LLCT_TC", CLASSES)
}

fn class(province: u32, year: i32, programme: &str, intake: u32) -> String {
    format!("L-{}-{year}-{programme}-{intake}", land::province(province))
}

/// Writes the enrolment of a person in a class of the province of the person's unit.
pub fn enrol(cadre: &str, place: &Place, rng: &mut Rng, bundle: &mut Bundle) -> csv::Result<()> {
    let (year, [programme, ..]) = (rng.i32(COMPLETED_YEARS), PROGRAMMES[rng.usize(..PROGRAMMES.len())]);
    let intake = rng.u32(1..=CLASSES);
    let class = class(place.province, year, programme, intake);
    let grade = one(rng, &["AVERAGE", "GOOD", "GOOD", "VERY_GOOD", "EXCELLENT"]);
    let (result, grade) = if runs(year, programme, intake) { ("ATTENDING", "") } else { ("COMPLETED", grade) };
    bundle.add(Table::Enrolments, [cadre, &class, programme, &place.code, &year.to_string(), result, grade])
}
