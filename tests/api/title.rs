//! Groups, roles and steps of titles.

use cadre_api::{
    domain::title::{Step, is_higher, step_of, titles_of_group},
    import::Outcome,
};
use entity::value::Day;
use serde_json::{Value, json};

use crate::support::{Kind, TestApp, csv, on_both};

const STEPS: &str = "title_code,step,valid_from,valid_to,verification";

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

/// Outcome and findings of an import.
async fn import(app: &TestApp, files: &[(&str, &str)]) -> (Outcome, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let report = app.import(folder.path()).await;
    let findings = report.findings.iter().map(|finding| {
        let column = finding.column.map_or("", |column| column.name);
        assert_ne!(finding.sentence.vi, finding.sentence.en);
        format!("{}:{} {column} {}", finding.file, finding.line.unwrap_or(0), finding.code)
    });
    (report.outcome, findings.collect())
}

#[actix_web::test]
async fn a_title_has_the_step_of_the_day_with_its_basis() {
    on_both(async |app| {
        let rows = "CC,3,2022-05-05,2025-09-08,UNVERIFIED\nCC,2,2025-09-08,,VERIFIED\n";
        app.import_text(&[("title_steps.csv", &csv::title_steps(STEPS, rows))]).await;
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let document =
            "query($on: Date) { titles { code step(asOf: $on) { value verified legalBasis validFrom validTo } } }";
        for (on, expected) in [
            ("2022-05-04", Value::Null),
            ("2022-05-05", json!([3, false, "2022-05-05", "2025-09-08"])),
            ("2025-09-07", json!([3, false, "2022-05-05", "2025-09-08"])),
            ("2025-09-08", json!([2, true, "2025-09-08", null])),
        ] {
            for _ in 0..3 {
                let titles = caller.query_with(document, json!({ "on": on })).await["titles"].clone();
                let title = titles.as_array().expect("titles").iter().find(|title| title["code"] == "CC").expect("CC");
                let step = &title["step"];
                let found = match step {
                    Value::Null => Value::Null,
                    step => json!([step["value"], step["verified"], step["validFrom"], step["validTo"]]),
                };
                assert_eq!(found, expected, "{on}");
            }
            let reference_data = app.app_state.reference_data();
            let step = step_of(&reference_data, "CC", day(on));
            let expected = (!expected.is_null()).then(|| Step {
                value: i16::try_from(expected[0].as_i64().expect("a number")).expect("a step"),
                verified: expected[1] == true,
            });
            assert_eq!(step, expected, "{on}");
        }
        let steps = caller.query("{ titles { code steps { value } } }").await["titles"].clone();
        let of = |code: &str| {
            steps.as_array().expect("titles").iter().find(|title| title["code"] == code).expect(code)["steps"].clone()
        };
        assert_eq!(of("CC"), json!([{"value": 3}, {"value": 2}]));
        assert_eq!(of("CT"), json!([{"value": 2}]));
        assert_eq!(of("UV"), json!([]));
    })
    .await;
}

#[actix_web::test]
async fn a_title_is_higher_only_by_verified_steps() {
    let app = TestApp::new(Kind::Sqlite).await;
    let rows = "CC,3,2020-01-01,2025-01-01,VERIFIED\nCC,1,2025-01-01,2026-01-01,UNVERIFIED\n";
    app.import_text(&[("title_steps.csv", &csv::title_steps(STEPS, rows))]).await;
    let reference_data = app.app_state.reference_data();
    for (title, than, on, expected) in [
        ("BT", "CT", "2024-12-31", Some(true)),
        ("CT", "BT", "2024-12-31", Some(false)),
        ("CT", "CT", "2024-12-31", Some(false)),
        ("CT", "CC", "2024-12-31", Some(true)),
        // Unverified, ended, without a step, unknown.
        ("CC", "CT", "2025-01-01", None),
        ("CT", "CC", "2026-01-01", None),
        ("BT", "UV", "2024-12-31", None),
        ("BT", "??", "2024-12-31", None),
    ] {
        assert_eq!(is_higher(&reference_data, (title, than), day(on)), expected, "{title} {than} {on}");
    }
    app.stop().await;
}

