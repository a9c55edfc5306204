//! Tests of the shipped lists.

use std::collections::BTreeSet;

use entity::value::{Category, Gender, RuleKey, Verification};

use super::*;

#[test]
fn each_list_is_complete_and_in_nfc() {
    let (subjects, levels, groups) = (file_subjects().unwrap(), file_levels().unwrap(), file_ethnic_groups().unwrap());
    assert_eq!((subjects.len(), levels.len(), groups.len()), (7, 28, 54));
    for file in [SUBJECTS, LEVELS, ETHNIC_GROUPS, RULES, RETIREMENT_AGES] {
        assert_eq!(crate::text::nfc(file), file);
    }
    for level in &levels {
        assert!(subjects.iter().any(|subject| subject.code == level.subject_code), "{level:?}");
        let twins =
            levels.iter().filter(|other| (&other.subject_code, other.rank) == (&level.subject_code, level.rank));
        assert_eq!(twins.count(), 1, "{level:?}");
    }
    let mut of_1979: Vec<_> = groups.iter().map(|group| group.code_1979.clone()).collect();
    of_1979.sort();
    assert_eq!(of_1979, (1..=54).map(|number| format!("{number:02}")).collect::<Vec<_>>());
}

#[test]
fn each_rule_has_one_row_with_a_law_and_consecutive_periods() {
    let rules = file_rules().unwrap();
    assert_eq!(rules.len(), 16);
    let codes: BTreeSet<_> = rules.iter().map(|rule| &rule.code).collect();
    assert_eq!(codes.len(), rules.len());
    for rule in &rules {
        assert!(rule.code.as_str().starts_with("VN-"), "an office's codes are its own: {rule:?}");
        assert!(rule.legal_basis.contains("-QĐ/TW") || rule.legal_basis.contains("/NĐ-CP"), "{rule:?}");
        assert!(rule.valid_to.is_none_or(|end| rule.valid_from < end), "{rule:?}");
        let same_scope = |other: &&rule::Model| {
            (other.key, other.form, other.category, other.purpose) == (rule.key, rule.form, rule.category, rule.purpose)
        };
        let overlapping = rules.iter().filter(same_scope).filter(|other| {
            other.valid_from <= rule.valid_from && other.valid_to.is_none_or(|end| rule.valid_from < end)
        });
        assert_eq!(overlapping.count(), 1, "two rules of one scope on one day: {rule:?}");
    }
}

/// Checks the values as stated in the instruments, and which of them were compared with the instruments.
#[test]
fn the_rules_have_the_values_of_their_instruments() {
    use Category::{Cadre, CivilServant};
    use RuleKey::{MaxSecondmentTerm, MinRemainingService, MinTerm, RequiresPlanningEntry};
    use Verification::{Unverified, Verified};
    let rules = file_rules().unwrap();
    let seen: Vec<_> = rules
        .iter()
        .filter(|rule| rule.purpose.is_none())
        .map(|rule| (rule.key, rule.category, rule.value, rule.valid_from.to_string(), rule.verification))
        .collect();
    let expected = [
        (MinTerm, Some(Cadre), 36, "2017-10-07", Unverified),
        (MinTerm, Some(Cadre), 36, "2022-04-28", Unverified),
        (MinTerm, Some(CivilServant), 36, "2025-07-01", Verified),
        (MinRemainingService, Some(Cadre), 120, "2017-10-07", Verified),
        (MinRemainingService, Some(CivilServant), 120, "2020-12-01", Verified),
        (MinRemainingService, Some(Cadre), 120, "2022-04-28", Unverified),
        (RequiresPlanningEntry, None, 1, "2017-10-07", Verified),
        (RequiresPlanningEntry, Some(CivilServant), 1, "2020-12-01", Verified),
        (RequiresPlanningEntry, None, 1, "2022-04-28", Verified),
        (MaxSecondmentTerm, Some(CivilServant), 36, "2025-07-01", Verified),
    ];
    let expected =
        expected.map(|(key, category, value, from, checked)| (key, category, value, from.to_owned(), checked));
    assert_eq!(seen, expected);
    for special in rules.iter().filter(|rule| rule.purpose.is_some()) {
        assert_eq!((special.key, special.value), (MinRemainingService, 60), "one full term: {special:?}");
    }
}

#[test]
fn each_gender_has_an_age_for_each_year_of_the_transition() {
    let ages = file_retirement_ages().unwrap();
    assert_eq!(ages.len(), 25);
    for (gender, before, last, step) in [(Gender::Male, 720, 744, 3), (Gender::Female, 660, 720, 4)] {
        let of_gender: Vec<_> = ages.iter().filter(|age| age.gender == gender).collect();
        let months: Vec<_> = of_gender.iter().map(|age| age.age_months).collect();
        assert_eq!(months, (before..=last).step_by(step).collect::<Vec<_>>());
        let first_days = of_gender.iter().map(|age| age.valid_from.to_string());
        let years = std::iter::once(1995).chain(2021..).map(|year| format!("{year}-01-01"));
        assert!(first_days.zip(years).all(|(day, expected)| day == expected), "{gender}");
        let unverified = of_gender.iter().filter(|age| age.verification == Verification::Unverified).count();
        assert_eq!(unverified, 1, "{gender}: those of the Labour Code");
    }
}
