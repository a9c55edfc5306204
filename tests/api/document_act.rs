//! Commands on documents: effects, refusals, idempotency, and races.

use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Caller, TestApp, on_both};

const SCOPES: [&str; 2] = ["cadre:read", "document:write"];

async fn office<'a>(app: &'a TestApp, unit: &str) -> Caller<'a> {
    app.caller(&SCOPES, &[unit]).await
}

fn plan() -> Value {
    json!({
        "code": "VB-A-7", "number": "7-KH/HU", "kind": "PLAN", "issuerCode": "A", "signedOn": "2026-01-15",
        "validFrom": "2026-02-01", "title": "Kế hoạch năm 2026",
    })
}

/// An input with some fields replaced.
fn with(mut input: Value, mut other: Value) -> Value {
    input.as_object_mut().expect("an object").append(other.as_object_mut().expect("an object"));
    input
}

/// Sends a command with a new key, unless the input has one.
async fn payload(caller: &Caller<'_>, command: &str, mut input: Value) -> Value {
    if input.get("idempotencyKey").is_none() {
        input["idempotencyKey"] = json!(Uuid::now_v7().to_string());
    }
    let document = format!(
        "mutation($input: {}{}Input!) {{ done: {command}(input: $input) {{
            document {{ code number symbol validTo version issuer {{ code }} replacedBy {{ code }} }}
            userErrors {{ code message field ... on ConflictError {{ currentVersion }} }} }} }}",
        command[..1].to_uppercase(),
        &command[1..]
    );
    caller.query_with(&document, json!({ "input": input })).await["done"].take()
}

