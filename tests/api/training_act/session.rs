//! The sessions of classes: stated, changed, and checked for each person who is in two classes.

use serde_json::{Value, json};

use super::{class, current_class, document, done, enrolled, office, planned_class, refusal, with, with_key};
use crate::support::{Caller, on_both};

/// A part-time class of the whole of June with sessions on some days.
fn meeting(code: &str, days: &[u32]) -> Value {
    let month = json!({ "mode": "PART_TIME", "startOn": "2026-06-01", "lastOn": "2026-06-30", "sessions": june(days) });
    with(class(code), month)
}

fn june(days: &[u32]) -> Value {
    days.iter().map(|day| format!("2026-06-{day:02}")).collect()
}

async fn open(caller: &Caller<'_>, input: Value) {
    planned_class(caller, input, &["OPEN_FOR_NOMINATION"]).await;
}

#[actix_web::test]
async fn sessions_are_stated_changed_and_deleted_with_the_days_of_their_class() {
    on_both(async |app| {
        let caller = office(app).await;
        let made = done(&caller, "classPlan", meeting("L-1", &[20, 6, 13])).await["class"].take();
        assert_eq!(made["sessions"], june(&[6, 13, 20]));
        done(&caller, "classPlan", class("L-2")).await;
        assert_eq!(current_class(&caller, "L-2").await["sessions"], json!([]));

        for (other, capacity, sessions) in [
            (json!({ "capacity": 9 }), json!(9), june(&[6, 13, 20])),
            (json!({ "sessions": june(&[27, 6]) }), json!(9), june(&[6, 27])),
            (json!({ "capacity": 8, "sessions": june(&[7]) }), json!(8), june(&[7])),
            (json!({ "unlimited": true }), Value::Null, june(&[7])),
            (json!({ "sessions": [] }), Value::Null, json!([])),
            (json!({ "sessions": june(&[6]) }), Value::Null, june(&[6])),
        ] {
            let input = with(json!({ "classCode": "L-1" }), other.clone());
            let amended = done(&caller, "classAmend", input).await["class"].take();
            assert_eq!((&amended["capacity"], &amended["sessions"]), (&capacity, &sessions), "{other}");
        }
        let refused = refusal(&caller, "classAmend", json!({ "classCode": "L-1" })).await;
        assert_eq!((&refused["code"], &refused["field"]), (&json!("NOTHING_TO_AMEND"), &json!(["input", "capacity"])));

        let to = |state: &str, other| with(json!({ "classCode": "L-1", "to": state }), other);
        for (other, expected) in [
            (json!({}), json!([])),
            (json!({ "sessions": ["2026-07-02", "2026-07-01"] }), json!(["2026-07-01", "2026-07-02"])),
        ] {
            done(&caller, "classAmend", json!({ "classCode": "L-2", "sessions": june(&[8]) })).await;
            done(&caller, "classAdvance", to("POSTPONED", json!({}))).await;
            let july = with(json!({ "startOn": "2026-07-01", "lastOn": "2026-07-31" }), other);
            let moved = done(&caller, "classAdvance", to("PLANNED", july)).await["class"].take();
            assert_eq!(moved["sessions"], expected, "the old sessions are deleted");
        }
        assert_eq!(
            current_class(&caller, "L-2").await["sessions"],
            june(&[8]),
            "the control: another class is unchanged"
        );
    })
    .await;
}

#[actix_web::test]
async fn an_invalid_session_is_refused_with_its_day() {
    on_both(async |app| {
        let caller = office(app).await;
        planned_class(&caller, meeting("L-1", &[6]), &["POSTPONED"]).await;
        let many: Vec<String> = vec!["2026-06-06".to_owned(); 401];
        for (sessions, code, named) in [
            (json!(["2026-05-31"]), "INVALID_DAY", "2026-05-31"),
            (json!(["2026-06-06", "2026-07-01"]), "INVALID_DAY", "2026-07-01"),
            (json!(["2026-06-06", "2026-06-07", "2026-06-06"]), "INVALID_DAY", "2026-06-06"),
            (json!(many), "INVALID_NUMBER", "401"),
        ] {
            let planned = with(meeting("L-2", &[]), json!({ "sessions": sessions }));
            let amended = json!({ "classCode": "L-1", "sessions": sessions });
            let moved = with(
                json!({ "classCode": "L-1", "to": "PLANNED", "sessions": sessions }),
                json!({ "startOn": "2026-06-01", "lastOn": "2026-06-30" }),
            );
            for (command, input) in [("classPlan", planned), ("classAmend", amended), ("classAdvance", moved)] {
                let refused = refusal(&caller, command, input).await;
                assert_eq!(
                    (&refused["code"], &refused["field"]),
                    (&json!(code), &json!(["input", "sessions"])),
                    "{command}"
                );
                assert!(
                    refused["message"].as_str().is_some_and(|message| message.contains(named)),
                    "{command} {refused}"
                );
            }
        }
        let early = json!({ "classCode": "L-1", "to": "CANCELLED", "sessions": june(&[6]) });
        assert_eq!(refusal(&caller, "classAdvance", early).await["due"], json!(["classAdvance(to: PLANNED)"]));
        planned_class(&caller, class("L-3"), &[]).await;
        let opened = json!({ "classCode": "L-3", "to": "OPEN_FOR_NOMINATION", "sessions": june(&[8]) });
        assert_eq!(
            refusal(&caller, "classAdvance", opened).await["code"],
            "INVALID_DAY",
            "only new days bring new sessions"
        );
        let unchanged = current_class(&caller, "L-1").await;
        assert_eq!((&unchanged["sessions"], &unchanged["state"]), (&june(&[6]), &json!("POSTPONED")));
    })
    .await;
}

