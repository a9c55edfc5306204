//! Compares counts and page keys of random histories with a naive count for each day.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use entity::{
    assignment, qualification, sample, title, unit, unit_version,
    value::{CadreId, Category, Day, Hierarchy, PartialDate, Period, Tier, UnitId, UnitKind},
};
use fastrand::Rng;
use migration::{Migrator, MigratorTrait};
use sea_orm::{EntityTrait, IntoActiveModel};

use super::{
    dimensions::{Dimensions, scope},
    levels,
};
use crate::{
    clock::Clock,
    db,
    domain::maintenance,
    projection::person::Person,
    reference::{ReferenceData, units::Reach},
};

const UNITS: usize = 9;
const PEOPLE: usize = 40;
const SUBJECTS: [&str; 2] = ["PROFESSIONAL", "POLITICAL_THEORY"];

/// Units and people with a random history of some years.
struct World {
    reference_data: Arc<ReferenceData>,
    units: Vec<UnitId>,
    people: Vec<(CadreId, Vec<assignment::Model>, Vec<qualification::Model>)>,
}

fn day(at: i32) -> Day {
    let year = 2020 + at.div_euclid(360);
    let in_year = u32::try_from(at.rem_euclid(360)).expect("days of a year");
    Day::of(year, in_year / 30 + 1, in_year % 30 % 28 + 1).expect("a day")
}

/// A random day of the six years of a history.
fn random_day(rng: &mut Rng) -> Day {
    day(rng.i32(0..6 * 360))
}

fn random_period(rng: &mut Rng) -> (Day, Option<Day>) {
    let (a, b) = (random_day(rng), random_day(rng));
    match rng.bool() {
        true if a != b => (a.min(b), Some(a.max(b))),
        _ => (a, None),
    }
}

impl World {
    async fn random(rng: &mut Rng) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("cadre.db").display());
        let opened = db::Database::open(&url, db::Pool::default()).await.expect("a database");
        Migrator::up(opened.writer(), None).await.expect("migrated");
        maintenance::install_reference_lists(&opened, Clock::System).await.expect("installed");
        let database = opened.writer().clone();
        let units: Vec<UnitId> = (0..UNITS).map(|_| UnitId::new()).collect();
        for (at, id) in units.iter().enumerate() {
            let row = unit::Model { id: *id, code: format!("U{at}").parse().expect("a code") };
            unit::Entity::insert(row.into_active_model()).exec_without_returning(&database).await.expect("written");
            for version in versions(rng, &units, at) {
                let insert = unit_version::Entity::insert(version.into_active_model());
                insert.exec_without_returning(&database).await.expect("written");
            }
        }
        for (code, is_key_leader) in [("KEY", true), ("OTHER", false)] {
            let row = title::Model {
                code: code.parse().expect("a code"),
                name: code.to_owned(),
                category: Category::Cadre,
                tier: None,
                is_key_leader,
                group_code: None,
                role: None,
            };
            title::Entity::insert(row.into_active_model()).exec_without_returning(&database).await.expect("written");
        }
        let reference_data = ReferenceData::load(&database).await.expect("a registry");
        let people = (0..PEOPLE).map(|_| person(rng, &units)).collect();
        Self { reference_data: Arc::new(reference_data), units, people }
    }

    fn persons(&self) -> impl Iterator<Item = Person<'_>> {
        self.people.iter().map(|(id, posts, held)| Person { id: *id, sort_key: b"x", posts, qualifications: held })
    }

    /// Naive count: people of a unit or subtree on a day, each with their highest rank.
    fn naive_ranks(
        &self,
        of: (UnitId, Hierarchy, Reach),
        key_leaders: bool,
        subject: &str,
        day: Day,
    ) -> Vec<Option<i16>> {
        let units = self.reference_data.units().subtree(of.0, of.1, of.2, day);
        let counts = |post: &assignment::Model| {
            post.is_held_on(day) && units.contains(&post.unit_id) && (!key_leaders || post.title_code.as_str() == "KEY")
        };
        let people = self.people.iter().filter(|(_, posts, _)| posts.iter().any(counts));
        people.map(|(_, _, held)| self.highest(held, subject, day)).collect()
    }

    fn highest(&self, held: &[qualification::Model], subject: &str, day: Day) -> Option<i16> {
        let held = held.iter().filter(|held| held.subject_code.as_str() == subject && held.counts_from <= day);
        held.filter_map(|held| self.reference_data.rank(&held.subject_code, &held.level_code)).max()
    }
}

