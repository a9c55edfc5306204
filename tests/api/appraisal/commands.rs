//! Commands on appraisals: record, correct, annul; rules, rights, versions, and concurrent clients.

use std::collections::{BTreeMap, HashMap};

use entity::{appraisal, audit_entry, change, value::AppraisalState};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{code_of, log};
use crate::support::{Caller, TestApp, csv, on_both};

const WRITE: [&str; 3] = ["cadre:read", "appraisal:read", "appraisal:write"];

/// Runs a command and returns its payload.
async fn run(caller: &Caller<'_>, command: &str, input: Value) -> Value {
    let of = format!("{}{}Input", command[..1].to_uppercase(), &command[1..]);
    let document = format!(
        "mutation($input: {of}!) {{ done: {command}(input: $input) {{ appraisal {{ id result points state supersededBy reason \
         endedOn version unit {{ code }} }} warnings {{ code }} userErrors {{ code field \
         ... on ConflictError {{ currentVersion }} }} }} }}"
    );
    let mut answer = caller.query_with(&document, json!({ "input": input })).await;
    answer["done"].take()
}

/// The result of A-01 for a year, with other values.
fn result(key: &str, other: &Value) -> Value {
    let mut input = json!({
        "idempotencyKey": key, "cadreCode": "A-01", "system": "STATE", "period": "YEAR", "year": 2025,
        "unitCode": "A1P", "result": "GOOD", "decidedOn": "2026-01-05",
    });
    for (name, value) in other.as_object().expect("an object") {
        input[name] = value.clone();
    }
    input
}

fn code(payload: &Value) -> &str {
    payload["userErrors"][0]["code"].as_str().unwrap_or("OK")
}

async fn rows(app: &TestApp) -> Vec<appraisal::Model> {
    appraisal::Entity::find().filter(appraisal::Column::Year.gte(2025)).all(app.database.reader()).await.expect("read")
}

#[actix_web::test]
async fn a_result_is_recorded_once_and_logged() {
    on_both(async |app| {
        let caller = app.caller(&WRITE, &["A"]).await;
        let input = result("1", &json!({"points": 89.99, "documentNo": "1-TB"}));

        let done = run(&caller, "appraisalRecord", input.clone()).await;
        assert_eq!((code(&done), &done["appraisal"]["points"]), ("OK", &json!(89.99)), "{done}");
        let again = run(&caller, "appraisalRecord", input).await;
        assert_eq!(again["appraisal"]["id"], done["appraisal"]["id"], "a repeated request");
        let second = run(&caller, "appraisalRecord", result("2", &json!({"result": "FULFILLED"}))).await;
        assert_eq!(code(&second), "ALREADY_APPRAISED");
        let other = run(&caller, "appraisalRecord", result("3", &json!({"system": "PARTY"}))).await;
        assert_eq!(code(&other), "OK", "the systems are apart: {other}");

        assert_eq!(rows(app).await.len(), 2);
        let read = log(app).await;
        assert!(read.len() >= 3 && read.iter().all(|entry| *entry == ("A-01".to_owned(), "APPRAISAL".to_owned())));
        let id = done["appraisal"]["id"].as_str().expect("an id");
        let reader = app.database.reader();
        let changed = change::Entity::find().filter(change::Column::Object.eq(id)).all(reader).await.expect("read");
        assert_eq!(changed.iter().map(|row| row.object_type.as_str()).collect::<Vec<_>>(), ["appraisal"]);
        let entry = audit_entry::Entity::find().filter(audit_entry::Column::Object.eq(id)).one(reader).await;
        let entry = entry.expect("read").expect("an entry");
        assert_eq!((entry.act.as_str(), entry.detail), ("appraisal.record", None), "no value is in the log");
    })
    .await;
}

