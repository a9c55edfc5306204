//! Whole imports: the findings of each invalid bundle, that it changes nothing, and the effects of a valid one.
//!
//! The checks take a `Database`, so that they can run on either kind.

mod bytes;
mod cases;
mod columns;
mod dump;
mod history;

use std::{fs, path::Path};

use migration::MigratorTrait;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait};

use super::*;
use crate::{db::Pool, domain::maintenance, language::Language};
use cases::{BROKEN, BUNDLE, Case, DIFFERING, DOUBTFUL};
use dump::dump;

fn clock() -> Clock {
    Clock::Fixed("2026-06-01T03:00:00Z".parse().unwrap())
}

/// A database in a temporary folder, with the reference lists.
async fn fresh() -> (tempfile::TempDir, Database) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("a.db").display());
    let database = Database::open(&url, Pool::default()).await.unwrap();
    migration::Migrator::up(database.writer(), None).await.unwrap();
    maintenance::install_reference_lists(&database, clock()).await.unwrap();
    (dir, database)
}

fn folder<T: AsRef<[u8]>>(files: &[(&str, T)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(dir.path().join(name), content).unwrap();
    }
    dir
}

/// The number of rows of a file of the bundle, without its header.
fn row_count((_, text): &(&str, &str)) -> u64 {
    text.lines().count() as u64 - 1
}

/// A file with these rows, in the columns of the file of the bundle.
fn rows(file: &str, rows: &str) -> String {
    let (_, text) = BUNDLE.into_iter().find(|(name, _)| *name == file).unwrap();
    format!("{}\n{rows}", text.lines().next().unwrap())
}

async fn import_files<T: AsRef<[u8]>>(database: &Database, files: &[(&str, T)]) -> Report {
    import(database, clock(), folder(files).path(), Options::default()).await.unwrap()
}

/// The bytes of an embedded database after its journal has been folded into it.
async fn file(database: &Database, dir: &Path) -> Vec<u8> {
    database.writer().execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    fs::read(dir.join("a.db")).unwrap()
}

fn places(report: &Report) -> Vec<(String, u64, &'static str, usize, String)> {
    let place = |finding: &Finding| {
        let (name, position) = finding.column.map_or(("", 0), |column| (column.name, column.position));
        (finding.file.clone(), finding.line.unwrap_or(0), name, position, finding.code.to_string())
    };
    report.findings.iter().map(place).collect()
}

fn expected(case: &Case) -> (String, u64, &'static str, usize, String) {
    let (file, line, column, position, code) = case.finding;
    (file.to_owned(), line, column, position, code.to_owned())
}

/// No sentence repeats what protected cells of the bundle hold.
fn assert_discreet(report: &Report) {
    for finding in &report.findings {
        for sentence in [&finding.sentence.vi, &finding.sentence.en] {
            for secret in ["99900", "00008", "00018", "1980", "1975", "1998", "2100-", "Thử", "Đỗ", "Giàng", " 55"]
            {
                assert!(!sentence.contains(secret), "{sentence}");
            }
        }
    }
}

async fn assert_refused(database: &Database, cases: &[Case]) {
    let before = dump(database.reader()).await;
    for case in cases {
        let report = import_files(database, &case.bundle()).await;
        let what = format!("{}: {:?} -> {:?}: {:#?}", case.file, case.old, case.new, report.findings);
        assert_eq!(report.outcome, Outcome::Refused, "{what}");
        assert!(places(&report).contains(&expected(case)), "{what}");
        assert_discreet(&report);
        assert_eq!(dump(database.reader()).await, before, "{what}");
    }
}

#[tokio::test]
async fn a_broken_bundle_is_refused_with_its_place_and_changes_nothing() {
    let (dir, database) = fresh().await;
    let before = file(&database, dir.path()).await;
    assert_refused(&database, &BROKEN).await;
    assert_eq!(file(&database, dir.path()).await, before);

    let report = import_files(&database, &BUNDLE).await;
    assert_eq!((report.outcome, report.findings), (Outcome::Loaded, vec![]));
    assert_ne!(file(&database, dir.path()).await, before);
}

