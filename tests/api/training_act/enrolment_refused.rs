//! Refusals of commands on enrolments. A refused command changes nothing.

use entity::{enrolment, value::EnrolmentId};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use super::{
    allocated_quota, class, current_class, document, done, enrolled, issued, office, planned_class, quota,
    quota_numbers, refusal, seats, with, with_key,
};
use crate::support::on_both;

#[actix_web::test]
async fn an_invalid_enrolment_is_refused_with_field_numbers_and_advice() {
    on_both(async |app| {
        let caller = office(app).await;
        let of_a = issued(&caller, quota(2)).await;
        let of_a1 = allocated_quota(&caller, &of_a, "A1", 1).await;
        let full_time = issued(&caller, with(quota(2), json!({ "mode": "PART_TIME" }))).await;
        let theory = issued(&caller, with(quota(2), json!({ "programmeCode": "LLCT_TC" }))).await;
        let past = issued(&caller, with(quota(2), json!({ "planCode": "KH-B", "unitCode": "B1" }))).await;
        planned_class(&caller, with(class("L-1"), json!({ "capacity": 2 })), &["OPEN_FOR_NOMINATION"]).await;
        planned_class(&caller, class("L-2"), &["OPEN_FOR_NOMINATION"]).await;
        planned_class(&caller, class("L-3"), &[]).await;
        planned_class(&caller, with(class("L-4"), json!({ "programmeCode": "LLCT_TC" })), &["OPEN_FOR_NOMINATION"])
            .await;
        enrolled(&caller, "L-1", "A-02", json!({ "quotaId": of_a1 })).await;
        enrolled(&caller, "L-1", "A-06", json!({})).await;
        let count = async || enrolment::Entity::find().count(app.database.reader()).await.expect("a count");
        let before = (count().await, current_class(&caller, "L-1").await, quota_numbers(&caller, &of_a1).await);

        for (class, cadre, other, code, field) in [
            ("L-9", "A-04", json!({}), "NOT_FOUND", "classCode"),
            ("L-2", "A-99", json!({}), "NOT_FOUND", "cadreCode"),
            ("L-2", "A-04", json!({ "quotaId": "quo_x" }), "NOT_FOUND", "quotaId"),
            ("L-2", "A-05", json!({}), "NO_POST", "cadreCode"),
            ("L-3", "A-04", json!({}), "WRONG_STEP", "classCode"),
            ("L-1", "A-04", json!({}), "CLASS_FULL", "classCode"),
            ("L-1", "A-02", json!({}), "ALREADY_ENROLLED", "cadreCode"),
            ("L-1", "A-02", json!({ "waitlist": true }), "ALREADY_ENROLLED", "cadreCode"),
            ("L-2", "A-02", json!({}), "OVERLAPPING_CLASSES", "classCode"),
            ("L-2", "A-01", json!({ "quotaId": of_a1 }), "QUOTA_EXHAUSTED", "quotaId"),
            ("L-2", "A-04", json!({ "quotaId": of_a1 }), "OUTSIDE_QUOTA", "quotaId"),
            ("L-2", "A-04", json!({ "quotaId": full_time }), "OUTSIDE_QUOTA", "quotaId"),
            ("L-2", "A-04", json!({ "quotaId": theory }), "OUTSIDE_QUOTA", "quotaId"),
            ("L-2", "B-01", json!({ "quotaId": past }), "OUTSIDE_QUOTA", "quotaId"),
            ("L-4", "A-01", json!({}), "LEVEL_HELD", "cadreCode"),
            ("L-4", "A-06", json!({}), "LEVEL_HELD", "cadreCode"),
            ("L-4", "A-01", json!({ "reason": " " }), "INVALID_TEXT", "reason"),
        ] {
            let input = with(json!({ "classCode": class, "cadreCode": cadre }), other.clone());
            let refused = refusal(&caller, "classEnrol", input).await;
            assert_eq!(
                (&refused["code"], &refused["field"]),
                (&json!(code), &json!(["input", field])),
                "{class} {cadre} {other}"
            );
            match code {
                "CLASS_FULL" => assert_eq!(seats(&refused), [2, 0, 2, 0]),
                "QUOTA_EXHAUSTED" => assert_eq!(seats(&refused), [1, 0, 1, 0]),
                _ => {}
            }
        }
        assert_eq!((count().await, current_class(&caller, "L-1").await, quota_numbers(&caller, &of_a1).await), before);

        let with_reason = enrolled(&caller, "L-4", "A-01", json!({ "reason": "Học nâng cao" })).await;
        assert_eq!(with_reason["remark"], "Học nâng cao");
        assert_eq!(enrolled(&caller, "L-1", "A-04", json!({ "waitlist": true })).await["state"], "WAITLISTED");
        enrolled(&caller, "L-2", "A-03", json!({ "quotaId": of_a })).await;
    })
    .await;
}

