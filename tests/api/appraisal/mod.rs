//! Appraisals: reading, protection, good years, imports and exports.

mod commands;
mod counts;
mod study;

use cadre_api::import::{self, Options};
use entity::{access_entry, cadre, value::Purpose};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use crate::support::{Caller, TestApp, clock, csv, on_both};

const READ: [&str; 2] = ["cadre:read", "appraisal:read"];
const OF_2015: &str = r#"{ cadre(by: {code: "A-02"}) { appraisals(year: 2015) {
    system period year number unit { code } points result decidedOn documentNo state supersededBy endedOn reason version
} } }"#;

/// Imports appraisals.
async fn add(app: &TestApp, columns: &str, rows: &str) {
    app.import_text(&[("appraisals.csv", &csv::appraisals(columns, rows))]).await;
}

/// The results of a person, each with its system and year.
async fn results(caller: &Caller<'_>, cadre: &str, arguments: &str) -> Vec<String> {
    let document = format!(
        "{{ cadre(by: {{code: \"{cadre}\"}}) {{ appraisals{arguments} {{ system period year number result }} }} }}"
    );
    let answer = caller.query(&document).await;
    let line = |row: &Value| {
        let text = |name: &str| row[name].as_str().expect(name).to_owned();
        format!("{} {} {}-{} {}", text("system"), text("period"), row["year"], row["number"], text("result"))
    };
    answer["cadre"]["appraisals"].as_array().expect("appraisals").iter().map(line).collect()
}

/// The entries of the access log: person and categories.
async fn log(app: &TestApp) -> Vec<(String, String)> {
    let rows = access_entry::Entity::find()
        .find_also_related(cadre::Entity)
        .order_by_asc(access_entry::Column::Seq)
        .all(app.database.reader())
        .await
        .expect("read");
    let entry = |(row, person): (access_entry::Model, Option<cadre::Model>)| {
        (person.expect("a person").code.to_string(), row.categories)
    };
    rows.into_iter().map(entry).collect()
}

/// Code of the first error of a document that is sent with a purpose, or without one.
async fn code_of(caller: &Caller<'_>, purpose: Option<&str>, document: &str) -> Value {
    let request = caller.app.http().post(format!("{}/graphql", caller.app.url)).bearer_auth(&caller.token);
    let request = purpose.into_iter().fold(request, |request, purpose| request.header("X-Purpose", purpose));
    let request = request.json(&json!({ "query": document }));
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    answer["errors"][0]["extensions"]["code"].clone()
}