#[actix_web::test]
async fn the_rules_of_the_day_decide_and_refuse() {
    on_both(async |app| {
        let caller = app.caller(&WRITE, &["A"]).await;
        for (nth, (other, expected, field)) in [
            // The person is a cadre: the scale begins on 2026-01-01, for the Party on 2025-08-30.
            (json!({"points": 75, "decidedOn": "2025-12-31"}), "POINTS_DISAGREE", "points"),
            (json!({"points": 90, "decidedOn": "2026-01-01"}), "POINTS_DISAGREE", "points"),
            (json!({"points": 69.99}), "POINTS_DISAGREE", "points"),
            (json!({"points": 75, "result": "NOT_RATED"}), "POINTS_DISAGREE", "points"),
            (json!({"points": 75, "system": "PARTY", "decidedOn": "2025-08-29"}), "POINTS_DISAGREE", "points"),
            (json!({"points": 75.555}), "INVALID_NUMBER", "points"),
            (json!({"points": -1}), "INVALID_NUMBER", "points"),
            (json!({"number": 1}), "INVALID_NUMBER", "number"),
            (json!({"period": "QUARTER"}), "INVALID_NUMBER", "number"),
            (json!({"period": "QUARTER", "number": 5}), "INVALID_NUMBER", "number"),
            (json!({"period": "MONTH", "number": 13}), "INVALID_NUMBER", "number"),
            (json!({"decidedOn": "2026-06-02"}), "INVALID_DAY", "decidedOn"),
            (json!({"decidedOn": "2024-12-31"}), "INVALID_DAY", "decidedOn"),
            (json!({"period": "QUARTER", "year": 2026, "number": 3}), "INVALID_DAY", "decidedOn"),
            (json!({"year": 1700}), "INVALID_NUMBER", "year"),
            // A-01 has a post in A1P.
            (json!({"unitCode": "A2U"}), "NOT_RATING_UNIT", "unitCode"),
            (json!({"unitCode": "B1U"}), "NOT_FOUND", "unitCode"),
            (json!({"cadreCode": "B-01"}), "NOT_FOUND", "cadreCode"),
            (json!({"documentNo": ""}), "INVALID_TEXT", "documentNo"),
        ]
        .into_iter()
        .enumerate()
        {
            let done = run(&caller, "appraisalRecord", result(&format!("r{nth}"), &other)).await;
            let found = (code(&done), &done["userErrors"][0]["field"]);
            assert_eq!(found, (expected, &json!(["input", field])), "{other}: {done}");
        }
        assert!(rows(app).await.is_empty(), "nothing was recorded");

        for (nth, other) in [
            json!({"points": 75, "decidedOn": "2026-01-01"}),
            json!({"points": 75, "system": "PARTY", "decidedOn": "2025-08-30"}),
            json!({"period": "QUARTER", "year": 2026, "number": 1, "unitCode": "A1"}),
            json!({"period": "MONTH", "number": 12, "result": "NOT_RATED", "unitCode": "A"}),
            json!({"period": "TERM"}),
        ]
        .into_iter()
        .enumerate()
        {
            let done = run(&caller, "appraisalRecord", result(&format!("a{nth}"), &other)).await;
            assert_eq!(code(&done), "OK", "{other}: {done}");
        }
    })
    .await;
}

#[actix_web::test]
async fn unknown_facts_are_warnings() {
    on_both(async |app| {
        let caller = app.caller(&WRITE, &["A"]).await;
        let warned = async |key: &str, other: Value| {
            let done = run(&caller, "appraisalRecord", result(key, &other)).await;
            assert_eq!(code(&done), "OK", "{done}");
            done["warnings"].clone()
        };
        assert_eq!(warned("1", json!({})).await, json!([]), "a post in the whole year");
        // A-05 left the post in 2010; the file is still in A.
        let unknown = warned("2", json!({"cadreCode": "A-05"})).await;
        assert_eq!(unknown, json!([{"code": "WORK_UNKNOWN"}, {"code": "NO_POST_ON_DAY"}]));
        let month = warned("3", json!({"cadreCode": "A-05", "period": "MONTH", "number": 1})).await;
        assert_eq!(month, json!([{"code": "NO_POST_ON_DAY"}]), "months of work concern a year");
    })
    .await;
}