#[actix_web::test]
async fn titles_are_listed_by_group_and_role() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        for (filter, codes) in [
            (r#"(where: {group: "COMMUNE_KEY"})"#, &["BT", "CT"][..]),
            (r#"(where: {group: "COMMUNE_KEY", roles: [DEPUTY]})"#, &[]),
            ("(where: {roles: [MEMBER]})", &["UV"]),
            (r#"(where: {group: "commune_key"})"#, &[]),
        ] {
            let titles = caller.query(&format!("{{ titles{filter} {{ code }} }}")).await["titles"].clone();
            let found: Value = titles.as_array().expect("titles").iter().map(|title| title["code"].clone()).collect();
            assert_eq!(found, json!(codes), "{filter}");
        }
        let reference_data = app.app_state.reference_data();
        let found: Vec<_> = titles_of_group(&reference_data, "COMMUNE_KEY").map(|title| title.code.as_str()).collect();
        assert_eq!(found, ["BT", "CT"]);
        assert_eq!(titles_of_group(&reference_data, "NONE").count(), 0);
    })
    .await;
}

#[actix_web::test]
async fn an_import_completes_groups_and_roles_and_changes_none() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::new(kind).await;
        let title = async |code: &str| {
            let caller = app.caller(&["cadre:read"], &["W"]).await;
            let titles = caller.query("{ titles { code group role } }").await["titles"].clone();
            titles.as_array().expect("titles").iter().find(|title| title["code"] == code).expect(code).clone()
        };
        let before = title("CC").await;
        assert_eq!(before, json!({"code": "CC", "group": null, "role": null}), "{kind:?}: the control");
        let row = |group: &str, role: &str| {
            let stored =
                std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/support/bundle/titles.csv"));
            let stored = stored.expect("titles");
            let line = stored.lines().find(|line| line.starts_with("CC,")).expect("CC").trim_end_matches(",,");
            format!("code,name,category,tier,is_key_leader,group,role\n{line},{group},{role}\n")
        };
        let completed = row("DEPARTMENT_STAFF", "");
        assert_eq!(import(&app, &[("titles.csv", &completed)]).await, (Outcome::Loaded, vec![]), "{kind:?}");
        assert_eq!(title("CC").await["group"], "DEPARTMENT_STAFF", "{kind:?}");
        assert_eq!(import(&app, &[("titles.csv", &completed)]).await, (Outcome::NothingNew, vec![]), "{kind:?}");
        assert_eq!(
            import(&app, &[("titles.csv", &row("DEPARTMENT_STAFF", "STAFF"))]).await,
            (Outcome::Loaded, vec![]),
            "{kind:?}"
        );
        let full = json!({"code": "CC", "group": "DEPARTMENT_STAFF", "role": "STAFF"});
        assert_eq!(title("CC").await, full, "{kind:?}");
        let other = import(&app, &[("titles.csv", &row("OTHER", "HEAD"))]).await;
        let findings = ["titles.csv:2 group DIFFERS", "titles.csv:2 role DIFFERS"].map(str::to_owned).to_vec();
        assert_eq!(other, (Outcome::Refused, findings), "{kind:?}");
        assert_eq!(title("CC").await, full, "{kind:?}");
        app.stop().await;
    }
}

#[actix_web::test]
async fn on_each_day_a_title_has_one_step() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::new(kind).await;
        let import = async |rows: &str| import(&app, &[("title_steps.csv", &csv::title_steps(STEPS, rows))]).await;
        let first = "CC,3,2020-01-01,2025-01-01,VERIFIED\nCC,2,2026-01-01,,VERIFIED\n";
        assert_eq!(import(first).await, (Outcome::Loaded, vec![]), "{kind:?}");
        assert_eq!(import(first).await, (Outcome::NothingNew, vec![]), "{kind:?}");
        for (rows, finding) in [
            ("CC,3,2020-01-01,2025-01-02,VERIFIED\n", "title_steps.csv:2 valid_to DIFFERS"),
            ("CC,4,2024-12-31,2025-06-01,VERIFIED\n", "title_steps.csv:2 valid_from REPEATED_CODE"),
            ("CC,4,2025-01-01,2026-01-02,VERIFIED\n", "title_steps.csv:2 valid_from REPEATED_CODE"),
            ("CC,4,2019-01-01,,VERIFIED\n", "title_steps.csv:2 valid_from REPEATED_CODE"),
        ] {
            assert_eq!(import(rows).await, (Outcome::Refused, vec![finding.to_owned()]), "{kind:?} {rows}");
        }
        assert_eq!(import("CC,4,2025-01-01,2026-01-01,VERIFIED\n").await, (Outcome::Loaded, vec![]), "{kind:?}");
        app.stop().await;
    }
}
