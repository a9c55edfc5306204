//! Commands on classes: effects and refusals.

use serde_json::{Value, json};

use super::{
    class, current_class, done, enrolled, issued, office, planned_class, quota, quota_numbers, refusal, seats, with,
};
use crate::support::on_both;

#[actix_web::test]
async fn a_class_advances_from_its_plan_to_its_end() {
    on_both(async |app| {
        let caller = office(app).await;
        let input =
            with(class("L-1"), json!({ "startOn": "2026-06-01", "capacity": 30, "planCode": "KH-A", "intake": " 7 " }));
        let made = done(&caller, "classPlan", input).await["class"].take();
        assert_eq!((&made["state"], &made["version"], &made["enrolled"]), (&json!("PLANNED"), &json!(1), &json!(0)));

        for (version, state) in (2..).zip(["OPEN_FOR_NOMINATION", "CONFIRMED", "RUNNING", "COMPLETED", "CLOSED"]) {
            let input = json!({ "classCode": "L-1", "to": state, "expectedVersion": version - 1 });
            let planned_class = done(&caller, "classAdvance", input).await["class"].take();
            assert_eq!((&planned_class["state"], &planned_class["version"]), (&json!(state), &json!(version)));
        }
        let refused = refusal(&caller, "classAdvance", json!({ "classCode": "L-1", "to": "RUNNING" })).await;
        assert_eq!(
            (&refused["code"], &refused["state"], &refused["due"]),
            (&json!("WRONG_STEP"), &json!("CLOSED"), &json!([]))
        );
        let over = refusal(&caller, "classAmend", json!({ "classCode": "L-1", "capacity": 40 })).await;
        assert_eq!(over["code"], "WRONG_STEP");
    })
    .await;
}

