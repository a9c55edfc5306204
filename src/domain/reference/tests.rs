//! The shipped lists, and the changes that installing them makes.

use std::collections::BTreeSet;

use entity::{
    audit_entry, change, qualification_level,
    value::{Category, Gender, RuleKey, Verification},
};
use migration::MigratorTrait;
use sea_orm::{EntityTrait, IntoActiveModel, PaginatorTrait};

use super::*;
use crate::db::Pool;

async fn empty() -> (tempfile::TempDir, Database) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("a.db").display());
    let database = Database::open(&url, Pool::default()).await.unwrap();
    migration::Migrator::up(database.writer(), None).await.unwrap();
    (dir, database)
}

#[test]
fn each_list_is_whole_and_in_nfc() {
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

#[tokio::test]
async fn a_second_install_writes_nothing_and_a_differing_row_is_put_right() {
    let (_dir, database) = empty().await;
    let entries = async || audit_entry::Entity::find().count(database.reader()).await.unwrap();

    assert!(install(&database, Clock::System).await.unwrap());
    assert_eq!(change::Entity::find().count(database.reader()).await.unwrap(), 7 + 28 + 54 + 16 + 25);
    assert!(!install(&database, Clock::System).await.unwrap());
    assert_eq!(entries().await, 1);

    let key = (file_levels().unwrap()[0].subject_code.clone(), file_levels().unwrap()[0].code.clone());
    let mut level = qualification_level::Entity::find_by_id(key.clone()).one(database.reader()).await.unwrap().unwrap();
    level.label_en = "?".to_owned();
    level.clone().into_active_model().reset_all().update(database.writer()).await.unwrap();
    level.code = "RETIRED_LEVEL".parse().unwrap();
    level.into_active_model().insert(database.writer()).await.unwrap();
    assert!(install(&database, Clock::System).await.unwrap());
    assert_eq!(entries().await, 2);
    let level = qualification_level::Entity::find_by_id(key).one(database.reader()).await.unwrap().unwrap();
    assert_eq!(level.label_en, file_levels().unwrap()[0].label_en);
    assert_eq!(qualification_level::Entity::find().count(database.reader()).await.unwrap(), 29);
}

#[test]
fn each_rule_is_one_row_with_a_law_and_days_that_follow() {
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

/// Values as stated in the instruments, and which of them were compared.
#[test]
fn the_rules_are_those_of_their_instruments() {
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
fn each_gender_has_an_age_for_each_year_of_the_steps() {
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

#[tokio::test]
async fn what_an_office_added_is_left_alone() {
    let (_dir, database) = empty().await;
    let mut own_rule = file_rules().unwrap().remove(0);
    let mut own_age = file_retirement_ages().unwrap().remove(0);
    (own_rule.origin, own_rule.value) = (RuleOrigin::Office, 24);
    (own_age.origin, own_age.age_months) = (RuleOrigin::Office, 700);
    own_rule.clone().into_active_model().insert(database.writer()).await.unwrap();
    own_age.clone().into_active_model().insert(database.writer()).await.unwrap();

    assert!(install(&database, Clock::System).await.unwrap());
    assert!(!install(&database, Clock::System).await.unwrap());

    let rules = rule::Entity::find().all(database.reader()).await.unwrap();
    let ages = retirement_age::Entity::find().all(database.reader()).await.unwrap();
    assert_eq!((rules.len(), ages.len()), (16, 25));
    assert!(rules.contains(&own_rule) && ages.contains(&own_age));

    // The control: a shipped row that differs is corrected.
    let mut bent = rules.iter().find(|rule| rule.code != own_rule.code).unwrap().clone();
    bent.value += 1;
    bent.clone().into_active_model().reset_all().update(database.writer()).await.unwrap();
    assert!(install(&database, Clock::System).await.unwrap());
    let rules = rule::Entity::find().all(database.reader()).await.unwrap();
    assert!(!rules.contains(&bent) && rules.contains(&own_rule));
}
