//! Files of other programs: byte order marks, line ends, encodings, quotes, and endless lines.

use std::io::Read;

use entity::institution;
use sea_orm::QueryOrder;

use super::super::{finding::Findings, row::CadreRow, table::Table};
use super::*;

async fn names(database: &Database) -> Vec<String> {
    let rows =
        institution::Entity::find().order_by_asc(institution::Column::Code).all(database.reader()).await.unwrap();
    rows.into_iter().map(|row| format!("{} {}", row.code, row.name)).collect()
}

#[tokio::test]
async fn byte_order_marks_line_ends_quotes_and_the_order_of_columns_do_not_matter() {
    for content in [
        "code,name\nT1,Trường A\nT2,\"Trường, B\"\n",
        "\u{feff}code,name\nT1,Trường A\nT2,\"Trường, B\"\n",
        "code,name\r\nT1,Trường A\r\nT2,\"Trường, B\"\r\n",
        "\u{feff}code,name\r\nT1,Trường A\r\nT2,\"Trường, B\"",
        "code,name\n\n\nT1,Trường A\n\r\nT2,\"Trường, B\"\n\n",
        "\"code\",\"name\"\n\"T1\",\"Trường A\"\n\"T2\",\"Trường, B\"\n",
        "name,code\nTrường A,T1\n\"Trường, B\",T2\n",
    ] {
        let (_dir, database) = fresh().await;
        let report = import_files(&database, &[("institutions.csv", content)]).await;
        assert_eq!((report.outcome, &report.findings), (Outcome::Loaded, &vec![]), "{content:?}");
        assert_eq!(names(&database).await, ["T1 Trường A", "T2 Trường, B"], "{content:?}");
    }
}

#[tokio::test]
async fn a_quotation_mark_within_quotes_is_doubled_and_a_formula_is_text() {
    let (_dir, database) = fresh().await;
    let content = "code,name\nT1,\"Trường \"\"A\"\"\"\nT2,\"=1+1\"\n";
    assert_eq!(import_files(&database, &[("institutions.csv", content)]).await.outcome, Outcome::Loaded);
    assert_eq!(names(&database).await, ["T1 Trường \"A\"", "T2 =1+1"]);
}

#[tokio::test]
async fn lines_are_counted_as_an_editor_counts_them() {
    let (_dir, database) = fresh().await;
    for (content, line) in [
        ("code,name\nT1,a\n?,b\n", 3),
        ("code,name\r\nT1,a\r\n?,b\r\n", 3),
        ("code,name\r\nT1,a\r\n?,b", 3),
        ("\u{feff}code,name\n\n\nT1,a\n\n?,b", 6),
        ("code,name\nT1,\"a\n\nb\"\n?,b\n", 5),
    ] {
        let report = import_files(&database, &[("institutions.csv", content)]).await;
        let last = places(&report).pop().unwrap();
        assert_eq!((last.1, last.2), (line, "code"), "{content:?}");
    }
}

#[tokio::test]
async fn other_encodings_are_refused_with_their_position() {
    let (dir, database) = fresh().await;
    let before = file(&database, dir.path()).await;
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for (content, place) in [
        (b"code,name\nT1,Tr\xfd\xf4ng\n".to_vec(), (2, "name", 2)),
        (b"name,code\nA,T0\nTr\xfd\xf4ng,T1\n".to_vec(), (3, "name", 1)),
        (b"code,name\nT1,a\0b\n".to_vec(), (2, "name", 2)),
        // A character split by the comma is two halves, not a character.
        (b"code,name\nT\xc4,\x90a\n".to_vec(), (2, "code", 1)),
        (utf_16("code,name\nT1,a\n"), (1, "", 0)),
        (utf_16("\u{feff}code,name\nT1,a\n"), (1, "", 0)),
    ] {
        let report = import_files(&database, &[("institutions.csv", &content)]).await;
        assert_eq!(report.outcome, Outcome::Refused);
        let (_, line, name, position, code) = places(&report).swap_remove(0);
        assert_eq!(((line, name, position), code.as_str()), (place, "BAD_ENCODING"), "{content:?}");
    }
    assert_eq!(file(&database, dir.path()).await, before);
}

