//! Plans from the draft to quotas: commands and refusals.

use serde_json::{Value, json};

use super::{done, issued, office, quota, refusal, with};
use crate::support::on_both;

fn draft() -> Value {
    json!({ "code": "KH-A-27", "unitCode": "A", "name": "Kế hoạch năm 2027", "yearFrom": 2027, "yearTo": 2027 })
}

#[actix_web::test]
async fn a_plan_gives_quotas_once_it_is_approved_and_until_it_is_closed() {
    on_both(async |app| {
        let caller = office(app).await;
        let made = done(&caller, "planDraft", draft()).await["plan"].take();
        assert_eq!((&made["state"], &made["version"]), (&json!("DRAFT"), &json!(1)));
        let of_plan = |seats| with(quota(seats), json!({ "planCode": "KH-A-27" }));

        let mut quota_id = String::new();
        let states =
            ["COLLECTING_DEMAND", "CONSOLIDATED", "SUBMITTED", "RETURNED", "DRAFT", "COLLECTING_DEMAND", "CONSOLIDATED"];
        for (version, to) in (2..).zip(states.into_iter().chain(["SUBMITTED", "APPROVED", "PUBLISHED", "CLOSED"])) {
            if !matches!(to, "PUBLISHED" | "CLOSED") {
                let refused = refusal(&caller, "quotaIssue", of_plan(1)).await;
                assert_eq!((&refused["code"], &refused["field"]), (&json!("WRONG_STEP"), &json!(["input", "planCode"])));
            } else if quota_id.is_empty() {
                quota_id = issued(&caller, of_plan(9)).await;
            }
            let input = json!({ "planCode": "KH-A-27", "to": to, "expectedVersion": version - 1, "documentNo": format!("{version}/KH") });
            let planned_class = done(&caller, "planAdvance", input).await["plan"].take();
            assert_eq!((&planned_class["state"], &planned_class["version"]), (&json!(to), &json!(version)));
            assert_eq!(planned_class["documentNo"], format!("{version}/KH"));
        }

        let on = json!({ "quotaId": quota_id, "unitCode": "A1", "seats": 1 });
        let refused = refusal(&caller, "quotaAllocate", on).await;
        assert_eq!((&refused["code"], &refused["state"]), (&json!("WRONG_STEP"), &json!("CLOSED")));
    })
    .await;
}

#[actix_web::test]
async fn an_invalid_plan_is_refused_with_field_and_advice() {
    on_both(async |app| {
        let caller = office(app).await;
        done(&caller, "planDraft", draft()).await;
        for (other, code, field) in [
            (json!({}), "CODE_TAKEN", "code"),
            (json!({ "code": "" }), "INVALID_CODE", "code"),
            (json!({ "code": "K", "unitCode": "W" }), "NOT_FOUND", "unitCode"),
            (json!({ "code": "K", "name": " " }), "INVALID_TEXT", "name"),
            (json!({ "code": "K", "yearFrom": 1799 }), "INVALID_NUMBER", "yearFrom"),
            (json!({ "code": "K", "yearTo": 2026 }), "INVALID_NUMBER", "yearTo"),
        ] {
            let refused = refusal(&caller, "planDraft", with(draft(), other.clone())).await;
            assert_eq!((&refused["code"], &refused["field"]), (&json!(code), &json!(["input", field])), "{other}");
        }
        let to = |to: &str, other| with(json!({ "planCode": "KH-A-27", "to": to }), other);
        for (input, code, field) in [
            (to("APPROVED", json!({})), "WRONG_STEP", "planCode"),
            (to("COLLECTING_DEMAND", json!({ "expectedVersion": 2 })), "VERSION_CONFLICT", "expectedVersion"),
            (to("COLLECTING_DEMAND", json!({ "planCode": "a b" })), "NOT_FOUND", "planCode"),
            (to("COLLECTING_DEMAND", json!({ "documentNo": "" })), "INVALID_TEXT", "documentNo"),
        ] {
            let refused = refusal(&caller, "planAdvance", input.clone()).await;
            assert_eq!((&refused["code"], &refused["field"]), (&json!(code), &json!(["input", field])), "{input}");
        }
        let unit = app.caller(&super::WRITES, &["A"]).await;
        let other = json!({ "planCode": "KH-P", "to": "CLOSED" });
        assert_eq!(
            refusal(&unit, "planAdvance", other).await["code"],
            "NOT_ORGANISED_HERE",
            "A has a quota of the plan"
        );
        assert_eq!(done(&caller, "planAdvance", to("CANCELLED", json!({}))).await["plan"]["state"], "CANCELLED");
    })
    .await;
}
