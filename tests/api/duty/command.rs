//! Commands on duties: a unit issues a duty for the units below it, and ends it.

use entity::{audit_entry, duty};
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use super::{add_duties, compliance, result_of};
use crate::{
    support::{Caller, TestApp, on_both},
    training_act::{document, done, payload, refusal, with},
};

pub const WRITE: [&str; 3] = ["cadre:read", "training:read", "training:write"];

/// A duty of district A for its civil servants from 2024 on.
fn duty_of_a(code: &str) -> Value {
    json!({
        "code": code, "name": "Bồi dưỡng hằng năm", "unitCode": "A", "legalBasis": "05-ĐA/TU",
        "categories": ["CIVIL_SERVANT", "CADRE"], "keyLeadersOnly": false, "measure": "PARTICIPATION", "amount": 1,
        "normPercent": 90, "validFrom": "2024-01-01",
    })
}

fn end(code: &str, last: &str) -> Value {
    json!({ "dutyCode": code, "lastDay": last, "documentNo": "9-QĐ" })
}

/// Codes of the duties of a year.
async fn of_year(caller: &Caller<'_>, year: i32) -> Vec<String> {
    let answer = caller.query(&format!("{{ duties(year: {year}) {{ code }} }}")).await;
    let codes = answer["duties"].as_array().expect("duties").iter();
    codes.map(|duty| duty["code"].as_str().expect("a code").to_owned()).collect()
}

/// How often a command is in the audit log.
async fn logged(app: &TestApp, command: &str) -> u64 {
    let entries = audit_entry::Entity::find().filter(audit_entry::Column::Act.eq(command));
    entries.count(app.database.reader()).await.expect("read")
}

/// Y1: the results add up; Y2: the percentage is that of the bound persons without the exempt ones, rounded half up.
pub fn ensure_sums(numbers: &Value) {
    let of = |name: &str| numbers[name].as_i64().expect(name);
    let sum: i64 = ["done", "partly", "notDone", "exempt", "indeterminate"].map(of).iter().sum();
    assert_eq!(of("bound"), sum, "{numbers}");
    let obliged = of("bound") - of("exempt");
    let percent = (obliged > 0).then(|| (of("done") * 2_000 + obliged).div_euclid(2 * obliged) as f64 / 10.0);
    assert_eq!(numbers["percent"].as_f64(), percent, "{numbers}");
}

#[actix_web::test]
async fn a_unit_issues_a_duty_for_the_units_below_it() {
    on_both(async |app| {
        add_duties(app).await;
        let caller = app.caller(&WRITE, &["A"]).await;
        let cursor = caller.query("{ changeCursor }").await["changeCursor"].take();
        let input = with(duty_of_a("NEW"), json!({ "programmeCodes": ["N40", "N20", "N40"] }));

        let issued = done(&caller, "dutyIssue", input).await["duty"].take();

        assert_eq!(
            issued,
            json!({
                "code": "NEW", "name": "Bồi dưỡng hằng năm", "issuer": {"code": "A"},
                "categories": ["CADRE", "CIVIL_SERVANT"], "keyLeadersOnly": false, "measure": "PARTICIPATION", "amount": 1,
                "normPercent": 90, "programmes": [{"code": "N20"}, {"code": "N40"}], "validFrom": "2024-01-01",
                "validTo": null, "legalBasis": "05-ĐA/TU", "verified": true,
            })
        );
        let all = app.caller(&super::READ, &["W"]).await;
        for (cadre, result) in [("A-03", "NOT_DONE 0"), ("B-01", "NOT_APPLICABLE 0"), ("P-02", "NOT_APPLICABLE 0")] {
            assert_eq!(result_of(&all, cadre, ("NEW", 2024)).await, result, "{cadre}");
        }
        let numbers = compliance(&all, "W", ("NEW", 2024)).await;
        assert_eq!(numbers, compliance(&all, "A", ("NEW", 2024)).await);
        assert!(numbers["notDone"].as_i64() > Some(0), "the control: {numbers}");
        ensure_sums(&numbers);

        let changes = "query($after: String) { changes(after: $after) { nodes { type code operation } } }";
        let changes = caller.query_with(changes, json!({ "after": cursor })).await["changes"]["nodes"].take();
        assert_eq!(changes, json!([{ "type": "DUTY", "code": "NEW", "operation": "CREATED" }]), "{:?}", app.kind);
        assert_eq!(logged(app, "duty.issue").await, 1);
        let entry = audit_entry::Entity::find().filter(audit_entry::Column::Act.eq("duty.issue"));
        let entry = entry.one(app.database.reader()).await.expect("read").expect("an entry");
        assert_eq!((entry.actor, entry.object.as_deref()), (caller.id.clone(), Some("NEW")));
    })
    .await;
}

