//! The whole life of a rotation, and the rows that its commands write.

use entity::{audit_entry, change, idempotency_key, rotation_step, value::RotationId};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::{done, exchanged, office, posts, proposed, with};
use crate::support::{TestApp, on_both};

/// A rotation of a civil servant in the planning: the rules of 2025 require that, and a term of 36 months.
fn planned() -> Value {
    json!({
        "cadreCode": "A-04", "form": "ROTATION", "purpose": "DEVELOPMENT",
        "toUnitCode": "A1U", "toTitleCode": "CC", "startOn": "2025-09-01", "plannedEndOn": "2028-09-01",
        "preparingUnitCode": "A", "remark": "Theo kế hoạch năm",
        "planning": { "documentNo": "05-QH/TEST", "validFrom": "2025-01-01" },
    })
}

#[actix_web::test]
async fn a_rotation_goes_from_proposal_to_placement_with_its_posts() {
    on_both(async |app| {
        let caller = office(app).await;
        let before = json!([["A2U", "CC", "2010-01-01", null, true]]);

        let id = proposed(&caller, planned()).await;
        exchanged(&caller, &id).await;
        let decision = json!({ "rotationId": id, "decisionNo": "10/QĐ-TEST", "decidedOn": "2025-08-15", "expectedVersion": 5 });
        done(&caller, "rotationDecide", decision).await;
        done(&caller, "rotationPublish", json!({ "rotationId": id })).await;
        assert_eq!(posts(&caller, "A-04").await, before, "the person has not moved before the start");

        let started = done(&caller, "rotationStart", json!({ "rotationId": id })).await;
        assert_eq!((&started["state"], &started["version"]), (&json!("IN_PROGRESS"), &json!(8)));
        let left = json!(["A2U", "CC", "2010-01-01", "2025-09-01", true]);
        assert_eq!(posts(&caller, "A-04").await, json!([["A1U", "CC", "2025-09-01", null, true], left]));

        let appraisal = json!({ "rotationId": id, "year": 2025, "result": "GOOD", "appraisedOn": "2025-12-20" });
        done(&caller, "rotationAppraise", appraisal).await;
        let longer = json!({ "rotationId": id, "plannedEndOn": "2029-09-01", "decisionNo": "11/QĐ-TEST", "reason": "Theo yêu cầu nhiệm vụ" });
        assert_eq!(done(&caller, "rotationExtend", longer).await["state"], "EXTENDED");
        let special = json!({
            "rotationId": id, "rule": "rotation.min_term_months", "reason": "Trường hợp đặc biệt",
            "grantedBy": "Ban Thường vụ", "grantedOn": "2026-04-01",
        });
        done(&caller, "rotationOverride", special).await;
        let end = json!({ "rotationId": id, "endOn": "2026-05-01", "reason": "TERM_COMPLETED" });
        assert_eq!(done(&caller, "rotationEnd", end).await["state"], "ENDED");
        let closed = json!(["A1U", "CC", "2025-09-01", "2026-05-01", true]);
        assert_eq!(posts(&caller, "A-04").await, json!([closed, left]), "a person without a placement has no post");

        let place = json!({ "rotationId": id, "unitCode": "A2U", "titleCode": "CC", "placedOn": "2026-05-15", "decisionNo": "12/QĐ-TEST" });
        assert_eq!(done(&caller, "rotationPlace", place).await["state"], "PLACED");
        assert_eq!(posts(&caller, "A-04").await, json!([["A2U", "CC", "2026-05-15", null, true], closed, left]));
        assert_eq!(stored(app, &id).await, placed());
        written(app, &id).await;
    })
    .await;
}

async fn stored(app: &TestApp, id: &str) -> Value {
    let document = "query($id: ID!) { node(id: $id) { ... on Rotation {
        state version direction fromTier toTier fromUnit { code } toUnit { code } fromTitle { code } toTitle { code }
        startOn plannedEndOn endOn endReason decisionNo decidedOn publishedOn preparingUnit { code }
        placement { unit { code } title { code } on decisionNo }
        steps { state on plannedEndOn documentNo remark at }
        appraisals { year result appraisedOn documentNo }
        overrides { rule reason grantedBy grantedOn documentNo }
        checks { rule result override { grantedBy } }
    } } }";
    office(app).await.query_with(document, json!({ "id": id })).await["node"].take()
}