/// Random versions of a unit: it moves, is absent for a time, or ends. Parents are always units with a lower index.
fn versions(rng: &mut Rng, units: &[UnitId], at: usize) -> Vec<unit_version::Model> {
    let mut turns: Vec<Day> = (0..rng.usize(0..4)).map(|_| random_day(rng)).collect();
    turns.sort_unstable();
    turns.dedup();
    let begins = [None].into_iter().chain(turns.iter().copied().map(Some));
    let ends = turns.iter().copied().map(Some).chain([None]);
    let mut parent = || (at > 0 && rng.u8(..8) > 0).then(|| units[rng.usize(..at)]);
    let mut versions = Vec::new();
    for (valid_from, valid_to) in begins.zip(ends) {
        versions.push(unit_version::Model {
            unit_id: units[at],
            valid_from,
            valid_to,
            name: format!("Đơn vị {at}"),
            kind: UnitKind::Department,
            tier: Tier::Province,
            parent_id: parent(),
            party_parent_id: parent(),
            ..sample::unit_version()
        });
    }
    let is_away = versions.len() > 1 && rng.bool();
    if is_away {
        versions.remove(rng.usize(..versions.len()));
    }
    versions
}

fn person(rng: &mut Rng, units: &[UnitId]) -> (CadreId, Vec<assignment::Model>, Vec<qualification::Model>) {
    let id = CadreId::new();
    let posts = (0..rng.usize(0..5)).map(|_| {
        let (start_on, end_on) = random_period(rng);
        assignment::Model {
            cadre_id: id,
            unit_id: units[rng.usize(..units.len())],
            title_code: if rng.bool() { "KEY" } else { "OTHER" }.parse().expect("a code"),
            start_on,
            end_on,
            is_primary: rng.bool(),
            ..sample::assignment()
        }
    });
    let posts = posts.collect();
    let held = (0..rng.usize(0..5)).map(|_| {
        let (subject, level) = match rng.u8(..6) {
            0 => (SUBJECTS[0], "NONE"),
            1 => (SUBJECTS[0], "UNIVERSITY"),
            2 => (SUBJECTS[0], "MASTER"),
            3 => (SUBJECTS[1], "ELEMENTARY"),
            4 => (SUBJECTS[1], "INTERMEDIATE"),
            _ => (SUBJECTS[1], "ADVANCED"),
        };
        let on = random_day(rng);
        qualification::Model {
            cadre_id: id,
            subject_code: subject.parse().expect("a code"),
            level_code: level.parse().expect("a code"),
            granted_on: PartialDate::Day(on),
            counts_from: on,
            ..sample::qualification()
        }
    });
    let held = held.collect();
    (id, posts, held)
}

/// Days from the base date on: one in seven, and the base date.
fn days(base_date: Day) -> Vec<Day> {
    (0..6 * 360 + 60).step_by(7).map(day).filter(|day| base_date <= *day).chain([base_date]).collect()
}