#[tokio::test]
async fn a_broken_bundle_has_no_findings_but_its_own() {
    let (_dir, database) = fresh().await;
    for case in &BROKEN {
        let report = import_files(&database, &case.bundle()).await;
        let code = case.finding.4;
        // A wrong column name is also a missing column; a cycle and a missing parent are reported on each affected row.
        let more = ["BAD_HEADER", "UNIT_CYCLE"].contains(&code);
        let more = more || (case.file == "units.csv" && code == "EMPTY_INTERVAL");
        assert!(more || places(&report) == [expected(case)], "{:?} {:#?}", case.new, report.findings);
    }
}

#[tokio::test]
async fn a_doubtful_bundle_is_loaded_with_a_warning() {
    for case in &DOUBTFUL {
        let (_dir, database) = fresh().await;
        let report = import_files(&database, &case.bundle()).await;
        assert_eq!(report.outcome, Outcome::Loaded, "{:#?}", report.findings);
        assert_eq!(places(&report), [expected(case)]);
        assert_eq!((report.errors, report.warnings), (0, 1));
        assert_discreet(&report);

        let before = dump(database.reader()).await;
        assert_eq!(import_files(&database, &case.bundle()).await.outcome, Outcome::NothingNew);
        assert_eq!(dump(database.reader()).await, before);
    }
}

#[tokio::test]
async fn what_contradicts_the_database_is_refused() {
    let (dir, database) = fresh().await;
    assert_eq!(import_files(&database, &BUNDLE).await.outcome, Outcome::Loaded);
    let before = file(&database, dir.path()).await;
    assert_refused(&database, &DIFFERING).await;
    assert_refused(&database, &BROKEN).await;
    assert_eq!(file(&database, dir.path()).await, before);
}

