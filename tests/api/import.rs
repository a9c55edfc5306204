//! Imports on both databases: the cases that stand beside the importer, asked of each.

use std::path::Path;

use cadre_api::{
    db::Database,
    domain::import::{Finding, Outcome},
};
use entity::{assignment, audit_entry, cadre, change, qualification, unit, unit_version};
use sea_orm::{EntityTrait, QueryOrder};

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
