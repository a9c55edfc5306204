//! Imports on both databases, with the test cases of the importer.

use std::{
    cmp::Ordering,
    collections::{BTreeSet, HashMap},
    ops::RangeInclusive,
    path::Path,
};

use cadre_api::{
    db::Database,
    demo,
    import::{Finding, Outcome},
};
use chrono::Datelike;
use entity::{
    assignment, cadre, enrolment, qualification, rotation, unit,
    value::{CadreId, Day, RotationDirection, RotationForm, RotationState, Tier, TitleCode, UnitId},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Iterable, ModelTrait, PaginatorTrait, QueryFilter, QueryOrder,
    Statement, prelude::Expr,
};

use crate::{
    bulk::indexes,
    support::{Kind, TestApp, on_both},
};

#[path = "../../src/import/tests/cases.rs"]
mod cases;

#[path = "../../src/import/tests/dump.rs"]
mod dump;

use cases::{BROKEN, BUNDLE, Case, DIFFERING, DOUBTFUL};
use dump::dump;

fn write<T: AsRef<[u8]>>(dir: &Path, files: &[(&str, T)]) {
    for (name, content) in files {
        std::fs::write(dir.join(name), content).expect("written");
    }
}

async fn import<T: AsRef<[u8]>>(app: &TestApp, files: &[(&str, T)]) -> (Outcome, Vec<Finding>) {
    let dir = tempfile::tempdir().expect("a folder");
    write(dir.path(), files);
    let report = app.import(dir.path()).await;
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
        let app = TestApp::empty(kind).await;

        for (cases, loaded) in [(&BROKEN[..], false), (&BROKEN[..], true), (&DIFFERING[..], true)] {
            if loaded {
                // The control: the bundle that the cases break is loaded, and a second time it changes nothing.
                let units = unit::Entity::find().count(app.database.reader()).await.expect("a count");
                let expected = if units == 0 { Outcome::Loaded } else { Outcome::NothingNew };
                assert_eq!(import(&app, &BUNDLE).await, (expected, Vec::new()));
            }
            let before = dump(app.database.reader()).await;
            for case in cases {
                let (outcome, findings) = import(&app, &case.bundle()).await;
                assert_eq!(outcome, Outcome::Refused, "{:?}", case.new);
                assert!(findings.iter().any(|finding| names(case, finding)), "{:?}: {findings:#?}", case.new);
            }
            assert_eq!(dump(app.database.reader()).await, before);
        }
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_doubtful_bundle_is_loaded_with_its_warning() {
    // Only on PostgreSQL: the tests of the importer cover the embedded database.
    for case in &DOUBTFUL {
        let app = TestApp::empty(Kind::Postgres).await;
        let (outcome, findings) = import(&app, &case.bundle()).await;
        assert_eq!(outcome, Outcome::Loaded, "{findings:#?}");
        assert!(findings.len() == 1 && names(case, &findings[0]), "{:?}: {findings:#?}", case.new);
        app.stop().await;
    }
}

/// The rotations of the demo, whose first import has no findings and whose second import changes nothing.
async fn demo_rotations(app: &TestApp) -> Vec<rotation::Model> {
    let bundle = tempfile::tempdir().expect("a folder");
    demo::write_bundle(bundle.path()).expect("written");
    let report = app.import(bundle.path()).await;
    assert_eq!((report.outcome, report.findings), (Outcome::Loaded, Vec::new()));
    let again = app.import(bundle.path()).await;
    assert_eq!((again.outcome, again.findings), (Outcome::NothingNew, Vec::new()));
    rotation::Entity::find().all(app.database.reader()).await.expect("rotations")
}

#[actix_web::test]
async fn the_direction_of_every_rotation_agrees_with_its_tiers() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        let rotations = demo_rotations(&app).await;
        assert_eq!(rotations.len(), 154);
        for rotation in &rotations {
            // Tiers are ordered from the centre down.
            let expected = match rotation.to_tier.cmp(&rotation.from_tier) {
                Ordering::Less => &[RotationDirection::Up][..],
                Ordering::Greater => &[RotationDirection::Down],
                Ordering::Equal => &[RotationDirection::LateralAgency, RotationDirection::LateralLocality],
            };
            assert!(expected.contains(&rotation.direction), "{rotation:?}");
        }
        app.stop().await;
    }
}

