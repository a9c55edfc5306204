//! Exemptions from duties: commands, and the protected record of an exemption.

use entity::{access_entry, audit_entry, duty_exemption};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::{
    add_duties,
    command::{WRITE, ensure_sums},
    compliance, result_of, with_result,
};
use crate::{
    support::{Caller, TestApp, csv, on_both},
    training_act::{done, payload, refusal, with},
};

const HEALTH: [&str; 2] = ["cadre:read", "cadre.health:read"];

fn exempt(cadre: &str, year: i32) -> Value {
    json!({ "cadreCode": cadre, "dutyCode": "ALL", "year": year, "reason": "SICK", "documentNo": "12-QĐ/MARK" })
}

fn end(cadre: &str, year: i32) -> Value {
    json!({ "cadreCode": cadre, "dutyCode": "ALL", "year": year, "documentNo": "13-QĐ" })
}

/// Results of a person in three years.
async fn results(caller: &Caller<'_>, cadre: &str) -> [String; 3] {
    let mut results: [String; 3] = Default::default();
    for (result, year) in results.iter_mut().zip(2022..) {
        *result = result_of(caller, cadre, ("ALL", year)).await;
    }
    results
}

/// The exemptions of a person, as a caller reads them.
async fn listed(caller: &Caller<'_>, cadre: &str) -> Value {
    let document = "query($code: String!) { cadre(by: {code: $code}) {
        dutyExemptions { duty { code } validFrom validTo reason documentNo } } }";
    caller.query_with(document, json!({ "code": cadre })).await["cadre"]["dutyExemptions"].take()
}

/// Categories and operation of the entries of the access log.
async fn readings(app: &TestApp) -> Vec<String> {
    let entries = access_entry::Entity::find().all(app.database.reader()).await.expect("read");
    entries.into_iter().map(|entry| entry.categories).collect()
}

#[actix_web::test]
async fn a_person_is_exempt_in_the_year_and_not_before_or_after() {
    on_both(async |app| {
        add_duties(app).await;
        let caller = app.caller(&WRITE, &["A"]).await;
        let none = ["NOT_DONE 0"; 3].map(str::to_owned);
        assert_eq!(results(&caller, "A-03").await, none);
        let cursor = caller.query("{ changeCursor }").await["changeCursor"].take();

        let exempted = done(&caller, "dutyExempt", exempt("A-03", 2023)).await;

        assert_eq!(exempted["cadre"], json!({ "code": "A-03" }));
        assert_eq!(results(&caller, "A-03").await, ["NOT_DONE 0", "EXEMPT 0", "NOT_DONE 0"].map(str::to_owned));
        assert_eq!(with_result(&caller, ("ALL", 2023), "EXEMPT").await, "A-03");
        let numbers = compliance(&caller, "A", ("ALL", 2023)).await;
        assert_eq!(numbers["exempt"], 1);
        ensure_sums(&numbers);
        let changes = "query($after: String) { changes(after: $after) { nodes { type code operation } } }";
        let changes = caller.query_with(changes, json!({ "after": cursor })).await["changes"]["nodes"].take();
        assert_eq!(changes, json!([{ "type": "CADRE", "code": "A-03", "operation": "UPDATED" }]), "{:?}", app.kind);

        done(&caller, "dutyExemptionEnd", end("A-03", 2023)).await;
        assert_eq!(results(&caller, "A-03").await, none, "{:?}: it was withdrawn", app.kind);
        ensure_sums(&compliance(&caller, "A", ("ALL", 2023)).await);
        done(&caller, "dutyExempt", exempt("A-03", 2023)).await;
        assert_eq!(result_of(&caller, "A-03", ("ALL", 2023)).await, "EXEMPT 0", "it can be recorded again");
        let rows = duty_exemption::Entity::find().filter(duty_exemption::Column::DutyCode.eq("ALL"));
        let rows = rows.all(app.database.reader()).await.expect("read");
        let withdrawn: Vec<_> = rows.iter().filter_map(|row| row.end_document_no.as_deref()).collect();
        assert_eq!((rows.len(), withdrawn), (2, vec!["13-QĐ"]), "history is kept");
    })
    .await;
}