#[actix_web::test]
async fn learners_follow_the_state_of_their_class() {
    on_both(async |app| {
        let caller = office(app).await;
        let seats_of = issued(&caller, quota(5)).await;
        let used = async || quota_numbers(&caller, &seats_of).await[2];
        planned_class(
            &caller,
            with(class("L-1"), json!({ "capacity": 2, "planCode": "KH-A" })),
            &["OPEN_FOR_NOMINATION"],
        )
        .await;
        let of_quota = || json!({ "quotaId": seats_of, "waitlist": true });
        for (cadre, state) in [("A-02", "CONFIRMED"), ("A-03", "CONFIRMED"), ("A-04", "WAITLISTED")] {
            assert_eq!(enrolled(&caller, "L-1", cadre, of_quota()).await["state"], state);
        }
        let states = async || {
            let document = r#"{ trainingClass(by: {code: "L-1"}) { enrolments { nodes { state } } } }"#;
            let data = caller.query(document).await;
            let nodes = data["trainingClass"]["enrolments"]["nodes"].as_array().cloned().expect("nodes");
            nodes.iter().map(|node| node["state"].as_str().expect("a state").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!((used().await, current_class(&caller, "L-1").await["enrolled"].clone()), (2, json!(2)));

        let to = |state: &str| json!({ "classCode": "L-1", "to": state });
        let postponed = done(&caller, "classAdvance", to("POSTPONED")).await["class"].take();
        assert_eq!(
            (&postponed["enrolled"], used().await),
            (&json!(0), 0),
            "learners of a postponed class wait for the new days"
        );
        assert_eq!(states().await, ["WAITLISTED", "WAITLISTED", "WAITLISTED"]);

        let refused = refusal(&caller, "classAdvance", to("PLANNED")).await;
        assert_eq!((&refused["code"], &refused["field"]), (&json!("INVALID_DAY"), &json!(["input", "startOn"])));
        let days = json!({ "startOn": "2027-01-01", "lastOn": "2027-01-03" });
        let refused = refusal(&caller, "classAdvance", with(to("PLANNED"), days)).await;
        assert_eq!((&refused["code"], &refused["field"]), (&json!("INVALID_DAY"), &json!(["input", "startOn"])));
        let days = json!({ "startOn": "2026-06-01", "lastOn": "2026-06-03" });
        done(&caller, "classAdvance", with(to("PLANNED"), days.clone())).await;
        let refused = refusal(&caller, "classAdvance", with(to("OPEN_FOR_NOMINATION"), days)).await;
        assert_eq!(refused["code"], "INVALID_DAY");
        done(&caller, "classAdvance", to("OPEN_FOR_NOMINATION")).await;
        let waiting = caller.query(r#"{ trainingClass(by: {code: "L-1"}) { enrolments { nodes { id } } } }"#).await;
        let first = waiting["trainingClass"]["enrolments"]["nodes"][0]["id"].clone();
        let confirmed = done(&caller, "enrolmentConfirm", json!({ "enrolmentId": first })).await["enrolment"].take();
        assert_eq!((&confirmed["state"], used().await), (&json!("CONFIRMED"), 1));
        done(&caller, "classAdvance", to("CONFIRMED")).await;
        done(&caller, "classAdvance", to("RUNNING")).await;
        assert_eq!(states().await, ["ATTENDING", "WAITLISTED", "WAITLISTED"]);
    })
    .await;
}

#[actix_web::test]
async fn a_cancelled_class_releases_all_learners() {
    on_both(async |app| {
        let caller = office(app).await;
        let of_quota = issued(&caller, quota(5)).await;
        planned_class(&caller, class("L-1"), &["OPEN_FOR_NOMINATION"]).await;
        let enrolment = enrolled(&caller, "L-1", "A-02", json!({ "quotaId": of_quota })).await;
        enrolled(&caller, "L-1", "A-03", json!({})).await;

        let gone =
            done(&caller, "classAdvance", json!({ "classCode": "L-1", "to": "CANCELLED" })).await["class"].take();

        assert_eq!((&gone["state"], &gone["enrolled"]), (&json!("CANCELLED"), &json!(0)));
        assert_eq!(quota_numbers(&caller, &of_quota).await, [5, 0, 0, 5, 3]);
        let document = "query($id: ID!) { node(id: $id) { ... on Enrolment { state version } } }";
        let data = caller.query_with(document, json!({ "id": enrolment["id"] })).await;
        assert_eq!(data["node"], json!({ "state": "DROPPED", "version": 2 }));
    })
    .await;
}

#[actix_web::test]
async fn a_class_never_has_fewer_seats_than_learners() {
    on_both(async |app| {
        let caller = office(app).await;
        planned_class(&caller, class("L-1"), &["OPEN_FOR_NOMINATION"]).await;
        for cadre in ["A-02", "A-03", "A-04"] {
            enrolled(&caller, "L-1", cadre, json!({})).await;
        }
        let refused = refusal(&caller, "classAmend", json!({ "classCode": "L-1", "capacity": 2 })).await;
        assert_eq!((&refused["code"], seats(&refused)), (&json!("CAPACITY_IN_USE"), [3, 0, 3, 0]));
        let amended = done(&caller, "classAmend", json!({ "classCode": "L-1", "capacity": 3 })).await["class"].take();
        assert_eq!((&amended["capacity"], &amended["enrolled"]), (&json!(3), &json!(3)));
        let both = json!({ "classCode": "L-1", "capacity": 4, "unlimited": true });
        assert_eq!(refusal(&caller, "classAmend", both).await["field"], json!(["input", "capacity"]));
        let open = json!({ "classCode": "L-1", "unlimited": true });
        let open = done(&caller, "classAmend", open).await["class"].take();
        assert_eq!(open["capacity"], Value::Null);
    })
    .await;
}

#[actix_web::test]
async fn an_invalid_class_is_refused_with_field_and_advice() {
    on_both(async |app| {
        let caller = office(app).await;
        planned_class(&caller, class("L-1"), &["OPEN_FOR_NOMINATION", "CONFIRMED"]).await;
        for (other, code, field) in [
            (json!({ "code": "đ" }), "INVALID_CODE", "code"),
            (json!({}), "CODE_TAKEN", "code"),
            (json!({ "code": "L-2", "programmeCode": "XX" }), "NOT_FOUND", "programmeCode"),
            (json!({ "code": "L-2", "planCode": "XX" }), "NOT_FOUND", "planCode"),
            (json!({ "code": "L-2", "organiserUnitCode": "W" }), "NOT_FOUND", "organiserUnitCode"),
            (json!({ "code": "L-2", "lastOn": "2026-06-07" }), "INVALID_DAY", "lastOn"),
            (
                json!({ "code": "L-2", "planCode": "KH-A", "startOn": "2027-01-01", "lastOn": "2027-01-02" }),
                "INVALID_DAY",
                "startOn",
            ),
            (json!({ "code": "L-2", "capacity": 0 }), "INVALID_NUMBER", "capacity"),
            (json!({ "code": "L-2", "intake": "" }), "INVALID_TEXT", "intake"),
        ] {
            let refused = refusal(&caller, "classPlan", with(class("L-1"), other.clone())).await;
            assert_eq!((&refused["code"], &refused["field"]), (&json!(code), &json!(["input", field])), "{other}");
        }
        for (other, code, field) in [
            (json!({ "to": "RUNNING" }), "NOT_YET_DUE", "to"),
            (json!({ "to": "CLOSED" }), "WRONG_STEP", "classCode"),
            (json!({ "to": "RUNNING", "expectedVersion": 1 }), "VERSION_CONFLICT", "expectedVersion"),
            (json!({ "to": "RUNNING", "classCode": "L-9" }), "NOT_FOUND", "classCode"),
        ] {
            let input = with(json!({ "classCode": "L-1" }), other.clone());
            let refused = refusal(&caller, "classAdvance", input).await;
            assert_eq!((&refused["code"], &refused["field"]), (&json!(code), &json!(["input", field])), "{other}");
        }
        assert_eq!(current_class(&caller, "L-1").await["state"], "CONFIRMED");
    })
    .await;
}

#[actix_web::test]
async fn only_the_organiser_advances_a_class() {
    on_both(async |app| {
        let (office, unit) = (office(app).await, app.caller(&super::WRITES, &["A1"]).await);
        planned_class(&office, class("L-1"), &["OPEN_FOR_NOMINATION"]).await;
        let to = json!({ "classCode": "L-1", "to": "CONFIRMED" });
        assert_eq!(
            refusal(&unit, "classAdvance", to.clone()).await["code"],
            "NOT_FOUND",
            "no person of A1 is in the class"
        );
        let enrolment = enrolled(&office, "L-1", "A-02", json!({})).await;

        assert_eq!(refusal(&unit, "classAdvance", to).await["code"], "NOT_ORGANISED_HERE");
        let result = json!({ "enrolmentId": enrolment["id"], "passed": true, "completedOn": "2026-06-01" });
        assert_eq!(refusal(&unit, "enrolmentComplete", result).await["code"], "NOT_ORGANISED_HERE");
        let gone = json!({ "enrolmentId": enrolment["id"], "reason": "Ốm" });
        assert_eq!(
            done(&unit, "enrolmentDrop", gone).await["enrolment"]["state"],
            "DROPPED",
            "the sending unit withdraws them"
        );
    })
    .await;
}