#[actix_web::test]
async fn the_demo_contains_the_published_rotations() {
    use RotationDirection::{Down, LateralAgency, LateralLocality, Up};
    use Tier::{Commune, District, Province};

    let app = TestApp::empty(Kind::Sqlite).await;
    let rotations = demo_rotations(&app).await;
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

    // Điện Biên Đông rotated more than 60 people between its offices and its communes.
    let east = unit::Entity::find().filter(unit::Column::Code.starts_with("DB-DBD-"));
    let east = east.all(app.database.reader()).await.expect("units");
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
    app.stop().await;
}

/// Imports the bundle of the cases with these rotations instead of its own.
async fn import_rotations(app: &TestApp, rows: &str) -> (Outcome, Vec<String>) {
    let with_rows = |text: &str| format!("{}\n{rows}", text.lines().next().expect("a header"));
    let files =
        BUNDLE.map(|(name, text)| (name, if name == "rotations.csv" { with_rows(text) } else { text.to_owned() }));
    let (outcome, findings) = import(app, &files).await;
    let place = |finding: &Finding| format!("{} {}", finding.line.unwrap_or(0), finding.code);
    (outcome, findings.iter().map(place).collect())
}

/// The stored columns of each rotation, in the order of their first days.
async fn stored_rotations(app: &TestApp) -> Vec<String> {
    let rows = rotation::Entity::find().order_by_asc(rotation::Column::StartOn).all(app.database.reader()).await;
    let line = |row: rotation::Model| {
        let text = |day: Option<Day>| day.map_or("-".to_owned(), |day| day.to_string());
        let title = |title: &Option<TitleCode>| title.as_ref().map_or("-".to_owned(), ToString::to_string);
        let (start, planned, end, placed) = (row.start_on, row.planned_end_on, row.end_on, row.placed_on);
        let (from, to, next) = (&row.from_title_code, &row.to_title_code, &row.placement_title_code);
        format!(
            "{start} {} {} {} {} {} {} {} {}",
            text(planned),
            text(end),
            row.state,
            row.direction,
            title(from),
            title(to),
            text(placed),
            title(next)
        )
    };
    rows.expect("rotations").into_iter().map(line).collect()
}

const IN_EVERY_STATE: &str = "C4,S,X,ROTATION,2010-01-01,2013-01-01,12-QĐ/TU\n\
                              C2,S,X,SECONDMENT,2015-01-01,2016-01-01,\n\
                              C2,X,S,ROTATION,2099-01-01,2102-01-01,\n\
                              C1,X,P,ROTATION,2022-01-01,2090-01-01,\n\
                              C1,X,S,ROTATION,2020-01-01,,\n";

#[actix_web::test]
async fn the_state_of_a_rotation_follows_from_its_days_and_the_posts() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        let warnings = ["4 NO_POST_LEFT", "5 NO_POST_TAKEN_UP", "5 ROTATION_OVERLAP", "6 NO_POST_TAKEN_UP"];
        let (outcome, found) = import_rotations(&app, IN_EVERY_STATE).await;
        assert_eq!((outcome, sorted(&found)), (Outcome::Loaded, warnings.map(str::to_owned).to_vec()));
        assert_eq!(
            stored_rotations(&app).await,
            [
                "2010-01-01 - 2013-01-01 PLACED DOWN CV BT 2013-01-01 CV",
                "2015-01-01 - 2016-01-01 PLACED DOWN CV CV 2016-01-01 CV",
                "2020-01-01 - - ENDED UP BT - - -",
                "2022-01-01 2090-01-01 - IN_PROGRESS UP BT - - -",
                "2099-01-01 2102-01-01 - PUBLISHED UP - - - -",
            ]
        );
        let before = dump(app.database.reader()).await;
        assert_eq!(import_rotations(&app, IN_EVERY_STATE).await.0, Outcome::NothingNew);
        assert_eq!(dump(app.database.reader()).await, before);
        app.stop().await;
    }
}

fn sorted(found: &[String]) -> Vec<String> {
    let mut found = found.to_vec();
    found.sort();
    found
}

