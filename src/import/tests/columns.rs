//! Columns that a file lacks, repeats, misspells or has in another order.

use csv::{ReaderBuilder, WriterBuilder};
use entity::value::NativePlace;

use super::*;
use crate::domain::bundle::FileFormat;

/// A file with its records changed; the first record is the header.
fn edited(text: &str, mut edit: impl FnMut(usize, &mut Vec<String>)) -> String {
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    for (nth, record) in reader.records().enumerate() {
        let mut cells: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
        edit(nth, &mut cells);
        writer.write_record(&cells).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// Position of a column in a file; `None` if the file lacks it.
fn position(text: &str, column: &str) -> Option<usize> {
    text.lines().next().unwrap().split(',').position(|name| name == column)
}

/// A file without a column. A bundle may lack an optional column from the start.
fn without(text: &str, column: &str) -> String {
    position(text, column).map_or_else(|| text.to_owned(), |at| edited(text, |_, cells| drop(cells.remove(at))))
}

/// A file with empty cells in a column; `None` if it lacks the column.
fn emptied(text: &str, column: &str) -> Option<String> {
    let at = position(text, column)?;
    let empty = |nth, cells: &mut Vec<String>| {
        if nth > 0 {
            cells[at].clear();
        }
    };
    Some(edited(text, empty))
}

/// The bundle with one file changed.
fn bundle(file: &str, change: impl Fn(&str) -> String) -> Vec<(&'static str, String)> {
    let changed = |(name, text): cases::File| (name, if name == file { change(text) } else { text.to_owned() });
    BUNDLE.into_iter().map(changed).collect()
}

#[tokio::test]
async fn a_file_may_lack_exactly_its_optional_columns() {
    let (_dir, database) = fresh().await;
    for FileFormat { name, columns, optional } in FILES {
        for column in columns {
            let files = bundle(name, |text| without(text, column));
            let report = import(&database, clock(), folder(&files).path(), Options { dry_run: true }).await.unwrap();
            if optional.contains(column) {
                assert_eq!((report.outcome, report.findings), (Outcome::DryRun, vec![]), "{name} {column}");
                continue;
            }
            let [finding] = &report.findings[..] else { panic!("{name} {column}: {:#?}", report.findings) };
            let place = (finding.file.as_str(), finding.line, finding.code.to_string());
            assert_eq!(place, (name, Some(1), "BAD_HEADER".to_owned()), "{column}");
            let missing = format!("missing columns: {column};");
            assert!(finding.sentence.en.contains(&missing), "{name}: {}", finding.sentence.en);
        }
    }
}

#[tokio::test]
async fn a_new_row_has_no_value_in_an_absent_column() {
    let (_dir, database) = fresh().await;
    let files = bundle("cadres.csv", |text| without(&without(text, "national_id"), "birth_on"));
    assert_eq!(import_files(&database, &files).await.outcome, Outcome::Loaded);
    let people = entity::cadre::Entity::find().all(database.reader()).await.unwrap();
    assert_eq!(people.len(), 4);
    for person in people {
        assert_eq!((person.national_id, person.birth_on), (None, None), "{}", person.code);
        let has_place = ["C1", "C2"].contains(&person.code.as_str());
        let native_place = has_place.then(|| NativePlace::seal("03124".to_owned()));
        assert_eq!(person.native_place_code, native_place, "the control: the columns after it keep their values");
    }
}

#[tokio::test]
async fn an_absent_column_is_not_compared_and_stored_values_remain() {
    let (_dir, database) = fresh().await;
    assert_eq!(import_files(&database, &BUNDLE).await.outcome, Outcome::Loaded);
    let before = dump(database.reader()).await;
    let mut compared = 0;
    for FileFormat { name, optional, .. } in FILES {
        let all = bundle(name, |text| optional.iter().fold(text.to_owned(), |text, column| without(&text, column)));
        assert_eq!(import_files(&database, &all).await.outcome, Outcome::NothingNew, "{name}");
        for column in optional {
            let report = import_files(&database, &bundle(name, |text| without(text, column))).await;
            assert_eq!((report.outcome, report.findings), (Outcome::NothingNew, vec![]), "{name} {column}");

            let (_, text) = BUNDLE.into_iter().find(|(file, _)| *file == name).unwrap();
            let Some(empty) = emptied(text, column) else { continue };
            let files = folder(&bundle(name, |_| empty.clone()));
            let report = import(&database, clock(), files.path(), Options { dry_run: true }).await.unwrap();
            assert_ne!(report.outcome, Outcome::NothingNew, "the control: an empty cell is compared: {name} {column}");
            compared += 1;
        }
    }
    assert!(compared >= 20, "the control: the bundle has the optional columns, {compared} of them");
    assert_eq!(dump(database.reader()).await, before);
}

#[tokio::test]
async fn a_file_that_lacks_a_column_may_add_rows_to_stored_ones() {
    let (_dir, database) = fresh().await;
    assert_eq!(import_files(&database, &BUNDLE).await.outcome, Outcome::Loaded);
    let papers = "cadre_code,subject,level,granted_on\n\
                  C1,PROFESSIONAL,UNIVERSITY,2002\n\
                  C1,PROFESSIONAL,MASTER,2020\n\
                  C1,PROFESSIONAL,MASTER,2021\n";
    let report = import_files(&database, &[("qualifications.csv", papers)]).await;
    assert_eq!((report.files[0].unchanged, report.files[0].new), (1, 2), "{:#?}", report.findings);
    assert_eq!(
        places(&report),
        [("qualifications.csv".to_owned(), 4, "granted_on", 4, "QUALIFICATION_REDATED".to_owned())]
    );
}

#[tokio::test]
async fn a_column_that_is_repeated_or_misspelt_refuses_the_file_even_if_it_may_be_absent() {
    let (_dir, database) = fresh().await;
    let before = dump(database.reader()).await;
    for (header, words) in [
        ("code,full_name,gender,category,status,birth_on,birth_on", "column number 7 repeats an earlier column"),
        (
            "code,full_name,gender,category,status,rank_cod",
            "column number 6 is not in the format (did you mean rank_code?)",
        ),
        ("code,full_name,gender,category,status,native_place", "did you mean native_place_code?"),
        ("code,full_name,gender,category,status,shoe_size", "column number 6 is not in the format"),
        ("code,full_name,gender,category,statu,birth_on", "missing columns: status"),
    ] {
        let cells = vec!["x"; header.split(',').count()].join(",");
        let report = import_files(&database, &[("cadres.csv", format!("{header}\n{cells}\n"))]).await;
        let [finding] = &report.findings[..] else { panic!("{header}: {:#?}", report.findings) };
        assert_eq!((report.outcome, finding.code.to_string()), (Outcome::Refused, "BAD_HEADER".to_owned()), "{header}");
        assert!(finding.sentence.en.contains(words), "{header}: {}", finding.sentence.en);
    }
    assert_eq!(dump(database.reader()).await, before);
}

#[tokio::test]
async fn columns_may_have_any_order() {
    let (_dir, database) = fresh().await;
    assert_eq!(import_files(&database, &BUNDLE).await.outcome, Outcome::Loaded);
    for FileFormat { name, .. } in FILES {
        let reversed = bundle(name, |text| edited(text, |_, cells| cells.reverse()));
        let report = import_files(&database, &reversed).await;
        assert_eq!((report.outcome, report.findings), (Outcome::NothingNew, vec![]), "{name}");
    }
}
