//! Effects of imports on existing data: rows, changes, audit entries. Imports are atomic.

use entity::{assignment, audit_entry, cadre, change, class_session, training_class, unit, unit_version};
use sea_orm::{ActiveValue::Set, ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::*;

async fn changes(database: &Database) -> Vec<String> {
    let last =
        audit_entry::Entity::find().order_by_desc(audit_entry::Column::Seq).one(database.reader()).await.unwrap();
    let changes = change::Entity::find()
        .filter(change::Column::AuditSeq.eq(last.unwrap().seq))
        .order_by_asc(change::Column::Seq)
        .all(database.reader())
        .await
        .unwrap();
    let name = |change: &change::Model| match change.object_type.as_str() {
        // Qualifications have random ids.
        "qualification" => format!("{} qualification", change.kind),
        of => format!("{} {of} {}", change.kind, change.object),
    };
    changes.iter().map(name).collect()
}

#[tokio::test]
async fn an_import_leaves_one_entry_and_a_change_for_each_object() {
    let (_dir, database) = fresh().await;
    import_files(&database, &BUNDLE).await;
    let entries =
        audit_entry::Entity::find().order_by_asc(audit_entry::Column::Seq).all(database.reader()).await.unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[1].actor.as_str(), entries[1].act.as_str()), ("operator", "import"));
    let file_of =
        |file: &crate::domain::bundle::FileFormat| BUNDLE.iter().find(|(name, _)| *name == file.name).unwrap();
    let counts: Vec<_> = FILES
        .iter()
        .map(|file| format!("\"{}\":{}", file.name.trim_end_matches(".csv"), row_count(file_of(file))))
        .collect();
    assert_eq!(entries[1].detail.as_deref().unwrap(), format!("{{{}}}", counts.join(",")));
    let mut expected: Vec<String> = ["N", "P", "B", "D", "X", "S"].map(|code| format!("CREATED unit {code}")).into();
    expected.extend(["D1", "D2", "D3"].map(|code| format!("CREATED document {code}")));
    expected.extend(["BT", "CV"].map(|code| format!("CREATED title {code}")));
    expected.push("CREATED institution T1".to_owned());
    expected.extend(["TC1", "TC2"].map(|code| format!("CREATED standard {code}")));
    expected.extend(["TU-TERM", "TU-PLAN"].map(|code| format!("CREATED rule {code}")));
    expected.push("CREATED retirement_age TU-F".to_owned());
    expected.extend(["LL", "NV", "TC"].map(|code| format!("CREATED programme {code}")));
    expected.extend(["CN", "GIO"].map(|code| format!("CREATED duty {code}")));
    expected.push("CREATED training_plan KH1".to_owned());
    expected.extend(["C1", "C2", "C3", "C4"].map(|code| format!("CREATED cadre {code}")));
    expected.extend(["L1", "L2", "L3"].map(|code| format!("CREATED training_class {code}")));
    let mut changes = changes(&database).await;
    let quotas: Vec<String> = changes.extract_if(.., |change| change.starts_with("CREATED quota quo_")).collect();
    assert_eq!(changes, expected);
    assert_eq!(quotas.len(), 3, "{quotas:?}");
}

#[tokio::test]
async fn stored_values_are_those_of_the_file() {
    let (_dir, database) = fresh().await;
    import_files(&database, &BUNDLE).await;
    let person =
        cadre::Entity::find().filter(cadre::Column::Code.eq("C1")).one(database.reader()).await.unwrap().unwrap();
    assert_eq!((person.full_name.as_str(), person.search_key.as_str()), ("Đỗ Thị Thử", " do thi thu"));
    assert_eq!(person.sort_key, crate::text::sort_key("Đỗ Thị Thử"));
    assert_eq!(person.version, 1);
    let unit = unit::Entity::find().filter(unit::Column::Code.eq("X")).one(database.reader()).await.unwrap().unwrap();
    let versions = unit_version::Entity::find().filter(unit_version::Column::UnitId.eq(unit.id));
    assert_eq!(versions.count(database.reader()).await.unwrap(), 2);
    let posts = assignment::Entity::find().filter(assignment::Column::CadreId.eq(person.id));
    assert_eq!(posts.count(database.reader()).await.unwrap(), 2);
}