#[tokio::test]
async fn a_file_of_another_program_is_one_finding_that_says_how_to_save_it() {
    let (_dir, database) = fresh().await;
    let cadres = BUNDLE[4].1;
    let utf_16 = |text: &str| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    // The output of Excel on a Vietnamese Windows.
    let windows_1258 = cadres.replace("Đỗ Thị Thử", "@").into_bytes();
    let mut lines: Vec<u8> = windows_1258.into_iter().filter(u8::is_ascii).collect();
    let at = lines.iter().position(|byte| *byte == b'@').unwrap();
    lines.splice(at..=at, b"\xD0\xF4\xDE Thi\xF2 Th\xFD\xD2".iter().copied());
    for (content, code, words) in [
        (cadres.replace(',', ";").into_bytes(), "BAD_SEPARATOR", ["semicolons", "comma"]),
        (cadres.replace(',', "\t").into_bytes(), "BAD_SEPARATOR", ["tabs", "comma"]),
        (utf_16(cadres), "BAD_ENCODING", ["UTF-16", "CSV UTF-8 (Comma delimited)"]),
        (utf_16(&cadres.replace(',', "\t")), "BAD_ENCODING", ["UTF-16", "CSV UTF-8 (Comma delimited)"]),
        (lines, "BAD_ENCODING", ["Windows-1258", "CSV UTF-8 (Comma delimited)"]),
        (b"PK\x03\x04cadres".to_vec(), "BAD_ENCODING", ["spreadsheet", "CSV UTF-8 (Comma delimited)"]),
        (
            cadres.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>().into(),
            "BAD_HEADER",
            ["header", "code"],
        ),
        (cadres.replace("full_name", "Full Name").replace("gender,", "").into(), "BAD_HEADER", ["gender", "full_name"]),
    ] {
        let report = import_files(&database, &[("cadres.csv", &content)]).await;
        let [finding] = &report.findings[..] else { panic!("{:#?}", report.findings) };
        assert_eq!((report.outcome, report.errors), (Outcome::Refused, 1));
        assert_eq!(finding.code.to_string(), code);
        assert!(words.iter().all(|word| finding.sentence.en.contains(word)), "{words:?}: {}", finding.sentence.en);
        assert_no_protected_values(&report);
    }
}

#[tokio::test]
async fn an_empty_file_lacks_its_columns() {
    let (_dir, database) = fresh().await;
    for content in ["", "\n\n", "\u{feff}"] {
        let report = import_files(&database, &[("institutions.csv", content)]).await;
        assert_eq!(report.outcome, Outcome::Refused);
        assert!(places(&report).iter().all(|place| place.4 == "BAD_HEADER"), "{content:?}");
    }
    let report = import_files(&database, &[("institutions.csv", "code,name\n")]).await;
    assert_eq!(report.outcome, Outcome::NoRows);
    let mut text = Vec::new();
    report.render(Language::English, Extent::Short, &mut text).unwrap();
    assert!(
        String::from_utf8(text)
            .unwrap()
            .ends_with("only headers and no rows; nothing was written. Add rows and import again.\n")
    );
}

#[tokio::test]
async fn lines_that_begin_with_a_hash_and_a_blank_are_comments() {
    let (_dir, database) = fresh().await;
    // Neither the error value `#REF!` of spreadsheets nor a name is a comment.
    let content = "# institutions\n#\nname,code\n# A, T0\n\"# B\",T1\n#1 Trường,T2\n# C\nD,T3\n";
    let report = import_files(&database, &[("institutions.csv", content)]).await;
    assert_eq!((report.outcome, report.files[0].rows), (Outcome::Loaded, 2));
    assert_eq!(names(&database).await, ["T2 #1 Trường", "T3 D"]);
    let report = import_files(&database, &[("institutions.csv", "code,name\n#REF!,A\n# x\n?,B\n")]).await;
    assert_eq!(places(&report).iter().map(|place| place.1).collect::<Vec<_>>(), [2, 4]);
}

#[tokio::test]
async fn a_lone_carriage_return_does_not_end_a_line() {
    let (_dir, database) = fresh().await;
    let report = import_files(&database, &[("institutions.csv", "code,name\nT1,a\rT2,b\n")]).await;
    assert_eq!(places(&report)[0].4, "BAD_RECORD");
}

/// The header of a file of persons, then one endless line; counts the bytes read.
struct Endless<'a>(std::io::Cursor<Vec<u8>>, &'a mut u64);

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = match self.0.read(buffer)? {
            0 => {
                buffer.fill(b'x');
                buffer.len()
            }
            length => length,
        };
        *self.1 += length as u64;
        Ok(length)
    }
}