/// The rotation of `planned` after its placement.
fn placed() -> Value {
    let step = |state: &str, on: &str, end: &str, document: Option<&str>, remark: Option<&str>| {
        json!({
            "state": state, "on": on, "plannedEndOn": end, "documentNo": document, "remark": remark,
            "at": "2026-06-01T05:00:00Z",
        })
    };
    let (first, longer) = ("2028-09-01", "2029-09-01");
    let check = |rule: &str, result: &str| json!({ "rule": rule, "result": result, "override": null });
    let mut least = check("rotation.min_term_months", "FAIL");
    least["override"] = json!({ "grantedBy": "Ban Thường vụ" });
    json!({
        "state": "PLACED", "version": 13, "direction": "LATERAL_LOCALITY", "fromTier": "COMMUNE", "toTier": "COMMUNE",
        "fromUnit": { "code": "A2U" }, "toUnit": { "code": "A1U" },
        "fromTitle": { "code": "CC" }, "toTitle": { "code": "CC" },
        "startOn": "2025-09-01", "plannedEndOn": longer, "endOn": "2026-05-01", "endReason": "TERM_COMPLETED",
        "decisionNo": "10/QĐ-TEST", "decidedOn": "2025-08-15", "publishedOn": "2026-06-01",
        "preparingUnit": { "code": "A" },
        "placement": { "unit": { "code": "A2U" }, "title": { "code": "CC" }, "on": "2026-05-15", "decisionNo": "12/QĐ-TEST" },
        "steps": [
            step("DRAFT", "2026-06-01", first, None, Some("Theo kế hoạch năm")),
            step("POLICY_APPROVED", "2025-08-01", first, None, None),
            step("NOMINATED", "2025-08-01", first, None, None),
            step("PREPARED", "2025-08-01", first, None, None),
            step("EXCHANGED", "2025-08-01", first, None, None),
            step("DECIDED", "2025-08-15", first, Some("10/QĐ-TEST"), None),
            step("PUBLISHED", "2026-06-01", first, Some("10/QĐ-TEST"), None),
            step("IN_PROGRESS", "2025-09-01", first, Some("10/QĐ-TEST"), None),
            step("IN_PROGRESS", "2025-12-20", first, None, None),
            step("EXTENDED", "2026-06-01", longer, Some("11/QĐ-TEST"), Some("Theo yêu cầu nhiệm vụ")),
            step("EXTENDED", "2026-04-01", longer, None, Some("Trường hợp đặc biệt")),
            step("ENDED", "2026-05-01", longer, None, None),
            step("PLACED", "2026-05-15", longer, Some("12/QĐ-TEST"), None),
        ],
        "appraisals": [{ "year": 2025, "result": "GOOD", "appraisedOn": "2025-12-20", "documentNo": null }],
        "overrides": [{
            "rule": "rotation.min_term_months", "reason": "Trường hợp đặc biệt", "grantedBy": "Ban Thường vụ",
            "grantedOn": "2026-04-01", "documentNo": null,
        }],
        "checks": [
            least,
            check("rotation.min_remaining_service_months", "NOT_APPLICABLE"),
            check("rotation.requires_planning_entry", "PASS"),
            check("secondment.max_term_months", "NOT_APPLICABLE"),
        ],
    })
}

/// Each command writes one audit entry, one key, one step and one change. Changes before the publication are visible
/// only to the preparing unit.
async fn written(app: &TestApp, id: &str) {
    let reader = app.database.reader();
    let rotation: RotationId = id.parse().expect("an id");
    let of_id = change::Entity::find().filter(change::Column::Object.eq(id)).order_by_asc(change::Column::Seq);
    let changes = of_id.all(reader).await.expect("read");
    let prepared_by = changes[0].audience_id;
    assert!(prepared_by.is_some());
    for (at, change) in changes.iter().enumerate() {
        assert_eq!(change.audience_id, prepared_by.filter(|_| at < 6), "{at}");
        assert_eq!(change.object_type, "rotation");
    }
    let audited =
        audit_entry::Entity::find().filter(audit_entry::Column::Object.eq(id)).count(reader).await.expect("read");
    let keys = idempotency_key::Entity::find()
        .filter(idempotency_key::Column::Object.eq(id))
        .count(reader)
        .await
        .expect("read");
    let steps = rotation_step::Entity::find().filter(rotation_step::Column::RotationId.eq(rotation));
    let moved = change::Entity::find().filter(change::Column::Object.eq("A-04")).count(reader).await.expect("read");
    let commands = changes.len() as u64;
    assert_eq!((commands, audited, keys, steps.count(reader).await.expect("read")), (13, 13, 13, 13));
    assert_eq!(moved, 1 + 3, "the import, the start, the end and the placement moved the person");
}