#[actix_web::test]
async fn an_imported_exemption_ends_before_a_year_and_an_import_does_not_bring_it_back() {
    on_both(async |app| {
        add_duties(app).await;
        let rows = "A-03,ALL,2020-01-01,,SICK\nA-04,ALL,2023-01-01,2024-01-01,ABROAD\n";
        let file = csv::duty_exemptions("cadre_code,duty_code,valid_from,valid_to,reason", rows);
        app.import_text(&[("duty_exemptions.csv", &file)]).await;
        let caller = app.caller(&WRITE, &["A"]).await;
        assert_eq!(results(&caller, "A-03").await, ["EXEMPT 0"; 3].map(str::to_owned));
        for year in [2022, 2025] {
            let refused = refusal(&caller, "dutyExempt", exempt("A-03", year)).await;
            assert_eq!((&refused["code"], &refused["field"][1]), (&json!("ALREADY_EXEMPT"), &json!("year")));
        }

        done(&caller, "dutyExemptionEnd", end("A-03", 2024)).await;
        done(&caller, "dutyExemptionEnd", end("A-04", 2023)).await;

        let expected = ["EXEMPT 0", "EXEMPT 0", "NOT_DONE 0"].map(str::to_owned);
        assert_eq!(results(&caller, "A-03").await, expected);
        assert_eq!(refusal(&caller, "dutyExemptionEnd", end("A-03", 2024)).await["code"], "NOT_EXEMPT");
        // The row of the withdrawn exemption again, and a new one.
        let again = "A-04,ALL,2023-01-01,2024-01-01,ABROAD\nA-02,ALL,2023-01-01,,RETIRING\n";
        let again = csv::duty_exemptions("cadre_code,duty_code,valid_from,valid_to,reason", again);
        app.import_text(&[("duty_exemptions.csv", &again)]).await;
        assert_eq!(result_of(&caller, "A-02", ("ALL", 2023)).await, "EXEMPT 0", "the control");
        assert_eq!(result_of(&caller, "A-04", ("ALL", 2023)).await, "NOT_DONE 0", "{:?}: it stays withdrawn", app.kind);
    })
    .await;
}

#[actix_web::test]
async fn an_exemption_is_refused_out_of_reach_and_outside_of_the_duty() {
    on_both(async |app| {
        add_duties(app).await;
        let caller = app.caller(&WRITE, &["A"]).await;
        for (other, code, field) in [
            (json!({ "cadreCode": "B-01" }), "NOT_FOUND", "cadreCode"),
            (json!({ "cadreCode": "NONE" }), "NOT_FOUND", "cadreCode"),
            (json!({ "dutyCode": "NONE" }), "NOT_FOUND", "dutyCode"),
            (json!({ "year": 1799 }), "INVALID_NUMBER", "year"),
            (json!({ "year": 2019 }), "INVALID_YEAR", "year"),
            (json!({ "dutyCode": "HOURS", "year": 2025 }), "INVALID_YEAR", "year"),
            (json!({ "documentNo": " " }), "INVALID_TEXT", "documentNo"),
        ] {
            let refused = refusal(&caller, "dutyExempt", with(exempt("A-03", 2023), other.clone())).await;
            assert_eq!((&refused["code"], &refused["field"]), (&json!(code), &json!(["input", field])), "{other}");
            let text = refused.to_string();
            assert!(!text.contains("SICK") && !text.contains("MARK"), "{text}");
        }
        for (other, code, field) in
            [(json!({ "cadreCode": "B-01" }), "NOT_FOUND", "cadreCode"), (json!({}), "NOT_EXEMPT", "year")]
        {
            let refused = refusal(&caller, "dutyExemptionEnd", with(end("A-03", 2023), other.clone())).await;
            assert_eq!((&refused["code"], &refused["field"][1]), (&json!(code), &json!(field)), "{other}");
        }
        for (scopes, missing) in [
            (["cadre:read", "training:read"], "training:write"),
            (["cadre:read", "training:write"], "training:read"),
            (["training:read", "training:write"], "cadre:read"),
        ] {
            let caller = app.caller(&scopes, &["A"]).await;
            let body = json!({ "input": with(exempt("A-03", 2023), json!({ "idempotencyKey": "x" })) });
            let document = "mutation($input: DutyExemptInput!) { dutyExempt(input: $input) { userErrors { code } } }";
            let forbidden = caller.ask(document, body).await;
            assert_eq!(forbidden["errors"][0]["extensions"]["missingScopes"], json!([missing]), "{forbidden}");
        }
        let stored = duty_exemption::Entity::find().filter(duty_exemption::Column::DutyCode.eq("ALL"));
        assert_eq!(stored.all(app.database.reader()).await.expect("read").len(), 0, "{:?}", app.kind);

        // The control, and the next year.
        done(&caller, "dutyExempt", exempt("A-03", 2023)).await;
        done(&caller, "dutyExempt", exempt("A-03", 2027)).await;
    })
    .await;
}