#[actix_web::test]
async fn an_invalid_result_is_refused_with_field_and_advice() {
    on_both(async |app| {
        let caller = office(app).await;
        planned_class(&caller, with(class("L-1"), json!({ "startOn": "2026-05-20" })), &["OPEN_FOR_NOMINATION"]).await;
        let id = enrolled(&caller, "L-1", "A-04", json!({})).await["id"].clone();
        let result = |other| with(json!({ "enrolmentId": id, "passed": true, "completedOn": "2026-06-01" }), other);
        let early = refusal(&caller, "enrolmentComplete", result(json!({}))).await;
        assert_eq!((&early["code"], &early["state"]), (&json!("WRONG_STEP"), &json!("OPEN_FOR_NOMINATION")));
        for state in ["CONFIRMED", "RUNNING"] {
            done(&caller, "classAdvance", json!({ "classCode": "L-1", "to": state })).await;
        }
        for (command, input, code, field) in [
            ("enrolmentComplete", result(json!({ "completedOn": "2026-06-02" })), "INVALID_DAY", "completedOn"),
            ("enrolmentComplete", result(json!({ "completedOn": "2026-05-19" })), "INVALID_DAY", "completedOn"),
            ("enrolmentComplete", result(json!({ "expectedVersion": 1 })), "VERSION_CONFLICT", "expectedVersion"),
            ("enrolmentComplete", result(json!({ "enrolmentId": "enr_x" })), "NOT_FOUND", "enrolmentId"),
            ("enrolmentRevoke", json!({ "enrolmentId": id, "reason": "x" }), "WRONG_STEP", "enrolmentId"),
            ("enrolmentConfirm", json!({ "enrolmentId": id }), "WRONG_STEP", "enrolmentId"),
            ("enrolmentDrop", json!({ "enrolmentId": id, "reason": "" }), "INVALID_TEXT", "reason"),
        ] {
            let refused = refusal(&caller, command, input.clone()).await;
            assert_eq!(
                (&refused["code"], &refused["field"]),
                (&json!(code), &json!(["input", field])),
                "{command} {input}"
            );
        }
        assert_eq!(done(&caller, "enrolmentComplete", result(json!({}))).await["enrolment"]["version"], 3);
    })
    .await;
}

#[actix_web::test]
async fn a_waiting_person_gets_a_seat_of_a_quota_only_while_its_plan_gives_seats() {
    on_both(async |app| {
        let caller = office(app).await;
        let of_quota = issued(&caller, quota(5)).await;
        planned_class(&caller, with(class("L-1"), json!({ "capacity": 1 })), &["OPEN_FOR_NOMINATION"]).await;
        planned_class(
            &caller,
            with(class("L-2"), json!({ "capacity": 1, "mode": "PART_TIME" })),
            &["OPEN_FOR_NOMINATION"],
        )
        .await;
        let waits = || json!({ "quotaId": of_quota, "waitlist": true });
        let first = enrolled(&caller, "L-1", "A-02", json!({})).await["id"].clone();
        let waiting = enrolled(&caller, "L-1", "A-03", waits()).await["id"].clone();
        enrolled(&caller, "L-2", "A-02", json!({})).await;
        let other = enrolled(&caller, "L-2", "A-04", waits()).await["id"].clone();
        let confirm = |id| json!({ "enrolmentId": id });
        let refused = refusal(&caller, "enrolmentConfirm", confirm(&waiting)).await;
        assert_eq!((&refused["code"], seats(&refused)), (&json!("CLASS_FULL"), [1, 0, 1, 0]));
        done(&caller, "enrolmentDrop", json!({ "enrolmentId": first, "reason": "Ốm" })).await;

        // The class of the other person is postponed to a year outside of the plan.
        done(&caller, "classAdvance", json!({ "classCode": "L-2", "to": "POSTPONED" })).await;
        let days = json!({ "classCode": "L-2", "to": "PLANNED", "startOn": "2027-01-04", "lastOn": "2027-01-08" });
        done(&caller, "classAdvance", days).await;
        let refused = refusal(&caller, "enrolmentConfirm", confirm(&other)).await;
        assert_eq!((&refused["code"], &refused["field"]), (&json!("WRONG_STEP"), &json!(["input", "enrolmentId"])));
        done(&caller, "classAdvance", json!({ "classCode": "L-2", "to": "OPEN_FOR_NOMINATION" })).await;
        let refused = refusal(&caller, "enrolmentConfirm", confirm(&other)).await;
        assert_eq!((&refused["code"], &refused["field"]), (&json!("OUTSIDE_QUOTA"), &json!(["input", "enrolmentId"])));

        for to in ["PUBLISHED", "CLOSED"] {
            assert_eq!(quota_numbers(&caller, &of_quota).await[2], 0);
            done(&caller, "planAdvance", json!({ "planCode": "KH-A", "to": to })).await;
        }
        let refused = refusal(&caller, "enrolmentConfirm", confirm(&waiting)).await;
        assert_eq!(
            (&refused["code"], &refused["state"], &refused["field"]),
            (&json!("WRONG_STEP"), &json!("CLOSED"), &json!(["input", "enrolmentId"]))
        );
        assert_eq!(current_class(&caller, "L-1").await["enrolled"], 0, "no seat of the class was taken either");
        let same = json!({ "classCode": "L-1", "cadreCode": "A-06", "quotaId": of_quota });
        assert_eq!(refusal(&caller, "classEnrol", same).await["state"], "CLOSED", "the same as for enrolled people");
        let document = "query($id: ID!) { node(id: $id) { ... on Enrolment { state year } } }";
        let data = caller.query_with(document, json!({ "id": waiting })).await;
        assert_eq!(data["node"], json!({ "state": "WAITLISTED", "year": 2026 }));
    })
    .await;
}