#[actix_web::test]
async fn a_corrected_result_stays_and_an_annulled_one_frees_the_period() {
    on_both(async |app| {
        let caller = app.caller(&WRITE, &["A"]).await;
        let first = run(&caller, "appraisalRecord", result("1", &json!({}))).await;
        let id = first["appraisal"]["id"].clone();
        let correction = |key: &str, id: &Value, version: i32| {
            json!({"idempotencyKey": key, "appraisalId": id, "expectedVersion": version, "result": "EXCELLENT",
                   "points": 95.5, "decidedOn": "2026-01-20", "reason": "Tính sai điểm", "unitCode": "A1"})
        };

        let stale = run(&caller, "appraisalCorrect", correction("2", &id, 7)).await;
        assert_eq!((code(&stale), &stale["userErrors"][0]["currentVersion"]), ("VERSION_CONFLICT", &json!(1)));
        let mut silent = correction("3", &id, 1);
        silent["reason"] = json!(" ");
        assert_eq!(code(&run(&caller, "appraisalCorrect", silent).await), "INVALID_TEXT");
        let mut wrong = correction("4", &id, 1);
        wrong["points"] = json!(50);
        assert_eq!(code(&run(&caller, "appraisalCorrect", wrong).await), "POINTS_DISAGREE");

        let second = run(&caller, "appraisalCorrect", correction("5", &id, 1)).await;
        assert_eq!(code(&second), "OK", "{second}");
        let next = &second["appraisal"];
        assert_eq!((&next["result"], &next["unit"]["code"], &next["version"]), (&json!("EXCELLENT"), &json!("A1"), &json!(1)));
        let again = run(&caller, "appraisalCorrect", correction("5", &id, 1)).await;
        assert_eq!(again["appraisal"]["id"], next["id"], "a repeated request");
        let old = format!(
            "{{ node(id: {id}) {{ ... on Appraisal {{ result state supersededBy reason endedOn version }} }} }}"
        );
        assert_eq!(
            caller.query(&old).await["node"],
            json!({"result": "GOOD", "state": "SUPERSEDED", "supersededBy": next["id"], "reason": "Tính sai điểm",
                   "endedOn": "2026-06-01", "version": 2})
        );
        assert_eq!(code(&run(&caller, "appraisalCorrect", correction("6", &id, 2)).await), "WRONG_STEP");
        assert_eq!(code(&run(&caller, "appraisalRecord", result("7", &json!({}))).await), "ALREADY_APPRAISED");

        let annulment = |key: &str| json!({"idempotencyKey": key, "appraisalId": next["id"], "reason": "Sai thẩm quyền"});
        let annulled = run(&caller, "appraisalAnnul", annulment("8")).await;
        assert_eq!((code(&annulled), &annulled["appraisal"]["state"]), ("OK", &json!("ANNULLED")), "{annulled}");
        assert_eq!(code(&run(&caller, "appraisalAnnul", annulment("9")).await), "WRONG_STEP");
        assert_eq!(code(&run(&caller, "appraisalRecord", result("10", &json!({}))).await), "OK", "the period is free");

        let states = r#"{ cadre(by: {code: "A-01"}) { appraisals(year: 2025, states: [CURRENT, SUPERSEDED, ANNULLED]) { state } } }"#;
        let listed = caller.query(states).await;
        let listed: Vec<&str> =
            listed["cadre"]["appraisals"].as_array().expect("a list").iter().filter_map(|row| row["state"].as_str()).collect();
        assert_eq!(listed, ["CURRENT", "ANNULLED", "SUPERSEDED"], "the latest first");
    })
    .await;
}