#[actix_web::test]
async fn concurrent_exemptions_are_one_and_a_key_runs_once() {
    on_both(async |app| {
        add_duties(app).await;
        let caller = app.caller(&WRITE, &["A"]).await;
        let racing = [(); 4].map(|()| async {
            payload(&caller, "dutyExempt", exempt("A-03", 2023)).await["userErrors"][0]["code"].clone()
        });
        let mut codes = join_all(racing).await;
        codes.sort_by_key(|code| code.is_string());
        let taken = json!("ALREADY_EXEMPT");
        assert_eq!(codes, [Value::Null, taken.clone(), taken.clone(), taken], "{:?}", app.kind);

        let keyed = |cadre: &str| with(exempt(cadre, 2024), json!({ "idempotencyKey": "e-1" }));
        let first = done(&caller, "dutyExempt", keyed("A-03")).await;
        assert_eq!(done(&caller, "dutyExempt", keyed("A-03")).await, first);
        let other = payload(&caller, "dutyExempt", keyed("A-04")).await;
        assert_eq!(other["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED");
        let rows = duty_exemption::Entity::find().filter(duty_exemption::Column::DutyCode.eq("ALL"));
        assert_eq!(rows.all(app.database.reader()).await.expect("read").len(), 2);
    })
    .await;
}

#[actix_web::test]
async fn the_reason_is_read_with_scope_and_purpose_and_each_reading_is_logged() {
    on_both(async |app| {
        add_duties(app).await;
        done(&app.caller(&WRITE, &["A"]).await, "dutyExempt", exempt("A-03", 2023)).await;
        assert_eq!(readings(app).await, [""; 0], "a command reads nothing");
        let document = r#"{ cadre(by: {code: "A-03"}) { dutyExemptions { reason } } }"#;
        let (reader, mut silent) = (app.caller(&HEALTH, &["A"]).await, app.caller(&HEALTH, &["A"]).await);
        silent.purpose = None;
        let without = app.caller(&["cadre:read", "training:read", "cadre.identity:read"], &["A"]).await;
        assert_eq!(without.errors(document).await, ["FORBIDDEN"]);
        assert_eq!(silent.errors(document).await, ["PURPOSE_REQUIRED"]);
        for caller in [&without, &silent] {
            let answer = caller.raw(document, json!({})).await;
            assert!(!answer.contains("SICK") && !answer.contains("MARK"), "{answer}");
        }
        let elsewhere = app.caller(&HEALTH, &["B"]).await;
        assert_eq!(elsewhere.query(document).await, json!({ "cadre": null }));
        assert_eq!(readings(app).await, [""; 0], "{:?}: nothing was read", app.kind);

        let exemption = json!([{
            "duty": {"code": "ALL"}, "validFrom": "2023-01-01", "validTo": "2024-01-01", "reason": "SICK",
            "documentNo": "12-QĐ/MARK",
        }]);
        assert_eq!(listed(&reader, "A-03").await, exemption);
        assert_eq!(listed(&reader, "A-04").await, json!([]));
        assert_eq!(readings(app).await, ["HEALTH", "HEALTH"], "{:?}: each person, also without an exemption", app.kind);

        // M-01 has left A: the file is out of the caller's custody.
        let past = r#"{ cadre(by: {code: "M-01"}, asOf: "2014-01-01") { code dutyExemptions { reason } } }"#;
        assert_eq!(reader.query(past).await["cadre"], json!({ "code": "M-01", "dutyExemptions": null }));
        let kept = app.caller(&HEALTH, &["B"]).await;
        assert_eq!(listed(&kept, "M-01").await, json!([]), "the control");

        let entries = audit_entry::Entity::find().filter(audit_entry::Column::Act.eq("duty.exempt"));
        let entry = entries.one(app.database.reader()).await.expect("read").expect("an entry");
        assert_eq!((entry.object.as_deref(), entry.detail.as_deref()), (Some("A-03"), Some("ALL 2023")));

        let rest = reader.get("/v1/cadres/A-03/duty-exemptions").send().await.expect("an answer");
        let body: Value = rest.json().await.expect("JSON");
        assert_eq!((&body["items"][0]["reason"], &body["items"][0]["duty"]["code"]), (&json!("SICK"), &json!("ALL")));
    })
    .await;
}