#[actix_web::test]
async fn a_rotation_cannot_start_before_its_start_day() {
    on_both(async |app| {
        let caller = office(app).await;
        let ahead = with(planned(), json!({ "startOn": "2026-06-02", "plannedEndOn": "2029-06-02" }));
        let id = proposed(&caller, ahead).await;
        exchanged(&caller, &id).await;
        let decision = json!({ "rotationId": id, "decisionNo": "10/QĐ-TEST", "decidedOn": "2026-05-20" });
        done(&caller, "rotationDecide", decision).await;
        done(&caller, "rotationPublish", json!({ "rotationId": id })).await;

        let refused = super::refusal(&caller, "rotationStart", json!({ "rotationId": id })).await;

        assert_eq!(refused["code"], "NOT_YET_DUE");
        assert!(refused["message"].as_str().expect("read").contains("2026-06-02"), "{refused}");
    })
    .await;
}

#[actix_web::test]
async fn steps_before_the_publication_are_visible_only_to_the_preparing_unit() {
    on_both(async |app| {
        let office = office(app).await;
        let id = super::running(&office, super::transfer()).await;
        let other = app.caller(&["cadre:read", "rotation:read"], &["A"]).await;
        let document = "query($id: ID!) { node(id: $id) { ... on Rotation { steps { state } } } }";

        let data = other.query_with(document, json!({ "id": id })).await;
        let all = office.query_with(document, json!({ "id": id })).await;

        let states = |data: &Value| -> Vec<String> {
            let steps = data["node"]["steps"].as_array().expect("steps");
            steps.iter().map(|step| step["state"].as_str().expect("a state").to_owned()).collect()
        };
        assert_eq!(states(&data), ["PUBLISHED", "IN_PROGRESS"]);
        assert_eq!(states(&all).len(), 8, "the control");
    })
    .await;
}

#[actix_web::test]
async fn each_command_of_one_operation_returns_its_own_result() {
    on_both(async |app| {
        let caller = office(app).await;
        let id = proposed(&caller, super::transfer()).await;
        super::published(&caller, &id).await;
        let document = r#"mutation($id: ID!) {
            before: rotationAppraise(input: {idempotencyKey: "1", rotationId: $id, year: 2025, result: GOOD, appraisedOn: "2026-01-15"}) { userErrors { code } }
            start: rotationStart(input: {idempotencyKey: "2", rotationId: $id}) { rotation { ...shown } }
            first: rotationAppraise(input: {idempotencyKey: "3", rotationId: $id, year: 2025, result: GOOD, appraisedOn: "2026-01-15"}) { rotation { ...shown } }
            end: rotationEnd(input: {idempotencyKey: "4", rotationId: $id, endOn: "2026-05-01", reason: RETURNED}) { rotation { ...shown } }
        }
        fragment shown on Rotation { version steps { state } appraisals { year } cadre { assignments { endOn } } }"#;

        let data = caller.query_with(document, json!({ "id": id })).await;

        assert_eq!(data["before"]["userErrors"][0]["code"], "WRONG_STEP", "the next command runs");
        for (command, steps, appraisals, ends) in [
            ("start", 8, 0, json!([null, "2025-09-01"])),
            ("first", 9, 1, json!([null, "2025-09-01"])),
            ("end", 10, 1, json!([null, "2026-05-01", "2025-09-01"])),
        ] {
            let stored = &data[command]["rotation"];
            assert_eq!(stored["version"], json!(steps), "{command}");
            assert_eq!(stored["steps"].as_array().map(Vec::len), Some(steps), "{command}");
            assert_eq!(stored["appraisals"].as_array().map(Vec::len), Some(appraisals), "{command}");
            let posts = stored["cadre"]["assignments"].as_array().expect("posts");
            assert_eq!(posts.iter().map(|post| post["endOn"].clone()).collect::<Value>(), ends, "{command}");
        }
    })
    .await;
}