#[test]
fn a_line_without_end_is_refused_without_being_buffered() {
    let header = BUNDLE[4].1.lines().next().unwrap();
    for begin in ["\n", "\n\"", "\n\n", ""] {
        let mut bytes_read = 0;
        let mut findings = Findings::default();
        let input = Endless(std::io::Cursor::new(format!("{header}{begin}").into_bytes()), &mut bytes_read);
        let mut table = Table::<CadreRow, _>::new(input, 10_000, &Progress::hidden(), &mut findings).unwrap();
        assert!(table.batch(10, &mut findings).unwrap().is_empty());
        assert!(!table.is_whole());
        drop(table);
        assert!(bytes_read < 10_000 + 4 * 64 * 1024, "{bytes_read}");
        let (listed, _) = findings.into_lists();
        assert_eq!(listed.len(), 1, "{listed:?}");
        assert_eq!(listed[0].code, FindingCode::BadRecord);
    }
}

#[test]
fn a_record_within_the_limit_is_read_and_one_beyond_it_is_not() {
    for (length, readable) in [(9_000, true), (11_000, false)] {
        let row = format!("C1,,{},MALE,,,,,,CADRE,,ACTIVE\n", "x".repeat(length));
        let text = format!("{}\n{row}", BUNDLE[4].1.lines().next().unwrap());
        let mut findings = Findings::default();
        let mut table = Table::<CadreRow, _>::new(text.as_bytes(), 10_000, &Progress::hidden(), &mut findings).unwrap();
        assert_eq!(table.batch(10, &mut findings).unwrap().len(), usize::from(readable));
        let (listed, _) = findings.into_lists();
        let code = if readable { FindingCode::BadValue } else { FindingCode::BadRecord };
        assert_eq!((listed.len(), listed[0].code, listed[0].line), (1, code, Some(2)));
    }
}

#[tokio::test]
async fn many_short_records_together_are_not_too_long() {
    let (_dir, database) = fresh().await;
    let mut content = "code,name\n".to_owned();
    for number in 0..60_000 {
        content.push_str(&format!("T{number},Trường đại học số {number} của một tỉnh\n"));
    }
    assert!(content.len() > 2 * 1024 * 1024);
    let report = import_files(&database, &[("institutions.csv", content)]).await;
    assert_eq!((report.outcome, report.files[0].new), (Outcome::Loaded, 60_000));
}

#[cfg(unix)]
#[tokio::test]
async fn an_irregular_file_is_refused_without_being_opened() {
    let (_dir, database) = fresh().await;
    let folder = folder(&BUNDLE);
    let path = folder.path().join("institutions.csv");
    let run_program = |program: &str| {
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new(program).arg(&path).status().unwrap().success());
    };
    run_program("mkfifo");
    let refused = async || {
        let report = import(&database, clock(), folder.path(), Options::default()).await.unwrap();
        // Qualifications refer to institutions, and those references are not reported.
        let place = ("institutions.csv".to_owned(), 0, "", 0, "NOT_A_FILE".to_owned());
        assert_eq!((report.outcome, places(&report)), (Outcome::Refused, vec![place]));
    };
    refused().await;
    run_program("mkdir");
    refused().await;
    fs::remove_dir(&path).unwrap();
    std::os::unix::fs::symlink("/dev/null", &path).unwrap();
    refused().await;
    // A link to a regular file is accepted.
    fs::remove_file(&path).unwrap();
    let moved_file = folder.path().join("aside");
    fs::write(&moved_file, BUNDLE[3].1).unwrap();
    std::os::unix::fs::symlink(&moved_file, &path).unwrap();
    let report = import(&database, clock(), folder.path(), Options::default()).await.unwrap();
    assert_eq!((report.outcome, report.findings), (Outcome::Loaded, vec![]));
}

#[tokio::test]
async fn a_tree_of_twenty_thousand_levels_is_refused_with_one_finding() {
    let (_dir, database) = fresh().await;
    let mut units = rows("units.csv", "");
    for level in 0..20_000 {
        let parent = if level == 0 { String::new() } else { format!("U{}", level - 1) };
        units.push_str(&format!("U{level},{parent},,DEPARTMENT,PROVINCE,Đơn vị {level},,,\n"));
    }
    let report = import_files(&database, &[("units.csv", units)]).await;
    let place = ("units.csv".to_owned(), 34, "parent_code", 2, "UNIT_TOO_DEEP".to_owned());
    assert_eq!((report.outcome, places(&report)), (Outcome::Refused, vec![place]));
}