async fn done(caller: &Caller<'_>, command: &str, input: Value) -> Value {
    let mut payload = payload(caller, command, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{command}");
    payload["document"].take()
}

/// Code and field of the refusal of a command.
async fn refusal(caller: &Caller<'_>, command: &str, input: Value) -> (String, String) {
    let payload = payload(caller, command, input.clone()).await;
    assert_eq!(payload["document"], Value::Null, "{command} {input}");
    let error = &payload["userErrors"][0];
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.is_ascii() && (message.contains("; ") || message.contains(", so ")), "the advice: {message}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&error["code"]), text(&error["field"][1]))
}

#[actix_web::test]
async fn a_registered_document_is_read_by_everyone_and_announced() {
    on_both(async |app| {
        let caller = office(app, "A").await;
        let made = done(&caller, "documentRegister", plan()).await;
        let expected = json!({
            "code": "VB-A-7", "number": "7-KH/HU", "symbol": "KH/HU", "validTo": null, "version": 1,
            "issuer": {"code": "A"}, "replacedBy": null,
        });
        assert_eq!(made, expected);
        app.app_state.refresh().await.expect("refreshed");
        let elsewhere = app.caller(&["cadre:read"], &["B"]).await;
        let found = elsewhere.query(r#"{ document(by: {code: "VB-A-7"}) { title issuer { code } } }"#).await;
        assert_eq!(found["document"], json!({"title": "Kế hoạch năm 2026", "issuer": null}));
        let changes = elsewhere.query("{ changes(types: [DOCUMENT], first: 100) { nodes { code operation } } }").await;
        let announced = changes["changes"]["nodes"].as_array().expect("changes");
        assert!(announced.contains(&json!({"code": "VB-A-7", "operation": "CREATED"})), "{changes}");
    })
    .await;
}

#[actix_web::test]
async fn an_invalid_document_is_refused_with_field_and_advice() {
    on_both(async |app| {
        let caller = office(app, "A").await;
        done(&caller, "documentRegister", plan()).await;
        for (other, code, field) in [
            (json!({ "number": "8-KH/HU" }), "CODE_TAKEN", "code"),
            (json!({ "code": "N" }), "CODE_TAKEN", "number"),
            (json!({ "code": "N", "number": "007 - kh/hu" }), "CODE_TAKEN", "number"),
            (json!({ "code": "" }), "INVALID_CODE", "code"),
            (json!({ "code": "N", "issuerCode": "B" }), "NOT_FOUND", "issuerCode"),
            (json!({ "code": "N", "issuerCode": "Q" }), "NOT_FOUND", "issuerCode"),
            (json!({ "code": "N", "number": "KH" }), "INVALID_TEXT", "number"),
            (json!({ "code": "N", "number": "Kế hoạch 8-KH/HU" }), "INVALID_TEXT", "number"),
            (json!({ "code": "N", "number": " " }), "INVALID_TEXT", "number"),
            (json!({ "code": "N", "title": "" }), "INVALID_TEXT", "title"),
            (json!({ "code": "N", "validTo": "2026-02-01" }), "INVALID_DAY", "validTo"),
        ] {
            let refused = refusal(&caller, "documentRegister", with(plan(), other.clone())).await;
            assert_eq!(refused, (code.to_owned(), field.to_owned()), "{other}");
        }
        // The number is free in another year, for another issuer.
        done(&caller, "documentRegister", with(plan(), json!({ "code": "N1", "signedOn": "2025-12-31" }))).await;
        done(&caller, "documentRegister", with(plan(), json!({ "code": "N2", "issuerCode": "A1" }))).await;
    })
    .await;
}

#[actix_web::test]
async fn a_document_is_replaced_once_by_one_that_is_in_force() {
    on_both(async |app| {
        let caller = office(app, "A").await;
        done(&caller, "documentRegister", plan()).await;
        let replace =
            |other| with(json!({ "documentCode": "VB-A", "successorCode": "VB-A-7", "on": "2026-02-01" }), other);
        for (other, code, field) in [
            (json!({ "documentCode": "Q" }), "NOT_FOUND", "documentCode"),
            (json!({ "successorCode": "Q" }), "NOT_FOUND", "successorCode"),
            (json!({ "documentCode": "VB-B2" }), "NOT_ORGANISED_HERE", "documentCode"),
            (json!({ "on": "2015-01-01" }), "INVALID_DAY", "on"),
            (json!({ "on": "2026-01-31" }), "INVALID_DAY", "on"),
            (json!({ "successorCode": "VB-A" }), "INVALID_DAY", "on"),
            (json!({ "expectedVersion": 2 }), "VERSION_CONFLICT", "expectedVersion"),
        ] {
            let refused = refusal(&caller, "documentReplace", replace(other.clone())).await;
            assert_eq!(refused, (code.to_owned(), field.to_owned()), "{other}");
        }
        // The successor was registered within the second in which the reference data is read again.
        let replaced = done(&caller, "documentReplace", replace(json!({ "expectedVersion": 1 }))).await;
        assert_eq!(
            (&replaced["validTo"], &replaced["replacedBy"], &replaced["version"]),
            (&json!("2026-02-01"), &json!({"code": "VB-A-7"}), &json!(2))
        );
        let again = refusal(&caller, "documentReplace", replace(json!({}))).await;
        assert_eq!(again, ("WRONG_STEP".to_owned(), "documentCode".to_owned()));
        // No chain returns to its start.
        let back = json!({ "documentCode": "VB-A-7", "successorCode": "VB-A", "on": "2026-03-01" });
        assert_eq!(refusal(&caller, "documentReplace", back).await.0, "INVALID_DAY");
        app.app_state.refresh().await.expect("refreshed");
        let found = caller.query(r#"{ document(by: {code: "VB-A"}) { validTo replacedBy { code } } }"#).await;
        assert_eq!(found["document"], json!({"validTo": "2026-02-01", "replacedBy": {"code": "VB-A-7"}}));
    })
    .await;
}

#[actix_web::test]
async fn national_documents_and_callers_without_the_scope_are_refused() {
    on_both(async |app| {
        let rows = "TW-1,1-NQ/TW,RESOLUTION,,2020-01-01,2020-01-01,,,Nghị quyết\n";
        let columns = "code,number,kind,issuer_code,signed_on,valid_from,valid_to,replaced_by_code,title";
        app.import_text(&[("documents.csv", &crate::support::csv::documents(columns, rows))]).await;
        let caller = office(app, "W").await;
        let input = json!({ "documentCode": "TW-1", "successorCode": "VB-A", "on": "2026-01-01" });
        assert_eq!(refusal(&caller, "documentReplace", input).await.0, "NOT_ORGANISED_HERE");
        let reader = app.caller(&["cadre:read", "training:write"], &["W"]).await;
        let document = r#"mutation { documentReplace(input: {idempotencyKey: "k", documentCode: "VB-A", successorCode: "VB-P",
            on: "2026-01-01"}) { userErrors { code } } }"#;
        let answer = reader.ask(document, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
    })
    .await;
}

#[actix_web::test]
async fn a_command_that_is_sent_again_is_executed_once() {
    on_both(async |app| {
        let caller = office(app, "A").await;
        let input = with(plan(), json!({ "idempotencyKey": "once" }));
        let first = done(&caller, "documentRegister", input.clone()).await;
        assert_eq!(done(&caller, "documentRegister", input.clone()).await, first);
        let other = with(input, json!({ "title": "Khác" }));
        assert_eq!(refusal(&caller, "documentRegister", other).await.0, "IDEMPOTENCY_KEY_REUSED");
        let input =
            json!({ "documentCode": "VB-A", "successorCode": "VB-A-7", "on": "2026-02-01", "idempotencyKey": "r" });
        let first = done(&caller, "documentReplace", input.clone()).await;
        assert_eq!(done(&caller, "documentReplace", input).await, first);
    })
    .await;
}

#[actix_web::test]
async fn of_two_concurrent_registrations_of_a_number_one_is_refused() {
    on_both(async |app| {
        let caller = office(app, "A").await;
        let send = async |at: usize| {
            let input = with(plan(), json!({ "code": format!("R-{at}") }));
            loop {
                let key = Uuid::now_v7().to_string();
                let document = "mutation($input: DocumentRegisterInput!) { done: documentRegister(input: $input) { userErrors { code } } }";
                let input = with(input.clone(), json!({ "idempotencyKey": key }));
                let answer = caller.ask(document, json!({ "input": input })).await;
                match answer["errors"][0]["extensions"]["code"].as_str() {
                    Some("UNAVAILABLE") => {}
                    Some(_) => panic!("{answer:#}"),
                    None => return answer["data"]["done"]["userErrors"][0]["code"].as_str().map(str::to_owned),
                }
            }
        };
        let outcomes = join_all((0..8).map(send)).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_none()).count(), 1, "{outcomes:?}");
        assert!(outcomes.iter().flatten().all(|code| code == "CODE_TAKEN"), "{outcomes:?}");
        app.app_state.refresh().await.expect("refreshed");
        let found = caller.query(r#"{ documents(where: {number: "7-KH/HU"}) { totalCount { value } } }"#).await;
        assert_eq!(found["documents"]["totalCount"]["value"], 1);
    })
    .await;
}
