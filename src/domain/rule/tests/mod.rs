//! Checks the rules with cases: the day before, the day, and the day after; and checks that protected facts are not
//! revealed.

mod force;
mod retirement;
mod said;

use entity::{
    cadre, retirement_age, rotation, rule, rule_override, sample,
    value::{
        BirthDate, Category, CountingBasis, Day, Gender, RotationForm, RotationId, RotationPurpose, RotationState,
        RuleKey, RuleOrigin, UnitId, Verification,
    },
};

use super::*;
use crate::{
    authz::RetirementOutlook,
    reference::{
        lists,
        rules::{Event, RetirementAges, Rules, retires_on},
    },
};
use RuleResult::{Fail, Indeterminate, NotApplicable, Pass};

fn day(text: &str) -> Day {
    text.parse().expect(text)
}

/// The day; `None` for an empty text.
fn some_day(text: &str) -> Option<Day> {
    (!text.is_empty()).then(|| day(text))
}

fn shipped() -> Rules {
    with(Vec::new())
}

/// The shipped rules and additional ones.
fn with(others: Vec<rule::Model>) -> Rules {
    let mut rows = lists::file_rules().unwrap();
    rows.extend(others);
    Rules::of(rows, lists::file_retirement_ages().unwrap())
}

/// A verified rule of an office for all moves from 2000 on.
fn office(code: &str, key: RuleKey, value: i32) -> rule::Model {
    rule::Model {
        code: code.parse().unwrap(),
        key,
        form: None,
        category: None,
        purpose: None,
        value,
        basis: CountingBasis::PerRotation,
        valid_from: day("2000-01-01"),
        valid_to: None,
        legal_basis: "Quy chế 1-QC/TU".to_owned(),
        verification: Verification::Verified,
        origin: RuleOrigin::Office,
    }
}

/// A prepared rotation from a day, without other values.
fn from(start: &str) -> rotation::Model {
    rotation::Model {
        start_on: day(start),
        state: RotationState::Draft,
        preparing_unit_id: Some(UnitId::new()),
        ..sample::rotation()
    }
}

fn person(category: Category, gender: Gender, birth: &str) -> cadre::Model {
    cadre::Model { gender, birth_on: some_day(birth).map(BirthDate::seal), category, ..sample::cadre() }
}

fn civil_servant() -> cadre::Model {
    person(Category::CivilServant, Gender::Male, "1985-05-15")
}

/// All facts, as for a caller that may read the person's identity.
fn facts<'a>(rotation: &'a rotation::Model, cadre: &cadre::Model, rules: &Rules) -> Facts<'a> {
    Facts::of(rotation, cadre).with_service(Some(RetirementOutlook::in_test(cadre, rules.retirement_ages())))
}

fn check(rules: &Rules, rotation: &rotation::Model, cadre: &cadre::Model, key: RuleKey) -> RuleCheck {
    let checks = judge(rules, &facts(rotation, cadre, rules), &[]);
    checks.into_iter().find(|check| check.key == key).expect("a check for each key")
}

#[test]
fn every_key_has_its_check_in_one_order() {
    let rules = shipped();
    let rotation = from("2025-07-01");
    let checks = judge(&rules, &facts(&rotation, &civil_servant(), &rules), &[]);
    let seen: Vec<_> =
        checks.iter().map(|check| (check.key.to_string(), check.result, check.legal_basis.as_str())).collect();
    let expected = [
        ("rotation.min_term_months", Indeterminate, "Nghị định 170/2025/NĐ-CP, Điều 48"),
        ("rotation.min_remaining_service_months", NotApplicable, ""),
        ("rotation.requires_planning_entry", Fail, "Quy định 65-QĐ/TW, Điều 1 khoản 2"),
        ("secondment.max_term_months", NotApplicable, ""),
    ];
    assert_eq!(seen, expected.map(|(key, result, law)| (key.to_owned(), result, law)));
}