#[actix_web::test]
async fn a_person_cannot_have_sessions_of_two_classes_on_one_day() {
    on_both(async |app| {
        let caller = office(app).await;
        open(&caller, meeting("L-1", &[6, 13, 20])).await;
        open(&caller, meeting("L-2", &[7, 13, 20, 27])).await;
        open(&caller, meeting("L-3", &[7, 14])).await;
        open(&caller, meeting("L-4", &[])).await;
        open(&caller, with(class("L-5"), json!({ "sessions": june(&[8, 9]) }))).await;
        let enrol = |class: &str| json!({ "classCode": class, "cadreCode": "A-04" });
        let warned = async |class: &str| {
            let payload = done(&caller, "classEnrol", enrol(class)).await;
            (payload["enrolment"]["id"].clone(), payload["warnings"].as_array().map(Vec::len))
        };

        let (first, none) = warned("L-1").await;
        assert_eq!(none, Some(0));
        let refused = refusal(&caller, "classEnrol", enrol("L-2")).await;
        assert_eq!(
            (&refused["code"], &refused["field"], &refused["__typename"]),
            (&json!("OVERLAPPING_SESSIONS"), &json!(["input", "classCode"]), &json!("ConflictError"))
        );
        let message = refused["message"].as_str().expect("a message");
        assert!(
            message.contains(" 2 ") && message.contains("2026-06-13"),
            "the message states the number of days and the first: {message}"
        );
        assert!(!message.contains("L-1"), "the other class may be out of reach: {message}");
        assert_eq!(warned("L-3").await.1, Some(0), "the classes last alike and never meet on one day");
        assert_eq!(warned("L-5").await.1, Some(0), "a full-time class that says on which days it meets");
        assert_eq!(warned("L-4").await.1, Some(1), "the sessions are not known");

        let gone = json!({ "enrolmentId": first, "reason": "Đổi lớp" });
        done(&caller, "enrolmentDrop", gone).await;
        let refused = refusal(&caller, "classEnrol", enrol("L-2")).await;
        let message = refused["message"].as_str().expect("a message");
        assert!(message.contains(" 1 ") && message.contains("2026-06-07"), "L-3 is the remaining class: {message}");
        done(&caller, "classAmend", json!({ "classCode": "L-3", "sessions": june(&[14]) })).await;
        assert_eq!(warned("L-2").await.1, Some(1), "only L-4, which may share days");
    })
    .await;
}

#[actix_web::test]
async fn a_waiting_person_gets_no_seat_that_overlaps_a_session_of_another_class() {
    on_both(async |app| {
        let caller = office(app).await;
        open(&caller, with(meeting("L-1", &[6, 13]), json!({ "capacity": 1 }))).await;
        open(&caller, meeting("L-2", &[13])).await;
        let enrolment = enrolled(&caller, "L-1", "A-03", json!({})).await;
        let waits = enrolled(&caller, "L-1", "A-04", json!({ "waitlist": true })).await;
        let other = enrolled(&caller, "L-2", "A-04", json!({})).await;
        assert_eq!((&waits["state"], &other["state"]), (&json!("WAITLISTED"), &json!("CONFIRMED")));
        done(&caller, "enrolmentDrop", json!({ "enrolmentId": enrolment["id"], "reason": "Ốm" })).await;

        let confirm = json!({ "enrolmentId": waits["id"] });
        let refused = refusal(&caller, "enrolmentConfirm", confirm.clone()).await;
        assert_eq!(
            (&refused["code"], &refused["field"]),
            (&json!("OVERLAPPING_SESSIONS"), &json!(["input", "enrolmentId"]))
        );
        assert_eq!(current_class(&caller, "L-1").await["enrolled"], 0);
        done(&caller, "classAdvance", json!({ "classCode": "L-2", "to": "POSTPONED" })).await;
        let seated = done(&caller, "enrolmentConfirm", confirm).await["enrolment"].take();
        assert_eq!(seated["state"], "CONFIRMED", "a postponed class has no sessions");

        let june = json!({ "startOn": "2026-06-01", "lastOn": "2026-06-30", "sessions": june(&[13]) });
        done(&caller, "classAdvance", with(json!({ "classCode": "L-2", "to": "PLANNED" }), june)).await;
        done(&caller, "classAdvance", json!({ "classCode": "L-2", "to": "OPEN_FOR_NOMINATION" })).await;
        let again = json!({ "enrolmentId": other["id"] });
        assert_eq!(refusal(&caller, "enrolmentConfirm", again).await["code"], "OVERLAPPING_SESSIONS");
    })
    .await;
}

