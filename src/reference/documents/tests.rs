use entity::{
    document, unit, unit_version,
    value::{DocumentKind, Tier, UnitKind, VersionId},
};

use super::*;

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

#[test]
fn numbers_are_compared_without_case_blanks_and_leading_zeros() {
    for (text, key) in [
        ("134-KH/TU", Some("134-KH/TU")),
        ("0134 - kh / tu", Some("134-KH/TU")),
        ("134\u{2013}KH/TU", Some("134-KH/TU")),
        ("Kế hoạch số 134-KH/TU, mục II", Some("134-KH/TU")),
        ("Số: 02/2024/QĐ-UBND.", Some("2/2024/QĐ-UBND")),
        ("Nghị quyết số 1/NQ-HĐND, Điều 2", Some("1/NQ-HĐND")),
        ("5-ĐA/TU", Some("5-ĐA/TU")),
        ("5-DA/TU", Some("5-DA/TU")),
        ("ngày 12/3/2020 số 7-CV/TU", Some("7-CV/TU")),
        ("12/3/2020", None),
        ("Nghị quyết 11", None),
        ("QĐ-54", None),
        ("000-KH/TU", None),
        ("", None),
    ] {
        assert_eq!(number_key(text).as_deref(), key, "{text}");
    }
}

#[test]
fn a_symbol_follows_the_number_and_the_year() {
    for (number, expected) in [
        ("134-KH/TU", Some("KH/TU")),
        ("02/2024/QĐ-UBND", Some("QĐ-UBND")),
        ("80/2025/QH15", Some("QH15")),
        ("1/NQ-HĐND", Some("NQ-HĐND")),
        ("12a-QĐ/TU", Some("QĐ/TU")),
        ("12-", None),
        ("12", None),
    ] {
        assert_eq!(symbol(number), expected, "{number}");
    }
}

/// A province with a Party committee below it, two districts, and the country above.
struct Tree {
    units: Units,
    ids: HashMap<&'static str, UnitId>,
}

fn tree() -> Tree {
    let codes = [("W", None), ("P", Some("W")), ("TU", Some("P")), ("A", Some("P")), ("B", Some("P"))];
    let ids: HashMap<&str, UnitId> = codes.iter().map(|(code, _)| (*code, UnitId::new())).collect();
    let rows = codes.map(|(code, _)| unit::Model { id: ids[code], code: code.parse().expect("a code") });
    let versions = codes.map(|(code, parent)| unit_version::Model {
        id: VersionId::new(),
        unit_id: ids[code],
        valid_from: None,
        valid_to: None,
        name: code.to_owned(),
        kind: UnitKind::Province,
        tier: Tier::Province,
        admin_code: None,
        parent_id: parent.map(|parent| ids[parent]),
        party_parent_id: None,
    });
    let units = Units::new(rows.to_vec(), versions.to_vec(), Vec::new());
    Tree { units, ids }
}

/// Documents `code, issuer, day of signing`, all with the number `12-KH/TU`.
fn documents(tree: &Tree, rows: &[(&str, &str, &str)]) -> Documents {
    let row = |(code, issuer, signed_on): &(&str, &str, &str)| document::Model {
        code: code.parse().expect("a code"),
        number: "12-KH/TU".to_owned(),
        kind: DocumentKind::Plan,
        issuer_id: tree.ids.get(issuer).copied(),
        signed_on: day(signed_on),
        valid_from: day(signed_on),
        valid_to: None,
        replaced_by: None,
        title: "Kế hoạch".to_owned(),
        identity: (*code).to_owned(),
        version: 1,
    };
    Documents::of(rows.iter().map(row).collect())
}

#[test]
fn a_number_leads_to_the_document_of_the_nearest_related_issuer() {
    let tree = tree();
    for (rows, unit, found) in [
        (&[("D1", "P", "2023-02-01")][..], "P", Some("D1")),
        (&[("D1", "P", "2023-02-01")], "A", Some("D1")),
        (&[("D1", "P", "2023-02-01"), ("D2", "A", "2023-03-01")], "A", Some("D2")),
        (&[("D1", "P", "2023-02-01"), ("D2", "", "2023-03-01")], "A", Some("D1")),
        (&[("D1", "", "2023-02-01")], "A", Some("D1")),
        // The Party committee of the province is below it.
        (&[("D1", "TU", "2023-02-01")], "P", Some("D1")),
        (&[("D1", "TU", "2023-02-01"), ("D2", "", "2023-02-01")], "P", Some("D2")),
        // Another district has the same number.
        (&[("D1", "B", "2023-02-01")], "A", None),
        (&[("D1", "B", "2023-02-01"), ("D2", "A", "2023-02-01")], "A", Some("D2")),
        // Two committees below.
        (&[("D1", "A", "2023-02-01"), ("D2", "B", "2023-02-01")], "P", None),
        // A national record leads to national documents only.
        (&[("D1", "P", "2023-02-01")], "", None),
        (&[("D1", "P", "2023-02-01"), ("D2", "", "2023-02-01")], "", Some("D2")),
    ] {
        let documents = documents(&tree, rows);
        let citation =
            Citation { text: "Kế hoạch số 12-KH/TU", unit: tree.ids.get(unit).copied(), from: day("2023-01-01") };
        let cited = documents.cited(&tree.units, citation);
        assert_eq!(cited.map(|document| document.row.code.as_str()), found, "{rows:?} {unit}");
    }
}

#[test]
fn of_several_years_the_near_one_is_cited_if_there_is_no_doubt() {
    let tree = tree();
    for (signed, found) in [
        (&["2022-12-31"][..], Some("D0")),
        (&["2023-12-31"], Some("D0")),
        (&["2024-01-01"], None),
        (&["2015-05-05"], Some("D0")),
        (&["2015-05-05", "2023-05-05"], Some("D1")),
        (&["2021-12-31", "2022-01-01"], Some("D1")),
        (&["2022-05-05", "2023-05-05"], None),
        (&["2015-05-05", "2016-05-05"], None),
        (&["2023-05-05", "2024-05-05"], Some("D0")),
    ] {
        let rows: Vec<_> =
            signed.iter().enumerate().map(|(at, signed_on)| (["D0", "D1"][at], "P", *signed_on)).collect();
        let documents = documents(&tree, &rows);
        let citation = Citation { text: "12-KH/TU", unit: tree.ids.get("P").copied(), from: day("2023-01-01") };
        let cited = documents.cited(&tree.units, citation);
        assert_eq!(cited.map(|document| document.row.code.as_str()), found, "{signed:?}");
    }
}

#[test]
fn a_document_is_found_by_the_beginnings_of_its_words() {
    let tree = tree();
    let documents = documents(&tree, &[("D1", "P", "2023-02-01")]);
    let document = documents.by_code("D1").expect("a document");
    for (words, is_found) in [
        ("kế hoạch", true),
        ("ke", true),
        ("12-KH/TU", true),
        ("ho 12", true),
        ("KH/TU", true),
        ("oạch", false),
        ("13", false),
    ] {
        assert_eq!(document.is_found_by(words), is_found, "{words}");
    }
}