#[actix_web::test]
async fn a_second_running_rotation_is_refused_until_the_first_ends() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        assert_eq!(import_rotations(&app, IN_EVERY_STATE).await.0, Outcome::Loaded);
        let before = dump(app.database.reader()).await;
        for (row, running) in [
            ("C1,X,S,TRANSFER,2024-01-01,,\n", true),
            ("C2,S,X,ROTATION,2098-01-01,2099-01-01,\n", true),
            ("C1,X,S,TRANSFER,2024-01-01,2024-06-01,\n", false),
        ] {
            let (outcome, found) = import_rotations(&app, row).await;
            assert_eq!(found.contains(&"2 ROTATION_RUNNING".to_owned()), running, "{found:?}");
            assert_eq!(outcome, if running { Outcome::Refused } else { Outcome::Loaded }, "{found:?}");
            assert_eq!(dump(app.database.reader()).await == before, running);
        }

        // A command ends the first rotation. The file then contradicts the database, and the next rotation may run.
        let ended = (Expr::val("ENDED"), Expr::val("2023-05-01".parse::<Day>().expect("a day")));
        let act = rotation::Entity::update_many()
            .col_expr(rotation::Column::State, ended.0)
            .col_expr(rotation::Column::EndOn, ended.1)
            .filter(rotation::Column::State.eq(RotationState::InProgress));
        act.exec(app.database.writer()).await.expect("ended");
        let (outcome, found) = import_rotations(&app, IN_EVERY_STATE).await;
        assert!(outcome == Outcome::Refused && found.contains(&"5 DIFFERS".to_owned()), "{found:?}");
        let (outcome, found) = import_rotations(&app, "C1,X,S,TRANSFER,2024-07-01,,\n").await;
        assert_eq!(outcome, Outcome::Loaded, "{found:?}");
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_rotation_in_preparation_is_not_disclosed_by_findings() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        let row = "C2,S,X,ROTATION,2098-01-01,2099-01-01,\n";
        assert_eq!(import_rotations(&app, row).await, (Outcome::Loaded, vec![]));
        let other = "C2,S,X,ROTATION,2098-01-01,2099-06-01,\n";
        let refused = (Outcome::Refused, vec!["2 DIFFERS".to_owned()]);
        assert_eq!(import_rotations(&app, other).await, refused, "the control: it is visible after its publication");

        let act = rotation::Entity::update_many().col_expr(rotation::Column::State, Expr::val("DECIDED"));
        act.exec(app.database.writer()).await.expect("hidden");
        assert_eq!(import_rotations(&app, other).await, (Outcome::Loaded, vec![]));
        app.stop().await;
    }
}

#[actix_web::test]
async fn a_rule_added_by_an_office_is_used_at_once_with_the_shipped_ones() {
    on_both(async |app| {
        let caller = app.caller(&["stats:read"], &["A"]).await;
        let visible = async || {
            let lists = caller.query("{ rules { code } retirementAges { code } }").await;
            let has = |list: &str, code: &str| {
                lists[list].as_array().expect("a list").iter().any(|row| row["code"].as_str() == Some(code))
            };
            (has("rules", "VN-QD98-MIN-TERM"), has("rules", "TU-TERM"), has("retirementAges", "TU-F"))
        };
        assert_eq!(visible().await, (true, false, false));
        let law = ["rules.csv", "retirement_ages.csv"];
        let files: Vec<_> = BUNDLE.into_iter().filter(|(name, _)| law.contains(name)).collect();
        app.import_text(&files).await;
        assert_eq!(visible().await, (true, true, true));
    })
    .await;
}

/// A bundle with so many invented people that each of its files takes several batches, with some cells left empty.
fn large(persons: usize) -> Vec<(&'static str, String)> {
    let mut files: Vec<(&str, String)> = BUNDLE.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    let mut add = |file: &str, row: String| {
        let (_, text) = files.iter_mut().find(|(name, _)| *name == file).expect(file);
        text.push_str(&row);
    };
    for number in 0..persons {
        let every = |nth: usize, text: &'static str| if number.is_multiple_of(nth) { text } else { "" };
        let (rank, native) = (every(3, "01.003"), every(5, "03124"));
        let names = ["Đỗ Thị", "Lò Văn", "Ông \"\"Ví\"\" {NULL}, \\"];
        let name = names[number % names.len()];
        add(
            "cadres.csv",
            format!("L{number},,\"{name} {number}\",FEMALE,1980-01-02,,{native},,,CIVIL_SERVANT,{rank},ACTIVE\n"),
        );
        add("assignments.csv", format!("L{number},S,CV,2010-01-01,{},true\n", every(2, "2020-01-01")));
        let (field, school) = (every(2, "7310101"), every(7, "T1"));
        add("qualifications.csv", format!("L{number},PROFESSIONAL,UNIVERSITY,{field},{school},,2002\n"));
        add("enrolments.csv", format!("L{number},,LL,S,2020,COMPLETED,{}\n", every(2, "GOOD")));
    }
    files
}