#[actix_web::test]
async fn a_confirmed_enrolment_counts_for_the_year_in_which_the_class_starts() {
    on_both(async |app| {
        let caller = office(app).await;
        planned_class(&caller, class("L-1"), &["OPEN_FOR_NOMINATION"]).await;
        let made = enrolled(&caller, "L-1", "A-03", json!({})).await;
        assert_eq!(made["year"], 2026);
        let days = json!({ "to": "PLANNED", "startOn": "2027-01-04", "lastOn": "2027-01-08" });
        for to in [json!({ "to": "POSTPONED" }), days, json!({ "to": "OPEN_FOR_NOMINATION" })] {
            done(&caller, "classAdvance", with(json!({ "classCode": "L-1" }), to)).await;
        }
        let confirmed = done(&caller, "enrolmentConfirm", json!({ "enrolmentId": made["id"] })).await;
        assert_eq!(
            (&confirmed["enrolment"]["state"], &confirmed["enrolment"]["year"]),
            (&json!("CONFIRMED"), &json!(2027))
        );
    })
    .await;
}

#[actix_web::test]
async fn an_invisible_object_is_refused_like_a_missing_one() {
    on_both(async |app| {
        let (office, other) = (office(app).await, app.caller(&super::WRITES, &["B"]).await);
        planned_class(&office, class("L-1"), &["OPEN_FOR_NOMINATION"]).await;
        let id = enrolled(&office, "L-1", "A-04", json!({})).await["id"].as_str().expect("an id").to_owned();
        for (command, input) in [
            ("enrolmentConfirm", json!({})),
            ("enrolmentDrop", json!({ "reason": "x" })),
            ("enrolmentComplete", json!({ "passed": true, "completedOn": "2026-06-01" })),
            ("enrolmentRevoke", json!({ "reason": "x" })),
        ] {
            let ask = async |id: &str| {
                let input = with_key(with(input.clone(), json!({ "enrolmentId": id, "idempotencyKey": "same" })));
                other.raw(&document(command), json!({ "input": input })).await
            };
            let unknown = ask(&EnrolmentId::new().to_string()).await;
            assert!(unknown.contains("NOT_FOUND"), "{unknown}");
            assert_eq!(ask(&id).await, unknown, "{command}");
        }
        let ask = async |class: &str| {
            let input = json!({ "classCode": class, "cadreCode": "B-01", "idempotencyKey": "same" });
            other.raw(&document("classEnrol"), json!({ "input": input })).await
        };
        assert_eq!(ask("L-1").await, ask("L-9").await);
        let foreign = json!({ "classCode": "LOP-B1", "cadreCode": "A-04" });
        assert_eq!(refusal(&other, "classEnrol", foreign).await["field"], json!(["input", "cadreCode"]));
    })
    .await;
}

#[actix_web::test]
async fn an_enrolment_requires_its_scopes_and_a_quota_one_more() {
    on_both(async |app| {
        let office = office(app).await;
        let of_quota = issued(&office, quota(2)).await;
        planned_class(&office, class("L-1"), &["OPEN_FOR_NOMINATION"]).await;
        let input =
            |other| json!({ "input": with_key(with(json!({ "classCode": "L-1", "cadreCode": "A-04" }), other)) });
        let ask = async |scopes: &[&str], other| {
            let caller = app.caller(scopes, &["P"]).await;
            let answer = caller.ask(&document("classEnrol"), input(other)).await;
            answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none").to_owned()
        };
        assert_eq!(ask(&["cadre:read", "training:read"], json!({})).await, "FORBIDDEN");
        assert_eq!(ask(&["training:read", "training:write"], json!({})).await, "FORBIDDEN");
        let writes = ["cadre:read", "training:read", "training:write"];
        assert_eq!(ask(&writes, json!({ "quotaId": of_quota })).await, "FORBIDDEN");
        assert_eq!(ask(&writes, json!({})).await, "none");
    })
    .await;
}
