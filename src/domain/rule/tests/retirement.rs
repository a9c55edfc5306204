//! End of service, compared with the annex of Decree 135/2020/NĐ-CP.

use super::*;

fn ages() -> RetirementAges {
    RetirementAges::of(lists::file_retirement_ages().unwrap())
}

/// Cases of Decree 135/2020/NĐ-CP, Art. 3, Art. 4 and its first annex.
#[test]
fn service_ends_with_the_month_in_which_the_age_is_reached() {
    use Gender::{Female, Male};
    let ages = ages();
    for (gender, birth, age_months, after) in [
        // Before the decree.
        (Male, "1960-12-01", 720, "2021-01-01"),
        (Male, "1960-12-31", 720, "2021-01-01"),
        (Female, "1965-12-31", 660, "2021-01-01"),
        (Male, "1935-06-15", 720, "1995-07-01"),
        // The steps for men: each last and first month of the annex.
        (Male, "1961-01-01", 723, "2021-05-01"),
        (Male, "1961-09-30", 723, "2022-01-01"),
        (Male, "1961-10-01", 726, "2022-05-01"),
        (Male, "1962-06-30", 726, "2023-01-01"),
        (Male, "1962-07-01", 729, "2023-05-01"),
        (Male, "1963-03-31", 729, "2024-01-01"),
        (Male, "1963-04-01", 732, "2024-05-01"),
        (Male, "1963-12-31", 732, "2025-01-01"),
        (Male, "1964-01-01", 735, "2025-05-01"),
        (Male, "1964-09-30", 735, "2026-01-01"),
        (Male, "1964-10-01", 738, "2026-05-01"),
        (Male, "1965-06-30", 738, "2027-01-01"),
        (Male, "1965-07-01", 741, "2027-05-01"),
        (Male, "1966-03-31", 741, "2028-01-01"),
        (Male, "1966-04-01", 744, "2028-05-01"),
        (Male, "1990-12-31", 744, "2053-01-01"),
        // The steps for women.
        (Female, "1966-01-01", 664, "2021-06-01"),
        (Female, "1966-08-31", 664, "2022-01-01"),
        (Female, "1966-09-01", 668, "2022-06-01"),
        (Female, "1967-04-30", 668, "2023-01-01"),
        (Female, "1967-05-01", 672, "2023-06-01"),
        (Female, "1968-01-01", 676, "2024-06-01"),
        (Female, "1968-09-01", 680, "2025-06-01"),
        (Female, "1969-05-01", 684, "2026-06-01"),
        (Female, "1970-01-01", 688, "2027-06-01"),
        (Female, "1970-09-01", 692, "2028-06-01"),
        (Female, "1971-05-01", 696, "2029-06-01"),
        (Female, "1972-01-01", 700, "2030-06-01"),
        (Female, "1972-09-01", 704, "2031-06-01"),
        (Female, "1973-05-01", 708, "2032-06-01"),
        (Female, "1974-01-01", 712, "2033-06-01"),
        (Female, "1974-09-01", 716, "2034-06-01"),
        (Female, "1975-04-30", 716, "2035-01-01"),
        (Female, "1975-05-01", 720, "2035-06-01"),
        // Leap days and shorter months.
        (Male, "1964-02-29", 735, "2025-06-01"),
        (Male, "1968-02-29", 744, "2030-03-01"),
        (Female, "1972-02-29", 700, "2030-07-01"),
        (Male, "1962-08-31", 729, "2023-06-01"),
        (Female, "1966-10-31", 668, "2022-07-01"),
    ] {
        let age = ages.age_of(day(birth), gender).map(|age| age.age_months);
        assert_eq!(age, Some(age_months), "{gender} {birth}");
        assert_eq!(retires_on(day(birth), gender, &ages), some_day(after), "{gender} {birth}");
    }
    assert_eq!(retires_on(day("1970-01-01"), Male, &RetirementAges::default()), None);
    assert_eq!(retires_on(day("2150-01-01"), Male, &ages), None, "beyond the calendar");
}

#[test]
fn an_age_of_an_office_goes_before_a_shipped_one_of_its_year() {
    let mut rows = lists::file_retirement_ages().unwrap();
    let of_2028 = rows.iter().find(|age| age.code.as_str() == "VN-ND135-MALE-2028").expect("shipped").clone();
    let own = retirement_age::Model {
        code: "A-2028".parse().unwrap(),
        age_months: 750,
        origin: RuleOrigin::Office,
        ..of_2028
    };
    for place in [0, rows.len()] {
        rows.insert(place, own.clone());
        let ages = RetirementAges::of(rows.clone());
        assert_eq!(ages.age_of(day("1980-01-01"), Gender::Male), Some(&own));
        rows.remove(place);
    }
    assert_eq!(ages().age_of(day("1980-01-01"), Gender::Male).map(|age| age.age_months), Some(744), "the control");
}