#[test]
fn a_term_complies_from_the_last_day_of_its_months_on() {
    let rules = shipped();
    for (start, planned, end, expected) in [
        ("2025-07-01", "2028-06-30", "", Fail),
        ("2025-07-01", "2028-07-01", "", Pass),
        ("2025-07-01", "2028-07-02", "", Pass),
        // The actual end takes precedence over the planned end.
        ("2025-07-01", "2028-07-01", "2028-06-30", Fail),
        ("2025-07-01", "2028-06-30", "2028-07-01", Pass),
        ("2025-07-01", "", "2028-07-01", Pass),
        ("2025-07-01", "", "", Indeterminate),
        // A leap day and the ends of months.
        ("2028-02-29", "2031-02-27", "", Fail),
        ("2028-02-29", "2031-02-28", "", Pass),
        ("2028-02-29", "2031-03-01", "", Pass),
        ("2025-08-31", "2028-08-30", "", Fail),
        ("2025-08-31", "2028-08-31", "", Pass),
        ("2199-01-01", "2199-12-31", "", Indeterminate),
    ] {
        let rotation = rotation::Model { planned_end_on: some_day(planned), end_on: some_day(end), ..from(start) };
        let check = check(&rules, &rotation, &civil_servant(), RuleKey::MinTerm);
        assert_eq!(check.result, expected, "{start} {planned} {end}");
        assert!(check.verified, "{start}");
    }
}

#[test]
fn a_leap_day_counts_to_the_end_of_february() {
    // No shipped rule on the term is verified for 2024, so the test adds one of an office.
    let rules = with(vec![office("TERM", RuleKey::MinTerm, 36)]);
    for (end, expected) in [("2027-02-27", Fail), ("2027-02-28", Pass), ("2027-03-01", Pass)] {
        let rotation = rotation::Model { planned_end_on: Some(day(end)), ..from("2024-02-29") };
        assert_eq!(check(&rules, &rotation, &civil_servant(), RuleKey::MinTerm).result, expected, "{end}");
    }
}

#[test]
fn a_rotation_is_checked_by_the_rule_of_its_start_day() {
    use Category::{Cadre, CivilServant};
    use RuleKey::{MinRemainingService, MinTerm, RequiresPlanningEntry};
    let rules = shipped();
    for (key, category, start, expected, law) in [
        (MinTerm, Cadre, "2017-10-06", NotApplicable, ""),
        (MinTerm, Cadre, "2017-10-07", Indeterminate, "Quy định 98-QĐ/TW"),
        (MinTerm, Cadre, "2022-04-27", Indeterminate, "Quy định 98-QĐ/TW"),
        (MinTerm, Cadre, "2022-04-28", Indeterminate, "Quy định 65-QĐ/TW"),
        (MinTerm, Cadre, "2025-07-01", Indeterminate, "Quy định 65-QĐ/TW"),
        (MinTerm, CivilServant, "2025-06-30", NotApplicable, ""),
        (MinTerm, CivilServant, "2025-07-01", Fail, "Nghị định 170/2025/NĐ-CP, Điều 48"),
        (MinRemainingService, Cadre, "2022-04-27", Fail, "Quy định 98-QĐ/TW, Điều 5 khoản 3"),
        (MinRemainingService, Cadre, "2022-04-28", Indeterminate, "Quy định 65-QĐ/TW, Điều 5"),
        (MinRemainingService, CivilServant, "2020-11-30", NotApplicable, ""),
        (MinRemainingService, CivilServant, "2020-12-01", Fail, "Nghị định 138/2020/NĐ-CP, Điều 56 khoản 4 điểm a"),
        (MinRemainingService, CivilServant, "2025-06-30", Fail, "Nghị định 138/2020/NĐ-CP, Điều 56 khoản 4 điểm a"),
        (MinRemainingService, CivilServant, "2025-07-01", NotApplicable, ""),
        (RequiresPlanningEntry, Cadre, "2017-10-06", NotApplicable, ""),
        (RequiresPlanningEntry, Cadre, "2017-10-07", Fail, "Quy định 98-QĐ/TW, Điều 5 khoản 2"),
        (RequiresPlanningEntry, Cadre, "2022-04-28", Fail, "Quy định 65-QĐ/TW, Điều 1 khoản 2"),
        (RequiresPlanningEntry, CivilServant, "2020-11-30", Fail, "Quy định 98-QĐ/TW, Điều 5 khoản 2"),
        (RequiresPlanningEntry, CivilServant, "2020-12-01", Fail, "Nghị định 138/2020/NĐ-CP, Điều 56 khoản 2"),
        (RequiresPlanningEntry, CivilServant, "2025-07-01", Fail, "Quy định 65-QĐ/TW, Điều 1 khoản 2"),
    ] {
        // Two years for a person near retirement: too short and too late for every verified rule with a requirement.
        let end = day(start).plus_months(24);
        let rotation = rotation::Model { planned_end_on: end, to_title_code: "BT".parse().ok(), ..from(start) };
        let cadre = person(category, Gender::Male, "1967-05-15");
        let check = check(&rules, &rotation, &cadre, key);
        assert_eq!((check.result, check.legal_basis.as_str()), (expected, law), "{key} {category} {start}");
        assert_eq!(check.verified, matches!(expected, Pass | Fail), "{key} {category} {start}");
    }
}

