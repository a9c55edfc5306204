//! The end of a rotation, by reason and placement, and its effect on the posts.

use serde_json::{Value, json};

use super::{done, office, posts, refusal, running, transfer, with};
use crate::support::on_both;

#[actix_web::test]
async fn the_posts_after_an_end_follow_from_its_reason() {
    let left = json!(["A2U", "CC", "2010-01-01", "2025-09-01", true]);
    let closed = json!(["A1U", "CC", "2025-09-01", "2026-05-01", true]);
    let placement = json!({ "unitCode": "A2U", "titleCode": "CC", "decisionNo": "20/QĐ-TEST" });
    let back = json!([["A2U", "CC", "2026-05-01", null, true], closed, left]);
    let stays = json!([["A1U", "CC", "2025-09-01", null, true], left]);
    let waits = json!([closed, left]);
    for (reason, placement, state, expected) in [
        ("STABILISED_AT_DESTINATION", Value::Null, "PLACED", &stays),
        ("STABILISED_AT_DESTINATION", json!({ "unitCode": "A1U", "titleCode": "CC" }), "PLACED", &stays),
        ("RETURNED", Value::Null, "PLACED", &back),
        ("PROMOTED", placement.clone(), "PLACED", &back),
        ("TRANSFERRED_ON", Value::Null, "ENDED", &waits),
        ("RETIRED", Value::Null, "ENDED", &waits),
        ("DISCIPLINE", Value::Null, "ENDED", &waits),
    ] {
        on_both(async |app| {
            let caller = office(app).await;
            let id = running(&caller, transfer()).await;
            let end = json!({ "rotationId": id, "endOn": "2026-05-01", "reason": reason, "placement": placement });

            let ended = done(&caller, "rotationEnd", end).await;

            assert_eq!(ended["state"], state, "{reason}");
            assert_eq!(&posts(&caller, "A-04").await, expected, "{reason}");
        })
        .await;
    }
}

#[actix_web::test]
async fn a_placement_that_contradicts_its_reason_is_refused() {
    on_both(async |app| {
        let caller = office(app).await;
        let id = running(&caller, transfer()).await;
        let before = posts(&caller, "A-04").await;
        let end = json!({ "rotationId": id, "endOn": "2026-05-01" });
        let elsewhere = json!({ "unitCode": "A2U", "titleCode": "CC" });
        for (other, code, field) in [
            (json!({ "reason": "STABILISED_AT_DESTINATION", "placement": elsewhere }), "INVALID_PLACEMENT", "unitCode"),
            (json!({ "reason": "RETIRED", "placement": elsewhere }), "INVALID_PLACEMENT", "placement"),
            (json!({ "reason": "DISCIPLINE", "placement": elsewhere }), "INVALID_PLACEMENT", "placement"),
            (
                json!({ "reason": "PROMOTED", "placement": { "unitCode": "PD1", "titleCode": "CC" } }),
                "TITLE_NOT_OF_TIER",
                "titleCode",
            ),
            (
                json!({ "reason": "PROMOTED", "placement": { "unitCode": "C", "titleCode": "CC" } }),
                "UNIT_NOT_ALIVE",
                "unitCode",
            ),
            (
                json!({ "reason": "PROMOTED", "placement": { "unitCode": "W", "titleCode": "CC" } }),
                "NOT_FOUND",
                "unitCode",
            ),
            (json!({ "reason": "RETURNED", "endOn": "2025-09-01" }), "INVALID_DAY", "endOn"),
            (json!({ "reason": "RETURNED", "endOn": "2026-06-02" }), "INVALID_DAY", "endOn"),
        ] {
            let refused = refusal(&caller, "rotationEnd", with(end.clone(), other.clone())).await;

            assert_eq!(refused["code"], code, "{other}");
            let last = refused["field"].as_array().and_then(|path| path.last()).expect("a path");
            assert_eq!(last, field, "{other}");
        }
        assert_eq!(posts(&caller, "A-04").await, before);
    })
    .await;
}

#[actix_web::test]
async fn an_end_before_the_minimum_term_requires_an_override() {
    on_both(async |app| {
        let caller = office(app).await;
        let rotation = with(
            transfer(),
            json!({ "form": "ROTATION", "planning": { "documentNo": "05-QH/TEST", "validFrom": "2025-01-01" } }),
        );
        let id = running(&caller, rotation).await;
        let end = json!({ "rotationId": id, "endOn": "2026-05-01", "reason": "RETURNED" });

        let refused = refusal(&caller, "rotationEnd", end.clone()).await;

        assert_eq!((&refused["__typename"], &refused["code"]), (&json!("RuleError"), &json!("RULE_FAILED")));
        assert_eq!(refused["check"], json!({ "rule": "rotation.min_term_months", "result": "FAIL" }));
        let special = json!({
            "rotationId": id, "rule": "rotation.min_term_months", "reason": "Đặc biệt", "grantedBy": "Ban Thường vụ",
            "grantedOn": "2026-04-01",
        });
        done(&caller, "rotationOverride", special).await;
        assert_eq!(done(&caller, "rotationEnd", end).await["state"], "PLACED");
    })
    .await;
}

#[actix_web::test]
async fn some_reasons_end_a_rotation_before_its_minimum_term() {
    on_both(async |app| {
        let caller = office(app).await;
        let rotation = with(
            transfer(),
            json!({ "form": "ROTATION", "planning": { "documentNo": "05-QH/TEST", "validFrom": "2025-01-01" } }),
        );
        let id = running(&caller, rotation).await;
        let end = |reason: &str| json!({ "rotationId": id, "endOn": "2026-05-01", "reason": reason });

        for reason in ["TERM_COMPLETED", "STABILISED_AT_DESTINATION", "RETURNED", "OTHER"] {
            assert_eq!(refusal(&caller, "rotationEnd", end(reason)).await["code"], "RULE_FAILED", "{reason}");
        }
        assert_eq!(done(&caller, "rotationEnd", end("PROMOTED")).await["state"], "ENDED");
    })
    .await;
}

#[actix_web::test]
async fn an_imported_rotation_is_ended_by_a_client_that_reaches_both_units() {
    on_both(async |app| {
        let (district, commune) = (app.caller(&super::WRITES, &["B"]).await, app.caller(&super::WRITES, &["B1"]).await);
        let running = district.query(r#"{ cadre(by: {code: "B-02"}) { rotations { id state } } }"#).await;
        let rotation = &running["cadre"]["rotations"][0];
        assert_eq!(rotation["state"], "IN_PROGRESS", "the control");
        let end =
            json!({ "rotationId": rotation["id"], "endOn": "2026-05-01", "reason": "OTHER", "expectedVersion": 1 });

        assert_eq!(refusal(&commune, "rotationEnd", end.clone()).await["code"], "NOT_PREPARED_HERE");
        let back = with(end.clone(), json!({ "reason": "RETURNED" }));
        let refused = refusal(&district, "rotationEnd", back).await;
        assert_eq!(
            refused["code"], "TITLE_NOT_OF_TIER",
            "the history contains the title CC in a district, which is no longer permitted"
        );
        assert_eq!(done(&district, "rotationEnd", end).await["state"], "ENDED");

        assert_eq!(posts(&district, "B-02").await[0], json!(["B1U", "CC", "2013-01-01", "2026-05-01", true]));
    })
    .await;
}