#[actix_web::test]
async fn a_duty_applies_from_its_first_day_to_its_last_day_in_whole_years() {
    on_both(async |app| {
        let caller = app.caller(&WRITE, &["A"]).await;
        for (code, first) in [("F-31", "2023-12-31"), ("F-01", "2024-01-01"), ("F-02", "2024-01-02")] {
            done(&caller, "dutyIssue", with(duty_of_a(code), json!({ "validFrom": first }))).await;
        }
        assert_eq!(of_year(&caller, 2023).await, [""; 0]);
        assert_eq!(of_year(&caller, 2024).await, ["F-01", "F-31"]);
        assert_eq!(of_year(&caller, 2025).await, ["F-01", "F-02", "F-31"]);

        for (code, last, exclusive) in [
            ("F-31", "2025-12-30", "2025-12-31"),
            ("F-01", "2025-12-31", "2026-01-01"),
            ("F-02", "2026-01-01", "2026-01-02"),
        ] {
            let ended = done(&caller, "dutyEnd", end(code, last)).await["duty"].take();
            assert_eq!((&ended["code"], &ended["validTo"]), (&json!(code), &json!(exclusive)), "{:?}", app.kind);
        }
        assert_eq!(of_year(&caller, 2024).await, ["F-01", "F-31"], "earlier years are as they were");
        assert_eq!(of_year(&caller, 2025).await, ["F-01", "F-02"]);
        assert_eq!(of_year(&caller, 2026).await, [""; 0]);
        for (code, result) in [("F-31", "-"), ("F-01", "DONE 1"), ("F-02", "DONE 1")] {
            assert_eq!(result_of(&caller, "A-03", (code, 2025)).await, result, "{code}");
        }
        assert_eq!(compliance(&caller, "A", ("F-31", 2025)).await["bound"], 0);
        let detail = audit_entry::Entity::find().filter(audit_entry::Column::Act.eq("duty.end"));
        let detail = detail.one(app.database.reader()).await.expect("read").and_then(|entry| entry.detail);
        assert_eq!(detail.as_deref(), Some("2025-12-30 9-QĐ"));
    })
    .await;
}

#[actix_web::test]
async fn an_invalid_duty_is_refused_with_field_and_advice() {
    on_both(async |app| {
        add_duties(app).await;
        let caller = app.caller(&WRITE, &["A"]).await;
        let many: Vec<String> = (0..101).map(|nth| format!("N{nth}")).collect();
        for (other, code, field) in [
            (json!({ "code": "ALL" }), "CODE_TAKEN", "code"),
            (json!({ "code": "a b" }), "INVALID_CODE", "code"),
            (json!({ "unitCode": "B" }), "NOT_FOUND", "unitCode"),
            (json!({ "unitCode": "P" }), "NOT_FOUND", "unitCode"),
            (json!({ "unitCode": "NONE" }), "NOT_FOUND", "unitCode"),
            (json!({ "name": " " }), "INVALID_TEXT", "name"),
            (json!({ "legalBasis": "" }), "INVALID_TEXT", "legalBasis"),
            (json!({ "categories": [] }), "INVALID_TEXT", "categories"),
            (json!({ "amount": 0 }), "INVALID_NUMBER", "amount"),
            (json!({ "amount": 10_001 }), "INVALID_NUMBER", "amount"),
            (json!({ "normPercent": 0 }), "INVALID_NUMBER", "normPercent"),
            (json!({ "normPercent": 101 }), "INVALID_NUMBER", "normPercent"),
            (json!({ "programmeCodes": ["N20", "NONE"] }), "NOT_FOUND", "programmeCodes"),
            (json!({ "programmeCodes": many }), "INVALID_NUMBER", "programmeCodes"),
        ] {
            let refused = refusal(&caller, "dutyIssue", with(duty_of_a("NEW"), other.clone())).await;
            assert_eq!((&refused["code"], &refused["field"]), (&json!(code), &json!(["input", field])), "{other}");
        }
        // C ended on 2020-01-01.
        let province = app.caller(&WRITE, &["P"]).await;
        let of_c = |first: &str| with(duty_of_a("NEW"), json!({ "unitCode": "C", "validFrom": first }));
        let refused = refusal(&province, "dutyIssue", of_c("2020-01-01")).await;
        assert_eq!((&refused["code"], &refused["field"]), (&json!("UNIT_NOT_ALIVE"), &json!(["input", "validFrom"])));
        assert_eq!(logged(app, "duty.issue").await, 0, "nothing was written");
        done(&province, "dutyIssue", with(of_c("2019-12-31"), json!({ "code": "OF-C" }))).await;
        done(&caller, "dutyIssue", duty_of_a("NEW")).await;
    })
    .await;
}