#[actix_web::test]
async fn a_command_requires_its_scopes_a_purpose_and_custody() {
    on_both(async |app| {
        let caller = app.caller(&WRITE, &["A"]).await;
        let done = run(&caller, "appraisalRecord", result("1", &json!({}))).await;
        let id = &done["appraisal"]["id"];
        let record = r#"mutation { appraisalRecord(input: {idempotencyKey: "x", cadreCode: "A-03", system: STATE,
            period: YEAR, year: 2025, unitCode: "A2U", result: GOOD, decidedOn: "2026-01-05"}) { __typename } }"#;
        let annul = format!(
            "mutation {{ appraisalAnnul(input: {{idempotencyKey: \"y\", appraisalId: {id}, reason: \"x\"}}) {{ __typename }} }}"
        );
        for document in [record, annul.as_str()] {
            for scopes in [&["cadre:read", "appraisal:read"][..], &["cadre:read", "appraisal:write"]] {
                let other = app.caller(scopes, &["A"]).await;
                assert_eq!(code_of(&other, Some("PERSONNEL"), document).await, "FORBIDDEN", "{scopes:?} {document}");
            }
            assert_eq!(code_of(&caller, None, document).await, "PURPOSE_REQUIRED", "{document}");
        }
        let b = app.caller(&WRITE, &["B"]).await;
        let out = json!({"idempotencyKey": "z", "appraisalId": id, "reason": "x"});
        assert_eq!(code(&run(&b, "appraisalAnnul", out).await), "NOT_FOUND");
        assert_eq!(rows(app).await.len(), 1, "nothing else was recorded or changed");
        assert_eq!(code_of(&caller, Some("PERSONNEL"), record).await, Value::Null, "the control");
        assert_eq!(rows(app).await.len(), 2);
    })
    .await;
}

/// Id of the only current result of a person for a year.
async fn id_of(caller: &Caller<'_>, cadre: &str, year: i32) -> Value {
    let mut data =
        caller.query(&format!("{{ cadre(by: {{code: \"{cadre}\"}}) {{ appraisals(year: {year}) {{ id }} }} }}")).await;
    data["cadre"]["appraisals"][0]["id"].take()
}

#[actix_web::test]
async fn an_import_brings_back_no_corrected_or_annulled_result() {
    on_both(async |app| {
        let bundle = |rows: &str| csv::appraisals("cadre_code,year,unit_code,result,decided_on", rows);
        let rows_of = "A-01,2025,A1P,GOOD,2025-12-20\nA-01,2026,A1P,GOOD,2026-02-01";
        app.import_text(&[("appraisals.csv", &bundle(rows_of))]).await;
        let caller = app.caller(&WRITE, &["A"]).await;
        let annul = json!({"idempotencyKey": "1", "appraisalId": id_of(&caller, "A-01", 2025).await, "reason": "x"});
        assert_eq!(code(&run(&caller, "appraisalAnnul", annul).await), "OK");
        let correct = json!({"idempotencyKey": "2", "appraisalId": id_of(&caller, "A-01", 2026).await, "reason": "x",
            "result": "FULFILLED", "decidedOn": "2026-02-01"});
        assert_eq!(code(&run(&caller, "appraisalCorrect", correct).await), "OK");

        // A new row, so that the bundle is loaded.
        app.import_text(&[("appraisals.csv", &bundle(&format!("{rows_of}\nB-02,2025,B1,GOOD,2025-12-20")))]).await;

        let mut found: Vec<_> = rows(app).await.iter().map(|row| (row.year, row.state)).collect();
        found.sort_by_key(|(year, state)| (*year, state.to_string()));
        use AppraisalState::{Annulled, Current, Superseded};
        assert_eq!(found, [(2025, Annulled), (2025, Current), (2026, Current), (2026, Superseded)]);
    })
    .await;
}