#[tokio::test]
async fn later_bundles_add_history_to_stored_rows() {
    let (_dir, database) = fresh().await;
    import_files(&database, &BUNDLE).await;

    let assignments = rows(
        "assignments.csv",
        "C2,S,CV,1999-09-01,,true\nC2,P,CV,2020-01-01,,false\nC3,X,CV,2001-01-01,2010-01-01,true\n",
    );
    let report = import_files(&database, &[("assignments.csv", assignments)]).await;
    assert_eq!(report.outcome, Outcome::Loaded, "{:#?}", report.findings);
    assert_eq!((report.files[0].new, report.files[0].unchanged), (2, 1));
    assert_eq!(changes(&database).await, ["UPDATED cadre C2", "UPDATED cadre C3"]);

    let qualifications = rows("qualifications.csv", "C1,PROFESSIONAL,MASTER,,T1,,2020\n");
    assert_eq!(import_files(&database, &[("qualifications.csv", qualifications)]).await.outcome, Outcome::Loaded);
    assert_eq!(changes(&database).await, ["CREATED qualification", "UPDATED cadre C1"]);

    let units =
        rows("units.csv", "D,P,,DISTRICT,DISTRICT,Huyện Thử,097,2030-01-01,\nNEW,P,,SCHOOL,PROVINCE,Trường mới,,,\n");
    assert_eq!(import_files(&database, &[("units.csv", units)]).await.outcome, Outcome::Loaded);
    assert_eq!(changes(&database).await, ["CREATED unit NEW", "UPDATED unit D"]);
}

#[tokio::test]
async fn sessions_are_added_to_a_class_that_has_none() {
    let (_dir, database) = fresh().await;
    import_files(&database, &BUNDLE).await;
    for (added, outcome, found) in [
        ("L3,2026-06-02\nL3,2026-12-31\n", Outcome::Loaded, vec!["UPDATED training_class L3"]),
        ("L3,2026-06-02\nL1,2025-03-03\n", Outcome::NothingNew, vec!["UPDATED training_class L3"]),
        ("L3,2026-06-02\nL3,2026-06-03\n", Outcome::Refused, vec!["UPDATED training_class L3"]),
    ] {
        let report = import_files(&database, &[("class_sessions.csv", rows("class_sessions.csv", added))]).await;
        assert_eq!(report.outcome, outcome, "{added} {:#?}", report.findings);
        assert_eq!(changes(&database).await, found, "{added}");
    }
    let class = training_class::Entity::find().filter(training_class::Column::Code.eq("L3"));
    assert_eq!(class.one(database.reader()).await.unwrap().unwrap().version, 2);
    assert_eq!(class_session::Entity::find().count(database.reader()).await.unwrap(), 5);
}

#[tokio::test]
async fn a_class_has_no_more_sessions_than_a_command_may_state() {
    let (_dir, database) = fresh().await;
    let first: entity::value::Day = "2025-01-01".parse().unwrap();
    let days = std::iter::successors(Some(first.0), chrono::NaiveDate::succ_opt);
    let sessions = |number: usize| -> String {
        let days: String = days.clone().take(number).map(|day| format!("L1,{day}\n")).collect();
        rows("class_sessions.csv", &days)
    };
    let bundle = |number: usize| -> Vec<(&str, String)> {
        let longer = |(name, text): (&'static str, &str)| match name {
            "classes.csv" => (name, text.replace("2025-03-03,2025-06-30", "2025-01-01,2026-06-30")),
            "class_sessions.csv" => (name, sessions(number)),
            _ => (name, text.to_owned()),
        };
        BUNDLE.into_iter().map(longer).collect()
    };
    let report = import_files(&database, &bundle(401)).await;
    assert_eq!(report.outcome, Outcome::Refused);
    let place = ("class_sessions.csv".to_owned(), 402, "class_code", 1, "BAD_VALUE".to_owned());
    assert!(places(&report).contains(&place), "{:?}", report.findings);
    let report = import_files(&database, &bundle(400)).await;
    assert_eq!(report.outcome, Outcome::Loaded, "{:?}", report.findings);
}

#[tokio::test]
async fn posts_of_the_database_count_when_primary_posts_overlap() {
    let (_dir, database) = fresh().await;
    import_files(&database, &BUNDLE).await;
    let assignments = rows("assignments.csv", "C1,P,CV,2020-01-01,,true\n");
    let report = import_files(&database, &[("assignments.csv", assignments)]).await;
    assert_eq!(report.outcome, Outcome::Loaded);
    assert_eq!(places(&report)[0].4, "TWO_PRIMARY_POSTS");

    let people = rows("cadres.csv", "C9,999000000001,Ai Khác,FEMALE,,,,,,CADRE,,ACTIVE\n");
    let report = import_files(&database, &[("cadres.csv", people)]).await;
    assert_eq!(report.outcome, Outcome::Loaded);
    assert_eq!(places(&report)[0].4, "DOUBTFUL_NATIONAL_ID");
}

#[tokio::test]
async fn rows_that_refer_to_a_bad_row_are_not_reported() {
    let (_dir, database) = fresh().await;
    for (file, old, new) in
        [("cadres.csv", "FEMALE", "?"), ("cadres.csv", "full_name,gender", "full_name"), ("units.csv", "code,", "")]
    {
        let case = Case { file, old, new, finding: ("", 0, "", 0, "") };
        let report = import_files(&database, &case.bundle()).await;
        assert_eq!(report.outcome, Outcome::Refused);
        assert!(report.findings.iter().all(|finding| finding.file == file), "{:#?}", report.findings);
    }
}

