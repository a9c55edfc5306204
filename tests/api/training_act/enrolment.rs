//! Commands on enrolments: effects.

use std::collections::BTreeSet;

use entity::{change, qualification};
use futures_util::{StreamExt, stream};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use super::{
    class, current_class, document, done, enrolled, issued, office, planned_class, quota, quota_numbers, refusal, with,
};
use crate::support::{Caller, TestApp, on_both};

/// A class for the intermediate level of political theory, in progress since May.
fn theory(code: &str) -> Value {
    let other = json!({
        "programmeCode": "LLCT_TC", "category": "TRAINING", "mode": "PART_TIME", "startOn": "2026-05-04", "lastOn": "2026-05-29",
    });
    with(class(code), other)
}

async fn highest(caller: &Caller<'_>, cadre: &str) -> Value {
    let document = r#"query($code: String!) { cadre(by: {code: $code}) {
        highest(subject: "POLITICAL_THEORY") { level { code } grantedOn mode institution { code } } } }"#;
    caller.query_with(document, json!({ "code": cadre })).await["cadre"]["highest"].take()
}

async fn papers(app: &TestApp) -> u64 {
    qualification::Entity::find().count(app.database.reader()).await.expect("a count")
}

#[actix_web::test]
async fn a_pass_grants_its_qualification_once_and_revoking_it_revokes_the_qualification() {
    on_both(async |app| {
        let caller = office(app).await;
        planned_class(&caller, theory("L-1"), &["OPEN_FOR_NOMINATION", "CONFIRMED"]).await;
        let enrolment = enrolled(&caller, "L-1", "A-04", json!({})).await;
        assert_eq!(
            (&enrolment["state"], &enrolment["sendingUnit"]["code"], &enrolment["year"]),
            (&json!("CONFIRMED"), &json!("A2U"), &json!(2026))
        );
        done(&caller, "classAdvance", json!({ "classCode": "L-1", "to": "RUNNING" })).await;
        let (before, id) = (papers(app).await, enrolment["id"].clone());
        let pass = || {
            json!({ "enrolmentId": id, "passed": true, "grade": "VERY_GOOD", "completedOn": "2026-05-29" })
        };

        let passed = done(&caller, "enrolmentComplete", with(pass(), json!({ "expectedVersion": 2 }))).await["enrolment"].take();
        assert_eq!((&passed["state"], &passed["grade"]), (&json!("COMPLETED"), &json!("VERY_GOOD")));
        let granted = json!({ "level": { "code": "INTERMEDIATE" }, "grantedOn": "2026-05-29", "mode": "PART_TIME", "institution": null });
        assert_eq!(highest(&caller, "A-04").await, granted);
        let refused = refusal(&caller, "enrolmentComplete", pass()).await;
        assert_eq!((&refused["code"], &refused["due"]), (&json!("WRONG_STEP"), &json!(["enrolmentRevoke"])));
        assert_eq!(papers(app).await, before + 1);

        let reason = json!({ "enrolmentId": id, "reason": "Ghi nhầm người" });
        let back = done(&caller, "enrolmentRevoke", reason).await["enrolment"].take();
        assert_eq!((&back["state"], &back["grade"], &back["remark"]), (&json!("ATTENDING"), &Value::Null, &json!("Ghi nhầm người")));
        assert_eq!((highest(&caller, "A-04").await, papers(app).await), (Value::Null, before));
        let lines = change::Entity::find().filter(change::Column::ObjectType.eq("qualification"));
        let lines = lines.all(app.database.reader()).await.expect("read");
        let kinds: Vec<_> = lines.iter().map(|line| line.kind.to_string()).collect();
        assert_eq!(kinds, ["CREATED", "ENDED"]);
        assert_eq!(lines[0].object, lines[1].object);

        done(&caller, "enrolmentComplete", pass()).await;
        assert_eq!(highest(&caller, "A-04").await, granted);
        assert_eq!(current_class(&caller, "L-1").await["enrolled"], 1, "a learner with a result keeps the seat");
    })
    .await;
}

#[actix_web::test]
async fn a_failure_or_a_programme_without_a_level_grants_no_qualification() {
    on_both(async |app| {
        let caller = office(app).await;
        planned_class(&caller, theory("L-1"), &["OPEN_FOR_NOMINATION", "CONFIRMED", "RUNNING"]).await;
        let days = json!({ "startOn": "2026-05-04", "lastOn": "2026-05-05" });
        planned_class(&caller, with(class("L-2"), days), &["OPEN_FOR_NOMINATION", "CONFIRMED", "RUNNING"]).await;
        let before = papers(app).await;
        for (class, passed, state) in [("L-1", false, "FAILED"), ("L-2", true, "COMPLETED")] {
            let enrolment = enrolled(&caller, class, "A-04", json!({})).await;
            assert_eq!(enrolment["state"], "ATTENDING", "the class is in progress");
            let result = json!({ "enrolmentId": enrolment["id"], "passed": passed, "completedOn": "2026-06-01" });
            assert_eq!(done(&caller, "enrolmentComplete", result).await["enrolment"]["state"], state);
        }
        assert_eq!(papers(app).await, before);
    })
    .await;
}