#[actix_web::test]
async fn only_a_client_that_reaches_the_unit_of_a_result_changes_it() {
    on_both(async |app| {
        let row = "A-01,2025,A,GOOD,2025-12-20";
        let bundle = csv::appraisals("cadre_code,year,unit_code,result,decided_on", row);
        app.import_text(&[("appraisals.csv", &bundle)]).await;
        let (narrow, wide) = (app.caller(&WRITE, &["A1"]).await, app.caller(&WRITE, &["A"]).await);
        let id = id_of(&narrow, "A-01", 2025).await;
        let annul = |key: &str| json!({"idempotencyKey": key, "appraisalId": id, "reason": "x"});
        assert_eq!(code(&run(&narrow, "appraisalAnnul", annul("1")).await), "NOT_RATING_UNIT");
        let correct = json!({"idempotencyKey": "2", "appraisalId": id, "reason": "x", "unitCode": "A1P",
            "result": "EXCELLENT", "decidedOn": "2025-12-20"});
        assert_eq!(code(&run(&narrow, "appraisalCorrect", correct).await), "NOT_RATING_UNIT");
        assert_eq!(code(&run(&wide, "appraisalAnnul", annul("3")).await), "OK", "the control");
    })
    .await;
}

/// The rows against a model: each period has at most one current result, and a superseded one names its successor.
fn ensure_consistent(rows: &[appraisal::Model]) {
    let ids: HashMap<_, _> = rows.iter().map(|row| (row.id, row)).collect();
    let mut current: BTreeMap<_, usize> = BTreeMap::new();
    for row in rows {
        let key = (row.cadre_id, row.system, row.period, row.year, row.number);
        *current.entry(key).or_default() += usize::from(row.state == AppraisalState::Current);
        let next = row.superseded_by.map(|next| ids[&next]);
        assert_eq!(next.is_some(), row.state == AppraisalState::Superseded);
        assert!(next.is_none_or(|next| next.cadre_id == row.cadre_id && next.year == row.year));
        assert_eq!(row.version, if row.state == AppraisalState::Current { 1 } else { 2 });
        assert_eq!(row.reason.is_some(), row.state != AppraisalState::Current);
    }
    assert!(current.values().all(|count| *count <= 1), "{current:?}");
}

#[actix_web::test]
async fn concurrent_clients_leave_one_current_result() {
    on_both(async |app| {
        let callers = [app.caller(&WRITE, &["A"]).await, app.caller(&WRITE, &["P"]).await, app.caller(&WRITE, &["A1"]).await];
        let mut recorded = 0;
        for round in 0..4 {
            let records = callers.iter().enumerate().map(|(nth, caller)| {
                let results = ["GOOD", "EXCELLENT", "FULFILLED"];
                run(caller, "appraisalRecord", result(&format!("r{round}-{nth}"), &json!({"result": results[nth]})))
            });
            let done = join_all(records).await;
            let won: Vec<&Value> = done.iter().filter(|payload| code(payload) == "OK").collect();
            assert_eq!(won.len(), 1, "{done:?}");
            assert_eq!(done.iter().filter(|payload| code(payload) == "ALREADY_APPRAISED").count(), 2, "{done:?}");
            recorded += 1;
            ensure_consistent(&rows(app).await);

            let id = &won[0]["appraisal"]["id"];
            let ends = callers.iter().enumerate().map(|(nth, caller)| {
                let key = format!("e{round}-{nth}");
                let input = json!({"idempotencyKey": key, "appraisalId": id, "expectedVersion": 1, "reason": "x"});
                match nth {
                    0 => run(caller, "appraisalAnnul", input),
                    _ => {
                        let mut input = input;
                        input["result"] = json!("GOOD");
                        input["decidedOn"] = json!("2026-01-20");
                        run(caller, "appraisalCorrect", input)
                    }
                }
            });
            let done = join_all(ends).await;
            let won: Vec<&Value> = done.iter().filter(|payload| code(payload) == "OK").collect();
            assert_eq!(won.len(), 1, "one of three commands ends the result: {done:?}");
            let after = rows(app).await;
            ensure_consistent(&after);
            let state = won[0]["appraisal"]["state"].as_str().expect("a state");
            if state == "CURRENT" {
                recorded += 1;
                let input = json!({"idempotencyKey": format!("c{round}"), "appraisalId": won[0]["appraisal"]["id"], "reason": "x"});
                assert_eq!(code(&run(&callers[0], "appraisalAnnul", input).await), "OK");
            }
            assert_eq!(after.len(), recorded);
        }
    })
    .await;
}