#[actix_web::test]
async fn new_sessions_may_not_overlap_other_sessions_of_the_learners() {
    on_both(async |app| {
        let caller = office(app).await;
        open(&caller, meeting("L-1", &[6])).await;
        open(&caller, meeting("L-2", &[7])).await;
        open(&caller, meeting("L-3", &[7])).await;
        for (class, cadre) in [
            ("L-1", "A-02"),
            ("L-1", "A-03"),
            ("L-1", "A-04"),
            ("L-2", "A-02"),
            ("L-2", "A-03"),
            ("L-2", "A-01"),
            ("L-3", "A-04"),
        ] {
            enrolled(&caller, class, cadre, json!({})).await;
        }
        let waits = json!({ "classCode": "L-3", "capacity": 1 });
        done(&caller, "classAmend", waits).await;
        assert_eq!(enrolled(&caller, "L-3", "A-06", json!({ "waitlist": true })).await["state"], "WAITLISTED");

        let amend = |class: &str, days: &[u32]| json!({ "classCode": class, "sessions": june(days) });
        let before = current_class(&caller, "L-1").await;
        for (days, persons) in [(&[7][..], 3), (&[8, 7], 3)] {
            let refused = refusal(&caller, "classAmend", amend("L-1", days)).await;
            assert_eq!(
                (&refused["code"], &refused["field"]),
                (&json!("OVERLAPPING_SESSIONS"), &json!(["input", "sessions"]))
            );
            let message = refused["message"].as_str().expect("a message");
            assert!(message.contains(&format!("{persons}")), "{message}");
            assert!(["L-2", "L-3", "A-0"].iter().all(|name| !message.contains(name)), "{message}");
        }
        assert_eq!(current_class(&caller, "L-1").await, before);
        let refused = refusal(&caller, "classAmend", amend("L-2", &[6])).await;
        assert!(refused["message"].as_str().is_some_and(|message| message.contains('2')), "A-01 is in no other class");
        for (class, days) in [("L-1", &[8][..]), ("L-2", &[7, 9]), ("L-3", &[]), ("L-3", &[7]), ("L-1", &[])] {
            done(&caller, "classAmend", amend(class, days)).await;
        }
        assert_eq!(current_class(&caller, "L-1").await["sessions"], json!([]));
    })
    .await;
}

#[actix_web::test]
async fn an_overlapping_session_is_reported_in_both_languages() {
    on_both(async |app| {
        let caller = office(app).await;
        for code in ["L-1", "L-2"] {
            open(&caller, meeting(code, &[6, 13])).await;
        }
        open(&caller, meeting("L-3", &[7])).await;
        enrolled(&caller, "L-1", "A-04", json!({})).await;
        enrolled(&caller, "L-3", "A-04", json!({})).await;
        let messages_of = async |command: &str, input: Value| {
            let body = json!({ "query": document(command), "variables": { "input": with_key(input) } });
            let plain = app.http().post(format!("{}/graphql", app.url)).bearer_auth(&caller.token).json(&body);
            let mut messages = Vec::new();
            for request in [plain, caller.post(&body)] {
                let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
                let message = &answer["data"]["done"]["userErrors"][0]["message"];
                messages.push(message.as_str().expect("a message").to_owned());
            }
            messages
        };

        assert_eq!(
            messages_of("classEnrol", json!({ "classCode": "L-2", "cadreCode": "A-04" })).await,
            [
                "Người này đã có chỗ trong một lớp khác có buổi học trùng 2 ngày với lớp này, sớm nhất là ngày \
                 2026-06-06; hãy chọn lớp khác, hoặc ghi thôi học ở lớp kia trước.",
                "The person has a seat in another class with sessions on the same days as this class: 2 in all, the \
                 first on 2026-06-06; choose another class, or drop the other enrolment first.",
            ]
        );
        assert_eq!(
            messages_of("classAmend", json!({ "classCode": "L-3", "sessions": june(&[13]) })).await,
            [
                "1 học viên của lớp đã có buổi học ở lớp khác vào các ngày này; hãy chọn ngày khác, hoặc ghi thôi học ở \
                 một trong hai lớp trước.",
                "Learners of the class with sessions of another class on these days: 1; choose other days, or drop one \
                 of the enrolments first.",
            ]
        );
    })
    .await;
}