#[tokio::test]
async fn the_counts_equal_a_naive_count_on_every_day() {
    let seed = fastrand::u64(..);
    let mut rng = Rng::with_seed(seed);
    let (mut compared, mut shared) = (0, 0);
    for _ in 0..3 {
        let world = World::random(&mut rng).await;
        let base_date = day(rng.i32(0..4 * 360));
        let mut dimensions = Dimensions::new(Arc::clone(&world.reference_data), base_date);
        let mut counts: HashMap<_, i32> = HashMap::new();
        for person in world.persons() {
            person.each_count(&mut dimensions, |cell, people| *counts.entry(cell).or_default() += people);
        }
        for (unit, hierarchy, reach) in units_to_compare(&world) {
            let units = world.reference_data.units();
            let scope = scope(units, unit, (reach == Reach::Subtree).then_some(hierarchy));
            let place = dimensions.place(unit);
            for (key_leaders, subject, day) in counts_to_compare(base_date) {
                let of_rank = |rank: i16, subject: &str| {
                    let level = dimensions.place_of_level(subject, rank).expect("a level");
                    let cells = counts.iter().filter(|(cell, _)| {
                        (cell.unit, cell.scope, cell.key_leaders, cell.level) == (place, scope, key_leaders, level)
                            && cell.day <= day
                    });
                    cells.map(|(_, people)| people).sum::<i32>()
                };
                let naive = world.naive_ranks((unit, hierarchy, reach), key_leaders, subject, day);
                let hint = || {
                    format!("{hierarchy:?} {reach:?} {key_leaders} {subject} {day}, folded {base_date}, seed {seed}")
                };
                assert_eq!(of_rank(0, ""), naive.len() as i32, "{}", hint());
                for rank in 0..5 {
                    if dimensions.place_of_level(subject, rank).is_some() {
                        let naive_ranks = naive.iter().filter(|highest| **highest == Some(rank)).count();
                        assert_eq!(of_rank(rank, subject), naive_ranks as i32, "rank {rank} {}", hint());
                        shared += usize::from(naive_ranks > 1);
                    }
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 10_000 && shared > 1_000, "the control: {compared} compared, {shared} of several people");
}

fn units_to_compare(world: &World) -> Vec<(UnitId, Hierarchy, Reach)> {
    let ways = [
        (Hierarchy::Administrative, Reach::Unit),
        (Hierarchy::Administrative, Reach::Subtree),
        (Hierarchy::Party, Reach::Subtree),
    ];
    world.units.iter().flat_map(|unit| ways.map(|(hierarchy, reach)| (*unit, hierarchy, reach))).collect()
}

fn counts_to_compare(base_date: Day) -> Vec<(bool, &'static str, Day)> {
    let of_day = |day| [false, true].map(|key| SUBJECTS.map(|subject| (key, subject, day)));
    days(base_date).into_iter().flat_map(of_day).flatten().collect()
}

#[tokio::test]
async fn the_keys_equal_the_people_with_the_level_on_every_day() {
    let seed = fastrand::u64(..);
    let mut rng = Rng::with_seed(seed);
    let mut found = 0;
    for _ in 0..3 {
        let world = World::random(&mut rng).await;
        let base_date = day(rng.i32(0..4 * 360));
        let dimensions = Dimensions::new(Arc::clone(&world.reference_data), base_date);
        for person in world.persons() {
            let keys = person.keys(&dimensions);
            for day in days(base_date) {
                let lives = |key: &&entity::level_index::Model| {
                    Period::new(Some(key.from_on), key.until_on).is_some_and(|period| period.holds(day))
                };
                let mut shown: Vec<_> =
                    keys.iter().filter(lives).map(|key| (key.unit_id, key.subject_code.as_str(), key.rank)).collect();
                let held = person.posts.iter().filter(|post| post.is_held_on(day)).map(|post| post.unit_id);
                let units: HashSet<UnitId> = held.collect();
                let mut naive: Vec<_> = units
                    .iter()
                    .flat_map(|unit| SUBJECTS.map(|subject| (*unit, subject)))
                    .filter_map(|(unit, subject)| {
                        Some((unit, subject, world.highest(person.qualifications, subject, day)?))
                    })
                    .collect();
                shown.sort_unstable();
                naive.sort_unstable();
                found += naive.len();
                assert_eq!(shown, naive, "{day}, seed {seed}");
            }
        }
    }
    assert!(found > 1_000, "the control: {found} keys were compared");
}

#[tokio::test]
async fn the_titles_equal_the_posts_with_their_levels_on_every_day() {
    let seed = fastrand::u64(..);
    let mut rng = Rng::with_seed(seed);
    let (mut found, mut alone) = (0, 0);
    for _ in 0..3 {
        let world = World::random(&mut rng).await;
        // The base date has no effect on titles.
        let dimensions = Dimensions::new(Arc::clone(&world.reference_data), random_day(&mut rng));
        for person in world.persons() {
            let rows = person.titles(&dimensions);
            for day in days(day(0)).into_iter().chain([Day::end_of_year(2199).expect("the last day")]) {
                let lives = |row: &&entity::title_index::Model| row.from_on <= day && day < row.until_on;
                let rank = |levels, subject| levels::rank(&world.reference_data, levels, subject);
                let mut shown: Vec<_> = rows
                    .iter()
                    .filter(lives)
                    .map(|row| {
                        let ranks = SUBJECTS.map(|subject| rank(row.levels, subject));
                        (row.unit_id, row.title_code.as_str(), row.is_only, ranks)
                    })
                    .collect();
                let held = person.posts.iter().filter(|post| post.is_held_on(day));
                let held: HashSet<_> = held.map(|post| (post.unit_id, post.title_code.as_str())).collect();
                let ranks = SUBJECTS.map(|subject| world.highest(person.qualifications, subject, day));
                let is_only = held.len() == 1;
                let mut naive: Vec<_> = held.into_iter().map(|(unit, title)| (unit, title, is_only, ranks)).collect();
                shown.sort_unstable();
                naive.sort_unstable();
                found += naive.len();
                alone += usize::from(is_only);
                assert_eq!(shown, naive, "{day}, seed {seed}");
            }
        }
    }
    assert!(found > 1_000 && alone > 300 && found > alone + 300, "the control: {found} rows, {alone} without another");
}

#[tokio::test]
async fn the_levels_of_the_list_have_bits() {
    let world = World::random(&mut Rng::with_seed(1)).await;
    let reference_data = &world.reference_data;
    let codes: Vec<&str> = reference_data.subjects().iter().map(|subject| subject.row.code.as_str()).collect();
    // The places of the bits follow this order: another order, or a subject before the last one, needs another `VERSION`.
    let order = [
        "PROFESSIONAL",
        "POLITICAL_THEORY",
        "STATE_MANAGEMENT",
        "DEFENCE_SECURITY",
        "FOREIGN_LANGUAGE",
        "INFORMATICS",
        "ETHNIC_LANGUAGE",
    ];
    assert_eq!(codes, order);
    assert_eq!(levels::mask(reference_data, &codes), Some((1 << 35) - 1));
    assert_eq!(levels::mask(reference_data, &["UNKNOWN"]), None);
    let mut all = 0;
    for subject in reference_data.subjects() {
        let level = subject.levels.last().expect("a level");
        all |= levels::part(reference_data, level.subject_code.as_str(), level.rank);
    }
    for subject in reference_data.subjects() {
        let level = subject.levels.last().expect("a level");
        assert_eq!(levels::rank(reference_data, all, level.subject_code.as_str()), Some(level.rank));
        assert_eq!(levels::rank(reference_data, 0, level.subject_code.as_str()), None);
    }
}