#[tokio::test]
async fn a_file_that_changes_between_the_passes_rolls_everything_back() {
    for (name, from, to) in [
        ("units.csv", "Sở Thử", "Sở Khác"),
        ("cadres.csv", "Đỗ Thị Thử", "Đỗ Thị Khác"),
        ("qualifications.csv", "BASIC", "ADVANCED"),
        ("assignments.csv", "C2,X,CV", "C2,Q,CV"),
        ("rotations.csv", "ROTATION", "TRANSFER"),
        ("quotas.csv", "EXACT,5", "EXACT,6"),
        ("classes.csv", "K1", "K9"),
        ("class_sessions.csv", "2025-06-30", "2025-06-29"),
        ("enrolments.csv", "C3,,LL", "C3,,QQ"),
        ("enrolments.csv", "DROPPED", "FAILED"),
        ("rules.csv", "48", "36"),
    ] {
        let (dir, database) = fresh().await;
        let before = (file(&database, dir.path()).await, dump(database.reader()).await);
        let files = folder(&BUNDLE);
        let progress = Progress::hidden();
        let validated =
            Validated::read(database.reader(), clock(), (Files::Folder(files.path()), &Importer::Operator), &progress)
                .await
                .unwrap();
        let since = hash_chain::end(database.reader()).await.unwrap();

        let path = files.path().join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        fs::write(&path, text.replace(from, to)).unwrap();
        let result = load::load(
            (&database, clock(), &Importer::Operator),
            (Files::Folder(files.path()), &progress),
            (since, validated),
        )
        .await;
        assert!(matches!(result, Err(crate::error::Error::Conflict(_))), "{name}: {result:?}");
        assert_eq!((file(&database, dir.path()).await, dump(database.reader()).await), before, "{name}");
    }
}

/// Validates the bundle, runs a change of the database, then loads the bundle.
async fn import_with_a_change_between(change: impl AsyncFnOnce(&Database)) -> (Report, Vec<String>, Vec<String>) {
    let (_dir, database) = fresh().await;
    let files = folder(&BUNDLE);
    let progress = Progress::hidden();
    let since = hash_chain::end(database.reader()).await.unwrap();
    let validated =
        Validated::read(database.reader(), clock(), (Files::Folder(files.path()), &Importer::Operator), &progress)
            .await
            .unwrap();
    assert_eq!(validated.outcome(), Outcome::Loaded, "the control");
    change(&database).await;
    let before = dump(database.reader()).await;
    let report = load::load(
        (&database, clock(), &Importer::Operator),
        (Files::Folder(files.path()), &progress),
        (since, validated),
    )
    .await
    .unwrap();
    (report, before, dump(database.reader()).await)
}

async fn insert_title(database: &Database, code: &str, name: &str) {
    let title = entity::title::ActiveModel {
        code: Set(code.parse().unwrap()),
        name: Set(name.to_owned()),
        category: Set(entity::value::Category::Cadre),
        tier: Set(None),
        is_key_leader: Set(false),
        group_code: Set(None),
        role: Set(None),
    };
    title.insert(database.writer()).await.unwrap();
}

#[tokio::test]
async fn a_change_made_during_the_validation_does_not_stop_the_import() {
    let (report, ..) = import_with_a_change_between(async |database| insert_title(database, "ZZ", "Khác").await).await;
    assert_eq!((report.outcome, report.errors), (Outcome::Loaded, 0), "{report:?}");
    let cadres = report.files.iter().find(|file| file.name == "cadres.csv").unwrap();
    assert_eq!((cadres.new, cadres.state), (4, FileState::Loaded));

    // Another import loads half of the bundle; those rows are then unchanged.
    let units = async |database: &Database| drop(import_files(database, &BUNDLE[..5]).await);
    let (report, ..) = import_with_a_change_between(units).await;
    assert_eq!((report.outcome, report.errors), (Outcome::Loaded, 0), "{report:?}");
    let cadres = report.files.iter().find(|file| file.name == "cadres.csv").unwrap();
    assert_eq!((cadres.new, cadres.unchanged), (0, 4));

    let all = async |database: &Database| drop(import_files(database, &BUNDLE).await);
    let (report, before, after) = import_with_a_change_between(all).await;
    assert_eq!(report.outcome, Outcome::NothingNew);
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_change_made_during_the_validation_that_contradicts_the_bundle_is_found() {
    let title = async |database: &Database| insert_title(database, "CV", "Khác").await;
    let (report, before, after) = import_with_a_change_between(title).await;
    assert_eq!(report.outcome, Outcome::Refused);
    assert!(report.findings.iter().any(|f| f.file == "titles.csv" && f.code == FindingCode::Differs), "{report:?}");
    assert_eq!(after, before);

    let person = async |database: &Database| {
        let changed = BUNDLE.map(|(name, text)| (name, text.replace("Đỗ Thị Thử", "Đỗ Thị Khác")));
        import_files(database, &changed).await;
    };
    let (report, before, after) = import_with_a_change_between(person).await;
    assert_eq!(report.outcome, Outcome::Refused);
    assert!(report.findings.iter().any(|f| f.file == "cadres.csv" && f.code == FindingCode::Differs), "{report:?}");
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_database_without_reference_lists_is_distinguished_from_a_bad_bundle() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("a.db").display());
    let database = Database::open(&url, Pool::default()).await.unwrap();
    migration::Migrator::up(database.writer(), None).await.unwrap();
    let result = import(&database, clock(), folder(&BUNDLE).path(), Options::default()).await;
    assert!(matches!(result, Err(crate::error::Error::Conflict(_))), "{result:?}");
}

