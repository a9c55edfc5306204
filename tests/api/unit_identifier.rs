//! Identifiers of units in national systems: look-up, list, import.

use cadre_api::import::Outcome;
use serde_json::{Value, json};

use crate::support::{Kind, TestApp, csv, on_both};

/// The code of the unit that a `VN_AGENCY` identifier finds, or null. The query is sent until the fast path has
/// answered it as well.
async fn found(caller: &crate::support::Caller<'_>, value: &str, days: (&str, &str)) -> Value {
    let document = "query($value: String!, $key: Date, $shown: Date) {
        unit(by: {identifier: {system: VN_AGENCY, value: $value, asOf: $key}}, asOf: $shown) { code asOf } }";
    let day = |day: &str| if day.is_empty() { Value::Null } else { day.into() };
    let variables = json!({ "value": value, "key": day(days.0), "shown": day(days.1) });
    let first = caller.query_with(document, variables.clone()).await;
    for _ in 0..2 {
        assert_eq!(caller.query_with(document, variables.clone()).await, first);
    }
    let unit = &first["unit"];
    if !unit.is_null() {
        let requested_day = if days.1.is_empty() { "2026-06-01" } else { days.1 };
        assert_eq!(unit["asOf"], requested_day, "the day of the key selects the unit, and the argument its version");
    }
    unit["code"].clone()
}

#[actix_web::test]
async fn an_identifier_names_the_unit_of_its_day() {
    on_both(async |app| {
        let rows = csv::unit_identifiers(
            "unit_code,value,valid_from,valid_to",
            "A1,T1.1,2010-01-01,2020-01-01\n\
             A2,T1.1,2021-01-01,\n\
             A1,T1.2,,\n",
        );
        app.import_text(&[("unit_identifiers.csv", &rows)]).await;
        let caller = app.caller(&["cadre:read"], &["W"]).await;

        for (value, key, requested_day, code) in [
            ("T1.1", "2009-12-31", "", None),
            ("T1.1", "2010-01-01", "", Some("A1")),
            ("T1.1", "2019-12-31", "", Some("A1")),
            ("T1.1", "2020-01-01", "", None),
            ("T1.1", "2020-12-31", "", None),
            ("T1.1", "2021-01-01", "", Some("A2")),
            // Without a day in the key, the requested day decides; without both, today.
            ("T1.1", "", "2019-12-31", Some("A1")),
            ("T1.1", "", "2020-06-01", None),
            ("T1.1", "", "", Some("A2")),
            ("T1.1", "2015-01-01", "2024-01-01", Some("A1")),
            ("T1.1", "2024-01-01", "2015-01-01", Some("A2")),
            ("T1.2", "1900-01-01", "", Some("A1")),
            ("T1.2", "", "", Some("A1")),
            ("T1", "", "", None),
            ("T1.3", "", "", None),
            ("t1.2", "", "", None),
        ] {
            assert_eq!(found(&caller, value, (key, requested_day)).await, json!(code), "{value} {key} {requested_day}");
        }

        let other = r#"{ unit(by: {identifier: {system: PARTY, value: "T1.2"}}) { code } }"#;
        assert_eq!(caller.query(other).await, json!({"unit": null}), "the value of another system");
    })
    .await;
}

#[actix_web::test]
async fn an_identifier_out_of_reach_finds_nothing() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["A"]).await;
        assert_eq!(found(&caller, "T90.1.1", ("", "")).await, "A1");
        assert_eq!(found(&caller, "T90.2.1", ("", "")).await, Value::Null);
        let all = app.caller(&["cadre:read"], &["W"]).await;
        assert_eq!(found(&all, "T90.2.1", ("", "")).await, "B1", "the control: the identifier exists");
    })
    .await;
}