#[actix_web::test]
async fn an_appraisal_has_the_values_of_its_row() {
    on_both(async |app| {
        add(
            app,
            "cadre_code,system,period,year,number,unit_code,points,result,decided_on",
            "A-02,PARTY,QUARTER,2026,1,A1P,92.5,EXCELLENT,2026-04-05",
        )
        .await;
        let caller = app.caller(&READ, &["A"]).await;

        let answer = caller.query(OF_2015).await;
        let expected = json!([
            {"system": "PARTY", "period": "YEAR", "year": 2015, "number": null, "unit": {"code": "A1P"}, "points": null,
             "result": "GOOD", "decidedOn": "2015-12-12", "documentNo": null, "state": "CURRENT", "supersededBy": null,
             "endedOn": null, "reason": null, "version": 1},
            {"system": "STATE", "period": "YEAR", "year": 2015, "number": null, "unit": {"code": "A1"}, "points": null,
             "result": "EXCELLENT", "decidedOn": "2015-12-10", "documentNo": null, "state": "CURRENT",
             "supersededBy": null, "endedOn": null, "reason": null, "version": 1},
        ]);
        assert_eq!(answer["cadre"]["appraisals"], expected);

        let points = caller.query(r#"{ cadre(by: {code: "A-02"}) { appraisals { id number points } } }"#).await;
        let first = &points["cadre"]["appraisals"][0];
        assert_eq!((&first["number"], &first["points"]), (&json!(1), &json!(92.5)));
        let node = format!("{{ node(id: {}) {{ ... on Appraisal {{ points cadre: id }} }} }}", first["id"]);
        assert_eq!(caller.query(&node).await["node"], json!({"points": 92.5, "cadre": first["id"]}));
    })
    .await;
}

#[actix_web::test]
async fn a_list_is_filtered_by_system_and_years_and_shows_what_was_decided_by_the_day() {
    on_both(async |app| {
        let caller = app.caller(&READ, &["A"]).await;
        let (good, excellent, party) =
            ("STATE YEAR 2014-null GOOD", "STATE YEAR 2015-null EXCELLENT", "PARTY YEAR 2015-null GOOD");
        for (arguments, expected) in [
            ("(yearFrom: 2010, yearTo: 2019)", &[party, excellent, good][..]),
            ("(yearFrom: 2015)", &[party, excellent]),
            ("(yearTo: 2014)", &[good]),
            ("(year: 2014)", &[good]),
            ("(system: PARTY, year: 2015)", &[party]),
            ("(year: 2015, states: [])", &[party, excellent]),
            ("(year: 2015, states: [SUPERSEDED, ANNULLED])", &[]),
            ("", &[]),
        ] {
            assert_eq!(results(&caller, "A-02", arguments).await, expected, "{arguments}");
        }
        for (as_of, expected) in [("2015-12-09", 0), ("2015-12-10", 1), ("2015-12-11", 1), ("2015-12-12", 2)] {
            let document = format!(
                "{{ cadre(by: {{code: \"A-02\"}}, asOf: \"{as_of}\") {{ appraisals(year: 2015) {{ result }} }} }}"
            );
            let found = caller.query(&document).await;
            assert_eq!(found["cadre"]["appraisals"].as_array().map(Vec::len), Some(expected), "{as_of}");
        }
        for arguments in ["(yearFrom: 2000, yearTo: 2010)", "(year: 2015, yearTo: 2015)", "(year: 1700)"] {
            let document = format!("{{ cadre(by: {{code: \"A-02\"}}) {{ appraisals{arguments} {{ result }} }} }}");
            assert_eq!(code_of(&caller, Some("PERSONNEL"), &document).await, "INVALID", "{arguments}");
        }
    })
    .await;
}

#[actix_web::test]
async fn an_appraisal_requires_scope_and_purpose_and_is_logged() {
    on_both(async |app| {
        let caller = app.caller(&READ, &["A"]).await;
        let years = r#"{ cadre(by: {code: "A-02"}) { goodYears(system: STATE, before: "2016-01-01") { years } } }"#;
        for document in [OF_2015, years] {
            let without_scope = app.caller(&["cadre:read", "cadre.identity:read"], &["A"]).await;
            assert_eq!(code_of(&without_scope, Some("PERSONNEL"), document).await, "FORBIDDEN");
            assert_eq!(code_of(&caller, None, document).await, "PURPOSE_REQUIRED");
            let narrow = app.caller_for(&[Purpose::Training], &READ, &["A"]).await;
            assert_eq!(code_of(&narrow, Some("PERSONNEL"), document).await, "PURPOSE_NOT_ALLOWED");
        }
        assert!(log(app).await.is_empty(), "nothing was read");

        let open = r#"{ cadre(by: {code: "A-02"}) { fullName } }"#;
        assert_eq!(code_of(&caller, None, open).await, Value::Null, "the control: an open field needs no purpose");
        assert!(log(app).await.is_empty());
        for document in [OF_2015, years] {
            assert_eq!(code_of(&caller, Some("TRAINING"), document).await, Value::Null);
        }
        let entry = || ("A-02".to_owned(), "APPRAISAL".to_owned());
        assert_eq!(log(app).await, [entry(), entry()]);
    })
    .await;
}

#[actix_web::test]
async fn an_appraisal_requires_custody_of_the_file_on_the_day_and_today() {
    on_both(async |app| {
        add(
            app,
            "cadre_code,year,unit_code,result,decided_on",
            "M-01,2015,A2,GOOD,2015-12-10\nM-01,2019,B1,EXCELLENT,2019-12-10",
        )
        .await;
        let (a, b) = (app.caller(&READ, &["A"]).await, app.caller(&READ, &["B"]).await);

        // M-01 was in district A until the end of 2017, and is in B.
        let then = r#"{ cadre(by: {code: "M-01"}, asOf: "2016-06-01") { code appraisals { result } goodYears(system: STATE) { years } } }"#;
        let found = a.query(then).await;
        assert_eq!(found["cadre"], json!({"code": "M-01", "appraisals": null, "goodYears": null}));
        assert!(log(app).await.is_empty(), "nothing was shown");
        assert_eq!(results(&b, "M-01", "(yearFrom: 2012, yearTo: 2019)").await.len(), 2, "the control");

        let ids = b.query(r#"{ cadre(by: {code: "M-01"}) { appraisals(yearFrom: 2012, yearTo: 2019) { id } } }"#).await;
        let id = &ids["cadre"]["appraisals"][0]["id"];
        let node = format!("{{ node(id: {id}) {{ id }} }}");
        assert_eq!(a.query(&node).await["node"], Value::Null);
        assert_eq!(b.query(&node).await["node"]["id"], *id, "the control");
        let unpurposed = app.caller_for(&[Purpose::Personnel], &READ, &["B"]).await;
        assert_eq!(unpurposed.query(&node).await["node"], Value::Null, "no purpose was stated");
    })
    .await;
}

#[actix_web::test]
async fn good_years_end_at_a_lower_result_or_a_missing_year() {
    on_both(async |app| {
        add(
            app,
            "cadre_code,year,unit_code,result,decided_on",
            "A-03,2019,A1,FULFILLED,2019-12-10\nA-03,2020,A1,GOOD,2020-12-10\nA-03,2021,A1,NOT_RATED,2021-12-10\n\
             A-03,2022,A1,EXCELLENT,2022-12-10\nA-03,2023,A1,GOOD,2023-12-10",
        )
        .await;
        let caller = app.caller(&READ, &["A"]).await;
        for (cadre, system, before, years, end, is_lower_bound, result) in [
            ("A-03", "STATE", "2023-12-31", 2, 2019, false, "PASS"),
            ("A-03", "STATE", "2024-01-01", 3, 2019, false, "PASS"),
            ("A-03", "STATE", "2024-01-02", 3, 2019, false, "PASS"),
            ("A-03", "STATE", "2022-06-01", 1, 2019, false, "FAIL"),
            ("A-03", "STATE", "2025-01-01", 0, 2024, true, "INDETERMINATE"),
            ("A-03", "PARTY", "2024-01-01", 0, 2023, true, "INDETERMINATE"),
            ("A-02", "STATE", "2016-01-01", 2, 2013, true, "PASS"),
        ] {
            let document = format!(
                "{{ cadre(by: {{code: \"{cadre}\"}}) {{ goodYears(system: {system}, before: \"{before}\", atLeast: 2) \
                 {{ years endYear isLowerBound result }} }} }}"
            );
            let expected = json!({"years": years, "endYear": end, "isLowerBound": is_lower_bound, "result": result});
            assert_eq!(caller.query(&document).await["cadre"]["goodYears"], expected, "{cadre} {system} {before}");
        }
        let without = r#"{ cadre(by: {code: "A-02"}) { goodYears(system: STATE) { years result } } }"#;
        assert_eq!(caller.query(without).await["cadre"]["goodYears"], json!({"years": 0, "result": null}));
    })
    .await;
}

#[actix_web::test]
async fn an_export_of_appraisals_requires_a_purpose_and_is_logged() {
    on_both(async |app| {
        let caller = app.caller(&READ, &["A"]).await;
        let path = "/v1/export/appraisals";
        let unpurposed = app.caller_for(&[Purpose::Personnel], &READ, &["A"]).await;
        let refused = unpurposed.get(path).send().await.expect("an answer");
        assert_eq!(refused.status(), 403);
        assert!(log(app).await.is_empty());

        let text = caller.get(path).header("Accept", "text/csv").send().await.expect("an answer");
        let text = text.text().await.expect("text");
        let mut lines: Vec<&str> = text.trim_start_matches('\u{FEFF}').lines().collect();
        lines[1..].sort_unstable();
        assert_eq!(
            lines,
            [
                "cadre_code,system,period,year,number,unit_code,points,result,decided_on,document_no",
                "A-02,PARTY,YEAR,2015,,A1P,,GOOD,2015-12-12,",
                "A-02,STATE,YEAR,2014,,A1,,GOOD,2014-12-10,14-TB/A1",
                "A-02,STATE,YEAR,2015,,A1,,EXCELLENT,2015-12-10,",
            ],
            "B-01 is out of reach"
        );
        assert_eq!(log(app).await, [("A-02".to_owned(), "APPRAISAL".to_owned())]);
    })
    .await;
}

#[actix_web::test]
async fn points_are_imported_only_where_a_scale_was_in_force() {
    on_both(async |app| {
        let columns = "cadre_code,system,year,unit_code,points,result,decided_on";
        for (row, code) in [
            ("A-01,PARTY,2025,A1P,75,GOOD,2025-08-29", Some("POINTS_DISAGREE")),
            ("A-01,PARTY,2025,A1P,75,GOOD,2025-08-30", None),
            ("A-01,STATE,2025,A1,75,GOOD,2025-12-31", Some("POINTS_DISAGREE")),
            ("A-01,STATE,2025,A1,75,GOOD,2026-01-01", None),
            ("A-03,STATE,2025,A1,75,EXCELLENT,2026-01-01", Some("POINTS_DISAGREE")),
            ("A-03,STATE,2025,A1,,EXCELLENT,2026-01-01", None),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            std::fs::write(folder.path().join("appraisals.csv"), csv::appraisals(columns, row)).expect("written");
            let options = Options { dry_run: false };
            let report = import::import(&app.database, clock(), folder.path(), options).await.expect("a report");
            let found = report.findings.iter().map(|finding| finding.code.to_string()).next();
            assert_eq!(found.as_deref(), code, "{row}: {:?}", report.findings);
            let said = report.findings.iter().map(|finding| finding.sentence.en.as_str()).collect::<String>();
            assert!(!said.contains("75") && !said.contains("GOOD"), "{said}");
        }
    })
    .await;
}