#[tokio::test]
async fn a_person_may_leave_a_unit_on_its_end_day() {
    let (_dir, database) = fresh().await;
    import_files(&database, &BUNDLE).await;
    for (start, not_alive) in [("2025-07-01", false), ("2025-07-02", true)] {
        let rotations = rows("rotations.csv", &format!("C1,D,S,ROTATION,{start},2026-01-01,\n"));
        let files = folder(&[("rotations.csv", rotations)]);
        let report = import(&database, clock(), files.path(), Options { dry_run: true }).await.unwrap();
        let found: Vec<_> = places(&report).into_iter().map(|place| place.4).collect();
        assert_eq!(found.contains(&"UNIT_NOT_ALIVE".to_owned()), not_alive, "{found:?}");
    }
}

#[tokio::test]
async fn a_person_stored_under_another_code_causes_a_warning() {
    let (_dir, database) = fresh().await;
    import_files(&database, &BUNDLE).await;
    let again = |birth| rows("cadres.csv", &format!("D1,999000000009,Đỗ Thị Thử,FEMALE,{birth},,,,,CADRE,,ACTIVE\n"));
    let report = import_files(&database, &[("cadres.csv", again("1980-01-03"))]).await;
    assert_eq!((report.outcome, report.findings), (Outcome::Loaded, vec![]));
    let second = again("1980-01-02").replace("D1,999000000009", "D2,999000000010");
    let report = import_files(&database, &[("cadres.csv", second.as_str())]).await;
    let place = ("cadres.csv".to_owned(), 2, "full_name", 3, "SAME_PERSON".to_owned());
    assert_eq!((report.outcome, places(&report)), (Outcome::Loaded, vec![place]));
    assert!(report.findings[0].sentence.en.contains("C1"), "{:?}", report.findings);
    // Stored persons are not compared again.
    let report = import_files(&database, &[("cadres.csv", second)]).await;
    assert_eq!((report.outcome, report.findings), (Outcome::NothingNew, vec![]));
}

#[tokio::test]
async fn a_corrected_date_of_a_stored_qualification_causes_a_warning() {
    let (_dir, database) = fresh().await;
    import_files(&database, &BUNDLE).await;
    let corrected = BUNDLE[6].1.replace("2010-06", "2010-07");
    let report = import_files(&database, &[("qualifications.csv", corrected.as_str())]).await;
    let place = ("qualifications.csv".to_owned(), 3, "granted_on", 7, "QUALIFICATION_REDATED".to_owned());
    assert_eq!((report.outcome, places(&report)), (Outcome::Loaded, vec![place]));
}

#[tokio::test]
async fn a_unit_that_is_renamed_and_keeps_its_code_has_a_document() {
    let (_dir, database) = fresh().await;
    let units = BUNDLE[0].1.replace("X,P,,COMMUNE,COMMUNE,Xã Thử", "X,P,,COMMUNE,COMMUNE,Phường Thử");
    let successions = rows("unit_successions.csv", "X,X,RENAME,2025-07-01,Nghị quyết số 2\n");
    let files = [("units.csv", units.as_str()), ("unit_successions.csv", &successions)];
    let report = import_files(&database, &files).await;
    assert_eq!((report.outcome, report.findings), (Outcome::Loaded, vec![]));
    let [link] = &entity::unit_succession::Entity::find().all(database.reader()).await.unwrap()[..] else { panic!() };
    assert_eq!(link.predecessor_id, link.successor_id);
    assert_eq!(link.document.as_deref(), Some("Nghị quyết số 2"));
    assert_eq!(import_files(&database, &files).await.outcome, Outcome::NothingNew);

    let merged = successions.replace("RENAME", "MERGE");
    let report = import_files(&database, &[("unit_successions.csv", merged.as_str())]).await;
    assert_eq!(places(&report)[0].4, "BAD_VALUE");
}
