//! Messages of checks, and what they must not reveal.

use super::*;

#[test]
fn a_sentence_names_the_rule_and_the_solution() {
    let rules = shipped();
    let rotation = rotation::Model { planned_end_on: Some(day("2026-07-01")), ..from("2025-07-01") };
    let term = check(&rules, &rotation, &civil_servant(), RuleKey::MinTerm).sentence;
    assert_eq!(
        term.vi,
        "Nghị định 170/2025/NĐ-CP, Điều 48: thời hạn luân chuyển ngắn hơn mức tối thiểu 36 tháng; lùi ngày kết thúc \
         hoặc ghi nhận ngoại lệ, nêu lý do và cơ quan cho phép."
    );
    assert_eq!(
        term.en,
        "Nghị định 170/2025/NĐ-CP, Điều 48: the term is shorter than the minimum of 36 months; choose a later end, or \
         record an override with its reason and the authority that granted it."
    );
    let unverified = check(&rules, &rotation, &person(Category::Cadre, Gender::Male, ""), RuleKey::MinTerm).sentence;
    assert_eq!(
        unverified.en,
        "Quy định 65-QĐ/TW: a value has not been compared with the text of its legal instrument, so the check neither \
         passes nor fails; if the recorded values are right, the term is shorter than the minimum of 36 months."
    );
    let none = check(&rules, &from("2000-01-01"), &civil_servant(), RuleKey::MinTerm).sentence;
    assert_eq!(none.en, "No rule on the minimum term of a rotation applies to this case on the start day.");
}

#[test]
fn without_access_to_the_service_a_check_is_equal_for_every_day_of_birth() {
    let rules = shipped();
    let checks = |category, birth: &str, start: &str| {
        judge(&rules, &Facts::of(&from(start), &person(category, Gender::Male, birth)), &[])
    };
    let births = ["", "1958-01-01", "1962-01-31", "1965-02-28", "1990-01-01", "2000-12-31"];
    // A verified rule, one that was not compared with its instrument, and a day on which none is in force.
    for (category, start, expected) in [
        (Category::CivilServant, "2023-02-01", (Indeterminate, true, true)),
        (Category::Cadre, "2023-02-01", (Indeterminate, false, true)),
        (Category::CivilServant, "2026-02-01", (NotApplicable, false, false)),
    ] {
        let first = checks(category, births[0], start);
        for birth in births {
            assert_eq!(checks(category, birth, start), first, "{category:?} {start} {birth}");
        }
        let of_service = first.iter().find(|check| check.key == RuleKey::MinRemainingService).expect("a check");
        assert_eq!((of_service.result, of_service.verified, of_service.is_withheld), expected, "{category:?} {start}");
        let stops = usize::from(of_service.is_withheld && of_service.verified);
        assert_eq!(withheld(&first).count(), stops, "one that was not verified refuses nothing");
    }
    let all = |birth| {
        let cadre = person(Category::CivilServant, Gender::Male, birth);
        judge(&rules, &facts(&from("2023-02-01"), &cadre, &rules), &[])
    };
    assert_ne!(all("1962-01-31"), all("1990-01-01"), "the control");
}

#[test]
fn no_sentence_depends_on_the_age_of_a_person() {
    let rules = shipped();
    let messages = |birth: &str, start: &str| {
        let cadre = person(Category::CivilServant, Gender::Male, birth);
        check(&rules, &from(start), &cadre, RuleKey::MinRemainingService).sentence
    };
    // Some fail and some pass, at any age: the messages reveal nothing else.
    let (fails, passes) = (messages("1970-01-01", "2023-02-01"), messages("1990-01-01", "2023-02-01"));
    for birth in ["1962-01-31", "1965-02-28", "1969-12-31"] {
        assert_eq!(messages(birth, "2023-02-01"), fails, "{birth}");
    }
    for birth in ["1972-01-01", "1980-02-29", "2000-12-31"] {
        assert_eq!(messages(birth, "2023-02-01"), passes, "{birth}");
    }
    assert_ne!(fails, passes, "the control");
    let cadre = person(Category::CivilServant, Gender::Male, "1970-01-01");
    let printed = format!("{:?}", facts(&from("2023-02-01"), &cadre, &rules));
    assert!(printed.contains("category: CivilServant, service: Some(RetirementOutlook(sealed)) }"), "{printed}");
}