#[actix_web::test]
async fn a_returned_seat_is_free_for_a_waiting_person() {
    on_both(async |app| {
        let caller = office(app).await;
        let of_quota = issued(&caller, quota(1)).await;
        planned_class(&caller, with(class("L-1"), json!({ "capacity": 1 })), &["OPEN_FOR_NOMINATION"]).await;
        let other = || json!({ "quotaId": of_quota, "waitlist": true });
        let first = enrolled(&caller, "L-1", "A-02", other()).await;
        let second = enrolled(&caller, "L-1", "A-03", other()).await;
        assert_eq!((&first["state"], &second["state"]), (&json!("CONFIRMED"), &json!("WAITLISTED")));
        assert_eq!(quota_numbers(&caller, &of_quota).await, [1, 0, 1, 0, 2], "a waiting person uses no seat");
        let confirm = json!({ "enrolmentId": second["id"] });
        assert_eq!(refusal(&caller, "enrolmentConfirm", confirm.clone()).await["code"], "CLASS_FULL");

        let drop = json!({ "enrolmentId": first["id"], "reason": "Chuyển công tác" });
        let gone = done(&caller, "enrolmentDrop", drop).await["enrolment"].take();
        assert_eq!((&gone["state"], &gone["remark"]), (&json!("DROPPED"), &json!("Chuyển công tác")));
        assert_eq!(quota_numbers(&caller, &of_quota).await, [1, 0, 0, 1, 3]);
        let seated = done(&caller, "enrolmentConfirm", confirm).await["enrolment"].take();
        assert_eq!((&seated["state"], &seated["class"]["enrolled"]), (&json!("CONFIRMED"), &json!(1)));
        assert_eq!(quota_numbers(&caller, &of_quota).await, [1, 0, 1, 0, 4]);

        let again = enrolled(&caller, "L-1", "A-02", other()).await;
        assert_eq!(again["state"], "WAITLISTED", "a person who withdrew may enrol again");
    })
    .await;
}

#[actix_web::test]
async fn overlapping_classes_are_a_warning_unless_both_are_full_time() {
    on_both(async |app| {
        let caller = office(app).await;
        planned_class(&caller, with(class("L-1"), json!({ "mode": "PART_TIME" })), &["OPEN_FOR_NOMINATION"]).await;
        planned_class(
            &caller,
            with(class("L-2"), json!({ "startOn": "2026-06-12", "lastOn": "2026-06-12" })),
            &["OPEN_FOR_NOMINATION"],
        )
        .await;
        let warned = async |class: &str, cadre: &str| {
            let payload = done(&caller, "classEnrol", json!({ "classCode": class, "cadreCode": cadre })).await;
            payload["warnings"]
                .as_array()
                .map(|warnings| warnings.iter().map(|w| w["code"].clone()).collect::<Vec<_>>())
        };
        assert_eq!(warned("L-1", "A-04").await, Some(vec![]));
        assert_eq!(warned("L-2", "A-04").await, Some(vec![json!("CLASSES_SHARE_DAYS")]));
        assert_eq!(
            warned("L-1", "A-02").await,
            Some(vec![json!("CLASSES_SHARE_DAYS")]),
            "LOP-A1 lasts until the end of June"
        );
    })
    .await;
}

#[actix_web::test]
async fn one_key_forty_times_is_one_enrolment_and_one_qualification() {
    on_both(async |app| {
        let caller = office(app).await;
        planned_class(&caller, theory("L-1"), &["OPEN_FOR_NOMINATION", "CONFIRMED", "RUNNING"]).await;
        let before = papers(app).await;
        let many = async |command: &str, input: Value| -> Value {
            let (document, input) =
                (document(command), json!({ "input": with(input, json!({ "idempotencyKey": command })) }));
            let ask = |_| caller.raw(&document, input.clone());
            let answers: BTreeSet<String> = stream::iter(0..40).map(ask).buffer_unordered(8).collect().await;
            assert_eq!(answers.len(), 1, "{answers:#?}");
            let answer: Value = serde_json::from_str(answers.first().expect("an answer")).expect("JSON");
            assert_eq!(answer["data"]["done"]["userErrors"], json!([]), "{answer}");
            answer["data"]["done"].clone()
        };

        let made = many("classEnrol", json!({ "classCode": "L-1", "cadreCode": "A-04" })).await;
        let result = json!({ "enrolmentId": made["enrolment"]["id"], "passed": true, "completedOn": "2026-05-29" });
        let passed = many("enrolmentComplete", result).await;

        assert_eq!((&passed["enrolment"]["state"], &passed["enrolment"]["version"]), (&json!("COMPLETED"), &json!(2)));
        assert_eq!(current_class(&caller, "L-1").await["enrolled"], 1);
        assert_eq!(papers(app).await, before + 1);
        let again = json!({ "classCode": "L-1", "cadreCode": "A-04", "idempotencyKey": "classEnrol" });
        let again = done(&caller, "classEnrol", again).await;
        assert_eq!(
            again["enrolment"]["state"], "COMPLETED",
            "the same request, although the person has the level by now"
        );
    })
    .await;
}