#[test]
fn a_later_start_may_fall_under_another_rule() {
    // Proposed under one rule and started under the next: two years first comply, then are too short.
    let shorter = rule::Model { valid_from: day("2026-01-01"), ..office("SHORT", RuleKey::MinTerm, 24) };
    let shorter = rule::Model {
        form: Some(RotationForm::Rotation),
        category: Some(Category::CivilServant),
        valid_to: Some(day("2026-07-01")),
        ..shorter
    };
    let rules = with(vec![shorter]);
    for (start, end, expected, law) in [
        ("2025-06-30", "2027-06-30", NotApplicable, ""),
        ("2025-12-31", "2027-12-31", Fail, "Nghị định 170/2025/NĐ-CP, Điều 48"),
        ("2026-01-01", "2027-12-31", Fail, "Quy chế 1-QC/TU"),
        ("2026-01-01", "2028-01-01", Pass, "Quy chế 1-QC/TU"),
        ("2026-06-30", "2028-06-30", Pass, "Quy chế 1-QC/TU"),
        ("2026-07-01", "2028-07-01", Fail, "Nghị định 170/2025/NĐ-CP, Điều 48"),
    ] {
        let rotation =
            rotation::Model { proposed_on: Some(day("2025-05-01")), planned_end_on: Some(day(end)), ..from(start) };
        let check = check(&rules, &rotation, &civil_servant(), RuleKey::MinTerm);
        assert_eq!((check.result, check.legal_basis.as_str()), (expected, law), "{start} {end}");
    }
}

#[test]
fn a_term_on_one_title_needs_the_title() {
    let rules = with(vec![rule::Model { basis: CountingBasis::PerTitle, ..office("TITLE", RuleKey::MinTerm, 36) }]);
    for (title, end, expected) in
        [("", "2023-01-01", Indeterminate), ("BT", "2022-12-31", Fail), ("BT", "2023-01-01", Pass)]
    {
        let rotation =
            rotation::Model { to_title_code: title.parse().ok(), planned_end_on: Some(day(end)), ..from("2020-01-01") };
        assert_eq!(check(&rules, &rotation, &civil_servant(), RuleKey::MinTerm).result, expected, "{title} {end}");
    }
}

#[test]
fn service_must_last_as_long_as_the_purpose_requires() {
    use Gender::{Female, Male};
    use RotationPurpose::{Development, NonLocal, TwoTermLimit};
    let rules = shipped();
    for (gender, birth, purpose, start, expected) in [
        // Service ends with June 2031; the first day after is 2031-07-01.
        (Male, "1969-06-15", None, "2021-06-30", Pass),
        (Male, "1969-06-15", None, "2021-07-01", Pass),
        (Male, "1969-06-15", None, "2021-07-02", Fail),
        (Male, "1969-06-01", None, "2021-07-01", Pass),
        (Male, "1969-06-30", None, "2021-07-02", Fail),
        (Male, "1969-05-31", None, "2021-07-01", Fail),
        (Male, "1969-06-15", Some(Development), "2021-07-02", Fail),
        (Male, "1969-06-15", Some(NonLocal), "2021-07-02", Pass),
        (Male, "1964-06-15", Some(NonLocal), "2021-02-28", Fail),
        (Male, "1967-06-15", Some(TwoTermLimit), "2024-07-01", Pass),
        (Male, "1967-06-15", Some(TwoTermLimit), "2024-07-02", Fail),
        (Female, "1973-09-15", None, "2022-12-31", Fail),
        (Female, "1976-06-15", None, "2021-01-01", Pass),
        (Female, "", None, "2021-01-01", Indeterminate),
    ] {
        let rotation = rotation::Model { purpose, ..from(start) };
        let cadre = person(Category::CivilServant, gender, birth);
        let result = check(&rules, &rotation, &cadre, RuleKey::MinRemainingService).result;
        assert_eq!(result, expected, "{gender} {birth} {purpose:?} {start}");
    }
}