#[tokio::test]
async fn a_second_import_changes_nothing() {
    let (dir, database) = fresh().await;
    import_files(&database, &BUNDLE).await;
    let before = (file(&database, dir.path()).await, dump(database.reader()).await);
    let report = import_files(&database, &BUNDLE).await;
    assert_eq!(report.outcome, Outcome::NothingNew);
    assert!(report.files.iter().all(|file| file.new == 0 && file.unchanged == file.rows), "{:?}", report.files);
    assert_eq!((file(&database, dir.path()).await, dump(database.reader()).await), before);
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_says_what_it_would() {
    let (dir, database) = fresh().await;
    let before = file(&database, dir.path()).await;
    let report = import(&database, clock(), folder(&BUNDLE).path(), Options { dry_run: true }).await.unwrap();
    assert_eq!(report.outcome, Outcome::DryRun);
    assert_eq!(report.files.iter().map(|file| file.new).sum::<u64>(), BUNDLE.iter().map(row_count).sum::<u64>());
    assert_eq!(file(&database, dir.path()).await, before);
}

#[tokio::test]
async fn a_report_reads_as_a_table() {
    let (_dir, database) = fresh().await;
    let mut files = BROKEN[14].bundle();
    files.retain(|(name, _)| matches!(*name, "units.csv" | "unit_successions.csv" | "titles.csv"));
    files.push(("notes.csv", String::new()));
    files.push(("manifest.json", "{}".to_owned()));
    let report = import_files(&database, &files).await;
    let mut text = Vec::new();
    report.render(Language::English, Extent::Short, &mut text).unwrap();
    insta::assert_snapshot!(String::from_utf8(text).unwrap(), @r"
    notes.csv WARNING UNKNOWN_FILE: the file is not part of the bundle format and was ignored; check its name
    units.csv:7:2 (parent_code) ERROR UNKNOWN_CODE: the code Q is neither in units.csv nor in the database; correct it or add its row

    file                            rows         new   unchanged
    units.csv                          7           6           0
    unit_successions.csv               1           1           0
    titles.csv                         2           2           0

    Refused: 1 error, 1 warning; nothing was written. Correct the rows that have errors and import again.
    ");
    insta::assert_snapshot!(serde_json::to_string_pretty(&report.findings[1]).unwrap(), @r#"
    {
      "severity": "ERROR",
      "file": "units.csv",
      "line": 7,
      "column": {
        "name": "parent_code",
        "position": 2
      },
      "code": "UNKNOWN_CODE",
      "sentence": {
        "vi": "mã Q không có trong units.csv và cũng không có trong cơ sở dữ liệu; hãy sửa mã hoặc bổ sung dòng còn thiếu",
        "en": "the code Q is neither in units.csv nor in the database; correct it or add its row"
      }
    }
    "#);
}

#[tokio::test]
async fn a_finding_shows_what_stands_there_and_what_was_meant() {
    let (_dir, database) = fresh().await;
    for (file, old, new, words) in [
        (
            "assignments.csv",
            "2012-01-01,,true",
            "12/03/2012,,true",
            &["\"12/03/2012\"", "did you mean 2012-03-12?"][..],
        ),
        ("quotas.csv", "X,LL,", "X,LLL,", &["LLL", "did you mean LL?"]),
        ("assignments.csv", "2012-01-01,,true", "2012-01-01,,TRUE", &["\"TRUE\"", "did you mean true?"]),
        ("assignments.csv", "2012-01-01,,true", "2012-01-01,,NULLX", &["\"NULLX\"", "true, false"]),
        ("qualifications.csv", "2010-06", "06/2010", &["\"06/2010\"", "did you mean 2010-06?"]),
        ("qualifications.csv", "INFORMATICS", "Tin học", &["\"Tin học\"", "POLITICAL_THEORY"]),
        ("qualifications.csv", "INFORMATICS", "INFORMATIC", &["\"INFORMATIC\"", "did you mean INFORMATICS?"]),
        ("qualifications.csv", "INFORMATICS,BASIC", "INFORMATICS,Cơ bản", &["\"Cơ bản\"", "ADVANCED, BASIC"]),
        ("cadres.csv", "RETIRED", "RETIRD", &["\"RETIRD\"", "did you mean RETIRED?"]),
        // Neither the day of birth nor what it would be in the right form.
        ("cadres.csv", "1980-01-02", "02/01/1980", &["2025-07-31, not 31/07/2025"]),
        ("rotations.csv", "SECONDMENT", "Biệt phái", &["\"Biệt phái\"", "SECONDMENT"]),
    ] {
        let finding = ("", 0, "", 0, "");
        let report = import_files(&database, &Case { file, old, new, finding }.bundle()).await;
        let [finding] = &report.findings[..] else { panic!("{new}: {:#?}", report.findings) };
        assert!(words.iter().all(|word| finding.sentence.en.contains(word)), "{words:?}: {}", finding.sentence.en);
        assert_discreet(&report);
    }
}

#[tokio::test]
async fn a_folder_without_any_file_of_the_format_is_refused() {
    let (_dir, database) = fresh().await;
    for files in [&[("notes.csv", "a\n")][..], &[("manifest.json", "{}")], &[]] {
        let result = import(&database, clock(), folder(files).path(), Options::default()).await;
        assert!(matches!(result, Err(crate::error::Error::Invalid { .. })), "{result:?}");
    }
    let nowhere = tempfile::tempdir().unwrap().path().join("nowhere");
    assert!(import(&database, clock(), &nowhere, Options::default()).await.is_err());
}

#[tokio::test]
async fn the_example_is_imported_without_a_finding_and_the_template_without_a_row() {
    let (_dir, database) = fresh().await;
    let template = tempfile::tempdir().unwrap();
    let into = template.path().join("bundle");
    write_template(&into).unwrap();
    let report = import(&database, clock(), &into, Options::default()).await.unwrap();
    assert_eq!((report.outcome, report.findings, report.files.len()), (Outcome::NoRows, vec![], FILES.len()));

    // With the example rows the template is a bundle as well.
    for entry in fs::read_dir(&into).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.lines().nth(1).unwrap().starts_with("# "), "{text}");
    }

    let example = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bundle"));
    let report = import(&database, clock(), example, Options::default()).await.unwrap();
    assert_eq!((report.outcome, report.findings, report.files.len()), (Outcome::Loaded, vec![], FILES.len()));
}

#[test]
fn a_template_overwrites_nothing() {
    let dir = folder(&[("quotas.csv", "mine")]);
    let refused = write_template(dir.path());
    assert!(matches!(refused, Err(crate::error::Error::Invalid { .. })), "{refused:?}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(dir.path().join("quotas.csv")).unwrap(), "mine");
}