/// The stored people of a bundle, by code and without the random ids.
async fn people(database: &Database) -> Vec<String> {
    let reader = database.reader();
    let cadres = cadre::Entity::find().all(reader).await.expect("cadres");
    let codes: HashMap<CadreId, String> = cadres.iter().map(|cadre| (cadre.id, cadre.code.to_string())).collect();
    let columns = cadre::Column::iter().filter(|column| !matches!(column, cadre::Column::Id)).collect::<Vec<_>>();
    let of_cadre = |cadre: &cadre::Model| columns.iter().map(|column| format!("{:?} ", cadre.get(*column))).collect();
    let mut rows: Vec<String> = cadres.iter().map(of_cadre).collect();
    for post in assignment::Entity::find().all(reader).await.expect("posts") {
        rows.push(format!("{} {} {} {:?}", codes[&post.cadre_id], post.title_code, post.start_on, post.end_on));
    }
    for paper in qualification::Entity::find().all(reader).await.expect("papers") {
        let values = (paper.field_code, paper.institution_code, paper.mode, paper.granted_on, paper.counts_from);
        rows.push(format!("{} {values:?}", codes[&paper.cadre_id]));
    }
    for seat in enrolment::Entity::find().all(reader).await.expect("enrolments") {
        rows.push(format!("{} {} {} {:?}", codes[&seat.cadre_id], seat.year, seat.state, seat.grade));
    }
    rows.sort();
    rows
}

/// The number of tables with persons for which PostgreSQL has statistics.
async fn surveyed(database: &Database) -> i64 {
    let select = "SELECT count(DISTINCT tablename) FROM pg_stats WHERE schemaname = 'public' AND tablename IN ('cadre', \
                  'assignment', 'qualification', 'enrolment', 'cadre_snapshot', 'level_index', 'name_index', 'headcount', \
                  'title_index')";
    let row = database.reader().query_one_raw(Statement::from_string(database.backend(), select)).await;
    row.expect("an answer").expect("a row").try_get_by_index(0).expect("a number")
}

#[actix_web::test]
async fn tables_have_statistics_when_an_import_ends() {
    let app = TestApp::empty(Kind::Postgres).await;
    assert_eq!(import(&app, &large(400)).await.0, Outcome::Loaded);
    assert_eq!(surveyed(&app.database).await, 0, "the control: PostgreSQL collects statistics minutes later, or never");
    app.stop().await;
    let app = TestApp::empty(Kind::Postgres).await;
    assert_eq!(import(&app, &large(1_100)).await.0, Outcome::Loaded);
    assert_eq!(surveyed(&app.database).await, 9);
    app.stop().await;
}

#[actix_web::test]
async fn a_bundle_of_many_batches_is_loaded_completely_and_alike_on_both_databases() {
    let files = large(4_100);
    let mut found = Vec::new();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;
        let before = indexes(&app.database).await;
        assert_eq!(import(&app, &files).await, (Outcome::Loaded, Vec::new()));
        assert_eq!(indexes(&app.database).await, before);
        assert_eq!(import(&app, &files).await, (Outcome::NothingNew, Vec::new()));
        found.push(people(&app.database).await);
        // Some more people: the tables now have rows, and most of the bundle is known.
        assert_eq!(import(&app, &large(4_101)).await, (Outcome::Loaded, Vec::new()));
        assert_eq!(cadre::Entity::find().count(app.database.reader()).await.expect("a number"), 4_105);
        assert_eq!(indexes(&app.database).await, before);
        app.stop().await;
    }
    assert!(found[0].len() > 4 * 4_100, "the control: there are rows to compare");
    assert!(found[0] == found[1], "both databases have the same rows");
}

#[actix_web::test]
async fn the_people_of_the_benchmarks_are_loaded_without_a_finding() {
    let bundle = tempfile::tempdir().expect("a folder");
    population::write(bundle.path(), 1_000, 1).expect("written");
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::empty(kind).await;

        let report = app.import(bundle.path()).await;

        assert_eq!((report.outcome, report.findings), (Outcome::Loaded, Vec::new()));
        assert_eq!(cadre::Entity::find().all(app.database.reader()).await.map(|people| people.len()), Ok(1_000));
        app.stop().await;
    }
}
