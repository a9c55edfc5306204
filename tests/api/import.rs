//! Imports on both databases: the cases that stand beside the importer, asked of each.

use std::{cmp::Ordering, collections::BTreeSet, ops::RangeInclusive, path::Path};

use cadre_api::{
    db::Database,
    domain::{
        demo,
        import::{Finding, Outcome},
    },
};
use chrono::Datelike;
use entity::{
    assignment, audit_entry, cadre, change, qualification, rotation, unit, unit_version,
    value::{RotationDirection, RotationForm, RotationState, Tier, UnitId},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::world::{Kind, World};

#[path = "../../src/domain/import/tests/cases.rs"]
mod cases;

use cases::{BROKEN, BUNDLE, Case, DIFFERING, DOUBTFUL};

/// Every row that an import may write, as text.
async fn dump(database: &Database) -> Vec<String> {
    let reader = database.reader();
    let mut rows = Vec::new();
    let mut take = |table: String| rows.push(table);
    take(format!("{:?}", unit::Entity::find().order_by_asc(unit::Column::Id).all(reader).await));
    take(format!("{:?}", unit_version::Entity::find().order_by_asc(unit_version::Column::Id).all(reader).await));
    take(format!("{:?}", cadre::Entity::find().order_by_asc(cadre::Column::Id).all(reader).await));
    take(format!("{:?}", assignment::Entity::find().order_by_asc(assignment::Column::Id).all(reader).await));
    take(format!("{:?}", qualification::Entity::find().order_by_asc(qualification::Column::Id).all(reader).await));
    take(format!("{:?}", rotation::Entity::find().order_by_asc(rotation::Column::Id).all(reader).await));
    take(format!("{:?}", audit_entry::Entity::find().order_by_asc(audit_entry::Column::Seq).all(reader).await));
    take(format!("{:?}", change::Entity::find().order_by_asc(change::Column::Seq).all(reader).await));
    rows
}

fn write<T: AsRef<[u8]>>(dir: &Path, files: &[(&str, T)]) {
    for (name, content) in files {
        std::fs::write(dir.join(name), content).expect("written");
    }
}

async fn import<T: AsRef<[u8]>>(world: &World, files: &[(&str, T)]) -> (Outcome, Vec<Finding>) {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), files);
    let report = world.import(dir.path()).await;
    (report.outcome, report.findings)
}

fn names(case: &Case, finding: &Finding) -> bool {
    let (file, line, column, _, code) = case.finding;
    let name = finding.column.map_or("", |column| column.name);
    (finding.file.as_str(), finding.line.unwrap_or(0), name) == (file, line, column) && finding.code.to_string() == code
}

#[actix_web::test]
async fn a_broken_bundle_is_refused_and_a_good_one_is_loaded_once() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::empty(kind).await;

        for (cases, loaded) in [(&BROKEN[..], false), (&BROKEN[..], true), (&DIFFERING[..], true)] {
            if loaded {
                // The control: the bundle that the cases break is loaded, and a second time it changes nothing.
                let expected =
                    if dump(&world.database).await[0] == "Ok([])" { Outcome::Loaded } else { Outcome::NothingNew };
                assert_eq!(import(&world, &BUNDLE).await, (expected, Vec::new()));
            }
            let before = dump(&world.database).await;
            for case in cases {
                let (outcome, findings) = import(&world, &case.bundle()).await;
                assert_eq!(outcome, Outcome::Refused, "{:?}", case.new);
                assert!(findings.iter().any(|finding| names(case, finding)), "{:?}: {findings:#?}", case.new);
            }
            assert_eq!(dump(&world.database).await, before);
        }
        world.stop().await;
    }
}

#[actix_web::test]
async fn a_doubtful_bundle_is_loaded_with_its_warning() {
    // On the server alone: the embedded database is asked beside the importer.
    for case in &DOUBTFUL {
        let world = World::empty(Kind::Postgres).await;
        let (outcome, findings) = import(&world, &case.bundle()).await;
        assert_eq!(outcome, Outcome::Loaded, "{findings:#?}");
        assert!(findings.len() == 1 && names(case, &findings[0]), "{:?}: {findings:#?}", case.new);
        world.stop().await;
    }
}

/// The rotations of the demo, which is imported without a remark and a second time without news.
async fn demo_rotations(world: &World) -> Vec<rotation::Model> {
    let bundle = tempfile::tempdir().expect("a folder");
    demo::write_bundle(bundle.path()).expect("written");
    let report = world.import(bundle.path()).await;
    assert_eq!((report.outcome, report.findings), (Outcome::Loaded, Vec::new()));
    let again = world.import(bundle.path()).await;
    assert_eq!((again.outcome, again.findings), (Outcome::NothingNew, Vec::new()));
    rotation::Entity::find().all(world.database.reader()).await.expect("rotations")
}

#[actix_web::test]
async fn the_direction_of_every_rotation_agrees_with_its_tiers() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::empty(kind).await;
        let rotations = demo_rotations(&world).await;
        assert_eq!(rotations.len(), 154);
        for rotation in &rotations {
            // The order of tiers runs from the centre down.
            let expected = match rotation.to_tier.cmp(&rotation.from_tier) {
                Ordering::Less => &[RotationDirection::Up][..],
                Ordering::Greater => &[RotationDirection::Down],
                Ordering::Equal => &[RotationDirection::LateralAgency, RotationDirection::LateralLocality],
            };
            assert!(expected.contains(&rotation.direction), "{rotation:?}");
        }
        world.stop().await;
    }
}

#[actix_web::test]
async fn the_demo_holds_the_printed_rotations() {
    use RotationDirection::{Down, LateralAgency, LateralLocality, Up};
    use Tier::{Commune, District, Province};

    let world = World::empty(Kind::Sqlite).await;
    let rotations = demo_rotations(&world).await;
    let began = |rotation: &&rotation::Model, years: RangeInclusive<i32>| years.contains(&rotation.start_on.0.year());
    for (direction, from, to, count) in [
        (Down, Province, District, 15),
        (Up, District, Province, 11),
        (Down, District, Commune, 32),
        (Up, Commune, District, 13),
        (LateralAgency, Province, Province, 12),
        (LateralLocality, District, District, 8),
    ] {
        let is_it = |row: &&rotation::Model| {
            row.form == RotationForm::Rotation
                && began(row, 2010..=2014)
                && (row.direction, row.from_tier, row.to_tier) == (direction, from, to)
        };
        assert_eq!(rotations.iter().filter(is_it).count(), count, "{direction:?} {from:?} {to:?}");
    }

    // Điện Biên Đông rotated more than 60 persons between its offices and its communes.
    let east = unit::Entity::find().filter(unit::Column::Code.starts_with("DB-DBD-"));
    let east = east.all(world.database.reader()).await.expect("units");
    let lies_there = |id: &UnitId| east.iter().any(|unit| unit.id == *id);
    let within = |row: &&rotation::Model| {
        row.form == RotationForm::Rotation
            && began(row, 2000..=2014)
            && lies_there(&row.from_unit_id)
            && lies_there(&row.to_unit_id)
    };
    let persons: BTreeSet<_> = rotations.iter().filter(within).map(|row| row.cadre_id).collect();
    assert_eq!(persons.len(), 62);

    let running = rotations.iter().filter(|row| row.state == RotationState::InProgress);
    assert_eq!(running.filter(|row| began(row, 2025..=2025)).count(), 2);
    assert_eq!(rotations.iter().filter(|row| row.state == RotationState::Placed).count(), 152);
    world.stop().await;
}