#[test]
fn with_an_unverified_age_a_check_is_indeterminate() {
    let rules = shipped();
    // Reached 60 in 2019, under an age that ships unverified.
    let cadre = person(Category::Cadre, Gender::Male, "1959-03-10");
    let check = check(&rules, &from("2018-01-01"), &cadre, RuleKey::MinRemainingService);
    assert_eq!((check.result, check.verified), (Indeterminate, false));
    assert_eq!(check.legal_basis, "Quy định 98-QĐ/TW, Điều 5 khoản 3");
}

#[test]
fn a_planning_entry_must_be_valid_on_the_start_day() {
    let rules = shipped();
    let asks_nothing = with(vec![rule::Model {
        category: Some(Category::CivilServant),
        form: Some(RotationForm::Rotation),
        ..office("NONE", RuleKey::RequiresPlanningEntry, 0)
    }]);
    for (imported, planning_from, planning_until, expected) in [
        (false, "2021-03-02", "", Fail),
        (false, "2021-03-01", "", Pass),
        (false, "2021-02-28", "", Pass),
        (false, "2020-01-01", "2021-03-01", Fail),
        (false, "2020-01-01", "2021-03-02", Pass),
        (false, "", "", Fail),
        (true, "", "", Indeterminate),
        (true, "2021-03-02", "", Fail),
        (true, "2021-03-01", "", Pass),
    ] {
        let mut rotation = rotation::Model {
            planning_from: some_day(planning_from),
            planning_until: some_day(planning_until),
            ..from("2021-03-01")
        };
        if imported {
            rotation.preparing_unit_id = None;
        }
        let result = |rules| check(rules, &rotation, &civil_servant(), RuleKey::RequiresPlanningEntry).result;
        assert_eq!(result(&rules), expected, "{imported} {planning_from} {planning_until}");
        assert_eq!(result(&asks_nothing), NotApplicable, "{imported} {planning_from} {planning_until}");
    }
}

#[test]
fn a_secondment_must_not_exceed_its_maximum_term() {
    use RotationForm::{Rotation, Secondment, Transfer};
    let rules = shipped();
    let for_all_forms = with(vec![office("ALL", RuleKey::MaxSecondmentTerm, 36)]);
    for (form, end, expected) in [
        (Secondment, "2028-06-30", Pass),
        (Secondment, "2028-07-01", Pass),
        (Secondment, "2028-07-02", Fail),
        (Secondment, "", Indeterminate),
        (Rotation, "2028-07-02", NotApplicable),
        (Transfer, "2028-07-02", NotApplicable),
    ] {
        let rotation = rotation::Model { form, planned_end_on: some_day(end), ..from("2025-07-01") };
        for rules in [&rules, &for_all_forms] {
            let check = check(rules, &rotation, &civil_servant(), RuleKey::MaxSecondmentTerm);
            assert_eq!(check.result, expected, "{form} {end}");
        }
        // Rules on rotations do not apply to other forms.
        let term = check(&rules, &rotation, &civil_servant(), RuleKey::MinTerm).result;
        assert_eq!(term == NotApplicable, form != Rotation, "{form} {end}");
    }
}

#[test]
fn an_overridden_rule_does_not_block_the_rotation() {
    let rules = shipped();
    let rotation = rotation::Model { planned_end_on: Some(day("2026-07-01")), ..from("2025-07-01") };
    let granted = rule_override::Model {
        rotation_id: rotation.id,
        key: RuleKey::MinTerm,
        reason: "Thiếu người đứng đầu".to_owned(),
        granted_by: "Ban Thường vụ Tỉnh ủy".to_owned(),
        granted_on: day("2025-06-15"),
        document_no: None,
    };
    let of_another = rule_override::Model { rotation_id: RotationId::new(), ..granted.clone() };
    let of_planning = rule_override::Model { key: RuleKey::RequiresPlanningEntry, ..granted.clone() };
    for (overrides, expected) in [
        (vec![], vec![RuleKey::MinTerm, RuleKey::RequiresPlanningEntry]),
        (vec![of_another], vec![RuleKey::MinTerm, RuleKey::RequiresPlanningEntry]),
        (vec![granted.clone()], vec![RuleKey::RequiresPlanningEntry]),
        (vec![granted.clone(), of_planning], vec![]),
    ] {
        let checks = judge(&rules, &facts(&rotation, &civil_servant(), &rules), &overrides);
        let blocked: Vec<_> = blocking(&checks).map(|check| check.key).collect();
        assert_eq!(blocked, expected, "{overrides:?}");
        assert_eq!(checks[0].result, Fail, "what is broken stays so");
        assert_eq!(checks[0].overridden.as_ref(), overrides.contains(&granted).then_some(&granted));
    }
}