#[actix_web::test]
async fn only_the_issuer_ends_a_duty_and_only_once() {
    on_both(async |app| {
        add_duties(app).await;
        let (of_a, of_b) = (app.caller(&WRITE, &["A"]).await, app.caller(&WRITE, &["B"]).await);
        let (province, nation) = (app.caller(&WRITE, &["P"]).await, app.caller(&WRITE, &["W"]).await);
        done(&of_a, "dutyIssue", duty_of_a("NEW")).await;

        for (caller, code) in
            [(&of_b, "NEW"), (&of_a, "LEADERS"), (&province, "ALL"), (&nation, "ALL"), (&of_b, "PARTY")]
        {
            let refused = refusal(caller, "dutyEnd", end(code, "2026-05-01")).await;
            assert_eq!(
                (&refused["code"], &refused["field"][1]),
                (&json!("NOT_ISSUED_HERE"), &json!("dutyCode")),
                "{code}"
            );
        }
        for (input, code, field) in [
            (end("NONE", "2026-05-01"), "NOT_FOUND", "dutyCode"),
            (end("a b", "2026-05-01"), "NOT_FOUND", "dutyCode"),
            (end("NEW", "2023-12-31"), "INVALID_DAY", "lastDay"),
            (end("NEW", "2199-12-31"), "INVALID_DAY", "lastDay"),
            (with(end("NEW", "2026-05-01"), json!({ "documentNo": "" })), "INVALID_TEXT", "documentNo"),
        ] {
            let refused = refusal(&of_a, "dutyEnd", input.clone()).await;
            assert_eq!((&refused["code"], &refused["field"][1]), (&json!(code), &json!(field)), "{input}");
        }
        assert_eq!(logged(app, "duty.end").await, 0);
        let days: Vec<_> = duty::Entity::find().all(app.database.reader()).await.expect("read");
        assert!(
            days.iter().all(|row| row.code.as_str() != "ALL" || row.valid_to.is_none()),
            "the national duty is as it was"
        );

        // The control: a unit above the issuer reaches it. Of two requests at once, one ends the duty.
        let racing = [("2025-12-31", &of_a), ("2026-05-31", &province)].map(|(last, caller)| async move {
            payload(caller, "dutyEnd", end("NEW", last)).await["userErrors"].clone()
        });
        let mut errors = join_all(racing).await;
        errors.sort_by_key(|errors| errors.as_array().map(Vec::len));
        assert_eq!((&errors[0], &errors[1][0]["code"]), (&json!([]), &json!("ALREADY_ENDED")), "{:?}", app.kind);
        assert_eq!(refusal(&of_a, "dutyEnd", end("NEW", "2026-05-01")).await["code"], "ALREADY_ENDED");
        assert_eq!(logged(app, "duty.end").await, 1);
    })
    .await;
}

#[actix_web::test]
async fn commands_on_duties_need_their_scope_and_run_once_for_a_key() {
    on_both(async |app| {
        let reader = app.caller(&super::READ, &["A"]).await;
        let caller = app.caller(&WRITE, &["A"]).await;
        let keyed = |input: Value| with(input, json!({ "idempotencyKey": "d-1" }));
        let body = json!({ "input": keyed(duty_of_a("NEW")) });
        let forbidden = reader.ask(&document("dutyIssue"), body).await;
        assert_eq!(forbidden["errors"][0]["extensions"]["missingScopes"], json!(["training:write"]), "{forbidden}");

        let first = done(&caller, "dutyIssue", keyed(duty_of_a("NEW"))).await;
        let again = done(&caller, "dutyIssue", keyed(duty_of_a("NEW"))).await;
        assert_eq!((first, logged(app, "duty.issue").await), (again, 1), "{:?}", app.kind);
        let other = payload(&caller, "dutyIssue", keyed(duty_of_a("OTHER"))).await;
        assert_eq!(other["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED");

        let ended = with(end("NEW", "2025-12-31"), json!({ "idempotencyKey": "d-2" }));
        let first = done(&caller, "dutyEnd", ended.clone()).await;
        assert_eq!((first, logged(app, "duty.end").await), (done(&caller, "dutyEnd", ended).await, 1));
    })
    .await;
}
