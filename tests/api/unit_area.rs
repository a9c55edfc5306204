//! Areas of units: import, fields, and days.

use cadre_api::{domain::unit::has_area, import::Outcome};
use entity::value::{AreaKind, Day};
use serde_json::{Value, json};

use crate::support::{Kind, TestApp, csv, on_both};

const COLUMNS: &str = "unit_code,area,valid_from,valid_to,document_no";

#[actix_web::test]
async fn a_unit_has_the_areas_of_the_day() {
    on_both(async |app| {
        let rows = "A1,BORDER,2015-01-01,2025-07-01,1-QĐ/UBDT\nA1,VERY_POOR,2021-06-04,,\nA2,NORMAL,2015-01-01,,\n";
        app.import_text(&[("unit_areas.csv", &csv::unit_areas(COLUMNS, rows))]).await;
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let document =
            r#"query($on: Date) { unit(by: {code: "A1"}, asOf: $on) { areas { area validFrom validTo documentNo } } }"#;
        let border =
            json!({"area": "BORDER", "validFrom": "2015-01-01", "validTo": "2025-07-01", "documentNo": "1-QĐ/UBDT"});
        let poor = json!({"area": "VERY_POOR", "validFrom": "2021-06-04", "validTo": null, "documentNo": null});
        for (on, expected) in [
            ("2014-12-31", json!([])),
            ("2015-01-01", json!([border])),
            ("2021-06-03", json!([border])),
            ("2021-06-04", json!([border, poor])),
            ("2025-06-30", json!([border, poor])),
            ("2025-07-01", json!([poor])),
        ] {
            for _ in 0..3 {
                let data = caller.query_with(document, json!({ "on": on })).await;
                assert_eq!(data["unit"]["areas"], expected, "{on}");
            }
            let reference_data = app.app_state.reference_data();
            let units = caller.query(r#"{ unit(by: {code: "A1"}) { id } }"#).await;
            let unit = units["unit"]["id"].as_str().expect("an id").parse().expect("an id");
            let day: Day = on.parse().expect("a day");
            let is_in = |area| has_area(&reference_data, unit, (area, day));
            let named = |word: &str| expected.as_array().expect("areas").iter().any(|area| area["area"] == word);
            assert_eq!(is_in(AreaKind::Border), named("BORDER"), "{on}");
            assert_eq!(is_in(AreaKind::VeryPoor), named("VERY_POOR"), "{on}");
            assert!(!is_in(AreaKind::Normal) && !is_in(AreaKind::Island), "{on}");
        }
        let elsewhere = app.caller(&["cadre:read"], &["B"]).await;
        assert_eq!(elsewhere.query(r#"{ unit(by: {code: "A1"}) { areas { area } } }"#).await["unit"], Value::Null);
    })
    .await;
}

#[actix_web::test]
async fn an_import_adds_areas_and_refuses_contradictions() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::new(kind).await;
        let import = async |rows: &str| {
            let folder = tempfile::tempdir().expect("a folder");
            std::fs::write(folder.path().join("unit_areas.csv"), csv::unit_areas(COLUMNS, rows)).expect("written");
            let report = app.import(folder.path()).await;
            let findings = report.findings.iter().map(|finding| {
                let column = finding.column.map_or("", |column| column.name);
                assert_ne!(finding.sentence.vi, finding.sentence.en);
                format!("{} {column} {}", finding.line.unwrap_or(0), finding.code)
            });
            (report.outcome, findings.collect::<Vec<_>>())
        };
        let first = "A1,BORDER,2015-01-01,2020-01-01,\nA1,ISLAND,2015-01-01,,\n";
        let before = app.app_state.reference_data();
        assert_eq!(import(first).await, (Outcome::Loaded, vec![]), "{kind:?}");
        assert!(!std::sync::Arc::ptr_eq(&before, &app.app_state.reference_data()), "the units are read again");
        assert_eq!(import(first).await, (Outcome::NothingNew, vec![]), "{kind:?}");
        for (rows, finding) in [
            ("A1,BORDER,2015-01-01,2021-01-01,\n", "2 valid_to DIFFERS"),
            ("A1,BORDER,2015-01-01,2020-01-01,1-QĐ\n", "2 document_no DIFFERS"),
            ("A1,BORDER,2019-12-31,,\n", "2 area REPEATED_CODE"),
            ("A1,NORMAL,2020-01-01,,\n", "2 area REPEATED_CODE"),
            ("A2,BORDER,2020-01-01,,\nA2,BORDER,2020-01-01,,\n", "3 unit_code REPEATED_ROW"),
            ("A2,BORDER,2020-01-01,,\nA2,NORMAL,2021-01-01,,\n", "3 area REPEATED_CODE"),
            ("NOWHERE,BORDER,2020-01-01,,\n", "2 unit_code UNKNOWN_CODE"),
            ("A2,DESERT,2020-01-01,,\n", "2 area BAD_VALUE"),
            ("A2,BORDER,,,\n", "2 valid_from MISSING_VALUE"),
            ("A2,BORDER,2020-01-01,2020-01-01,\n", "2 valid_to EMPTY_INTERVAL"),
        ] {
            assert_eq!(import(rows).await, (Outcome::Refused, vec![finding.to_owned()]), "{kind:?} {rows}");
        }
        assert_eq!(import("A1,BORDER,2020-01-01,,\n").await, (Outcome::Loaded, vec![]), "{kind:?}");
        app.stop().await;
    }
}