#[actix_web::test]
async fn a_unit_lists_all_its_identifiers_on_any_day() {
    on_both(async |app| {
        let rows = csv::unit_identifiers(
            "unit_code,system,value,valid_from,valid_to",
            "A1,VN_AGENCY,T90.1.9,2018-01-01,2020-09-15\nA1,PARTY,t-1,,\n",
        );
        app.import_text(&[("unit_identifiers.csv", &rows)]).await;
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let row = |system: &str, value: &str, from: Option<&str>, to: Option<&str>| json!({"system": system, "value": value, "validFrom": from, "validTo": to});
        let expected = json!([
            row("VN_AGENCY", "T90.1.9", Some("2018-01-01"), Some("2020-09-15")),
            row("VN_AGENCY", "T90.1.1", Some("2020-09-15"), None),
            row("QCVN_102", "001.01.00.T90", None, Some("2020-09-15")),
            row("PARTY", "t-1", None, None),
        ]);
        let fields = "identifiers { system value validFrom validTo }";
        let document = format!(
            r#"{{ now: unit(by: {{code: "A1"}}) {{ {fields} }}
                then: unit(by: {{code: "A1"}}, asOf: "2000-01-01") {{ {fields} }}
                none: unit(by: {{code: "A2"}}) {{ {fields} }} }}"#
        );
        for _ in 0..3 {
            let data = caller.query(&document).await;
            let identifiers = |of: &str| &data[of]["identifiers"];
            assert_eq!((identifiers("now"), identifiers("then")), (&expected, &expected));
            assert_eq!(identifiers("none"), &json!([]));
        }
    })
    .await;
}

#[actix_web::test]
async fn an_import_adds_identifiers_and_refuses_contradictions() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::new(kind).await;
        let import = async |rows: &str| {
            let folder = tempfile::tempdir().expect("a folder");
            let text = csv::unit_identifiers("unit_code,system,value,valid_from,valid_to", rows);
            std::fs::write(folder.path().join("unit_identifiers.csv"), text).expect("written");
            let report = app.import(folder.path()).await;
            let findings = report.findings.iter().map(|finding| {
                let column = finding.column.map_or("", |column| column.name);
                assert_ne!(finding.sentence.vi, finding.sentence.en);
                format!("{}:{} {column} {}", finding.file, finding.line.unwrap_or(0), finding.code)
            });
            (report.outcome, findings.collect::<Vec<_>>())
        };
        let refused = |line: u64, column: &str, code: &str| {
            (Outcome::Refused, vec![format!("unit_identifiers.csv:{line} {column} {code}")])
        };

        // The units are stored; an earlier and a later interval may belong to other units.
        let more = "A1,VN_AGENCY,T5,2010-01-01,2012-01-01\nA2,VN_AGENCY,T5,2012-01-01,2014-01-01\n";
        assert_eq!(import(more).await, (Outcome::Loaded, vec![]), "{kind:?}");
        assert_eq!(import(more).await, (Outcome::NothingNew, vec![]), "{kind:?}");
        for (rows, expected) in [
            ("A1,VN_AGENCY,T5,2010-01-01,2012-01-02\n", refused(2, "value", "DIFFERS")),
            ("A2,VN_AGENCY,T5,2011-12-31,2012-01-01\n", refused(2, "value", "DIFFERS")),
            ("B1,VN_AGENCY,T5,,\n", refused(2, "value", "DIFFERS")),
            ("B1,VN_AGENCY,T6,,\nB,VN_AGENCY,T6,2020-01-01,2020-01-02\n", refused(3, "value", "REPEATED_CODE")),
            ("B1,VN_AGENCY,T6,,\nB1,VN_AGENCY,T6,,\n", refused(3, "unit_code", "REPEATED_ROW")),
            ("NOWHERE,VN_AGENCY,T6,,\n", refused(2, "unit_code", "UNKNOWN_CODE")),
            ("B1,VN_AGENCY,T.,,\n", refused(2, "value", "BAD_VALUE")),
            ("B1,QCVN_102,T6,,\n", refused(2, "value", "BAD_VALUE")),
            ("B1,ADMIN_UNIT,T6,,\n", refused(2, "value", "BAD_VALUE")),
            ("B1,PARTY,T 6,,\n", refused(2, "value", "BAD_VALUE")),
            ("B1,TAX,T6,,\n", refused(2, "system", "BAD_VALUE")),
            ("B1,VN_AGENCY,T6,2020-01-01,2020-01-01\n", refused(2, "valid_to", "EMPTY_INTERVAL")),
        ] {
            assert_eq!(import(rows).await, expected, "{kind:?} {rows}");
        }

        let before = app.app_state.reference_data();
        let between = "B,VN_AGENCY,T5,,2010-01-01\nB1,VN_AGENCY,T5,2014-01-01,\n";
        assert_eq!(import(between).await, (Outcome::Loaded, vec![]), "{kind:?}");
        assert!(!std::sync::Arc::ptr_eq(&before, &app.app_state.reference_data()), "the units are loaded again");
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        for (day, code) in [("2009-12-31", "B"), ("2011-01-01", "A1"), ("2013-12-31", "A2"), ("2014-01-01", "B1")] {
            assert_eq!(found(&caller, "T5", (day, "")).await, code, "{kind:?} {day}");
        }
        app.stop().await;
    }
}
