//! A quota of persons (người) counts each person once, whatever classes they join or leave; one of turns (lượt) counts
//! every enrolment.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{
    allocated_quota, class, done, enrolled, issued, office, planned_class, quota, quota_numbers, race::code,
    race_for_seats::import_people, refusal, seats, with,
};
use crate::support::{Caller, on_both};

/// The classes of a test, part-time so that a person can be in all of them.
const CLASSES: [&str; 3] = ["L-1", "L-2", "L-3"];

/// A quota of persons.
fn of_persons(seats: i32) -> Value {
    with(quota(seats), json!({ "measure": "PERSONS" }))
}

async fn open_classes(caller: &Caller<'_>) {
    for code in CLASSES {
        planned_class(caller, with(class(code), json!({ "mode": "PART_TIME" })), &["OPEN_FOR_NOMINATION"]).await;
    }
}

/// Seats used and remaining.
async fn used(caller: &Caller<'_>, id: &str) -> [i64; 2] {
    let [_, _, used, left, _] = quota_numbers(caller, id).await;
    [used, left]
}

#[actix_web::test]
async fn a_person_in_two_classes_uses_one_seat_of_a_quota_of_persons() {
    on_both(async |app| {
        let caller = office(app).await;
        let persons = issued(&caller, of_persons(2)).await;
        let turns = issued(&caller, with(quota(9), json!({ "mode": "PART_TIME" }))).await;
        open_classes(&caller).await;
        let sent = async |class: &str, cadre: &str| {
            let enrolment = enrolled(&caller, class, cadre, json!({ "quotaId": persons })).await;
            enrolment["id"].as_str().expect("an id").to_owned()
        };
        let gone = async |id: &str| {
            done(&caller, "enrolmentDrop", json!({ "enrolmentId": id, "reason": "Ốm" })).await;
        };

        let first = sent("L-1", "A-02").await;
        assert_eq!(quota_numbers(&caller, &persons).await, [2, 0, 1, 1, 2]);
        let second = sent("L-2", "A-02").await;
        assert_eq!(quota_numbers(&caller, &persons).await, [2, 0, 1, 1, 2], "the second enrolment changes nothing");
        sent("L-1", "A-03").await;
        let other = json!({ "classCode": "L-2", "cadreCode": "A-04", "quotaId": persons });
        let refused = refusal(&caller, "classEnrol", other).await;
        assert_eq!((&refused["code"], seats(&refused)), (&json!("QUOTA_EXHAUSTED"), [2, 0, 2, 0]));
        sent("L-2", "A-03").await;
        assert_eq!(used(&caller, &persons).await, [2, 0], "a person with a seat takes no second one of the last seats");

        gone(&first).await;
        assert_eq!(used(&caller, &persons).await, [2, 0], "they are still in the other class");
        gone(&second).await;
        assert_eq!(used(&caller, &persons).await, [1, 1]);
        sent("L-3", "A-02").await;
        assert_eq!(used(&caller, &persons).await, [2, 0]);

        for class in ["L-1", "L-3"] {
            enrolled(&caller, class, "A-04", json!({ "quotaId": turns })).await;
        }
        assert_eq!(used(&caller, &turns).await, [2, 7], "the control: turns count both");
    })
    .await;
}

#[actix_web::test]
async fn the_end_of_a_class_frees_seats_of_people_in_no_other_class() {
    on_both(async |app| {
        let caller = office(app).await;
        let persons = issued(&caller, of_persons(3)).await;
        open_classes(&caller).await;
        let mut waiting = Value::Null;
        for (class, cadre) in [("L-1", "A-02"), ("L-2", "A-02"), ("L-1", "A-03"), ("L-2", "A-04")] {
            let enrolment = enrolled(&caller, class, cadre, json!({ "quotaId": persons })).await;
            if class == "L-1" && cadre == "A-02" {
                waiting = enrolment["id"].clone();
            }
        }
        assert_eq!(used(&caller, &persons).await, [3, 0]);
        let to = |class: &str, state: &str| json!({ "classCode": class, "to": state });

        done(&caller, "classAdvance", to("L-1", "POSTPONED")).await;
        assert_eq!(used(&caller, &persons).await, [2, 1], "A-03 waits, and A-02 is in the other class");
        let days = json!({ "startOn": "2026-06-01", "lastOn": "2026-06-03" });
        done(&caller, "classAdvance", with(to("L-1", "PLANNED"), days)).await;
        done(&caller, "classAdvance", to("L-1", "OPEN_FOR_NOMINATION")).await;
        done(&caller, "enrolmentConfirm", json!({ "enrolmentId": waiting })).await;
        assert_eq!(used(&caller, &persons).await, [2, 1], "a confirmed person already has a seat");

        done(&caller, "classAdvance", to("L-2", "CANCELLED")).await;
        assert_eq!(used(&caller, &persons).await, [1, 2], "A-04 is released, and A-02 is in the first class");
        done(&caller, "classAdvance", to("L-1", "CONFIRMED")).await;
        done(&caller, "classAdvance", to("L-1", "RUNNING")).await;
        let result = json!({ "enrolmentId": waiting, "passed": false, "completedOn": "2026-06-01" });
        done(&caller, "enrolmentComplete", result).await;
        enrolled(&caller, "L-3", "A-02", json!({ "quotaId": persons })).await;
        done(&caller, "enrolmentRevoke", json!({ "enrolmentId": waiting, "reason": "Nhầm" })).await;
        assert_eq!(
            used(&caller, &persons).await,
            [1, 2],
            "a person with a result keeps the seat, also if the result is revoked"
        );
    })
    .await;
}

#[actix_web::test]
async fn allocated_seats_of_persons_count_in_the_quota_that_uses_them() {
    on_both(async |app| {
        let caller = office(app).await;
        let above = issued(&caller, of_persons(4)).await;
        let below = allocated_quota(&caller, &above, "A1", 1).await;
        open_classes(&caller).await;
        for (class, of_quota) in [("L-1", &below), ("L-2", &below), ("L-3", &above)] {
            enrolled(&caller, class, "A-02", json!({ "quotaId": of_quota })).await;
        }

        assert_eq!(quota_numbers(&caller, &below).await[..4], [1, 0, 1, 0], "the allocated quota has the same measure");
        assert_eq!(
            quota_numbers(&caller, &above).await[..4],
            [4, 1, 1, 2],
            "seats used below are not used seats of the quota above"
        );
        let revoked = refusal(&caller, "quotaRevoke", json!({ "quotaId": below })).await;
        assert_eq!(revoked["code"], "QUOTA_IN_USE");
    })
    .await;
}

#[actix_web::test]
async fn concurrent_enrolments_in_two_classes_take_one_of_the_last_seats_of_persons() {
    on_both(async |app| {
        import_people(app).await;
        let caller = office(app).await;
        let persons = issued(&caller, of_persons(1)).await;
        open_classes(&caller).await;
        let at_once = async |of: [(&str, usize); 2]| {
            let send = |(class, person): (&str, usize)| {
                let input = json!({ "classCode": class, "cadreCode": format!("R-{person}"), "quotaId": persons });
                code(&caller, "classEnrol", input)
            };
            let mut outcomes = join_all(of.map(send)).await;
            outcomes.sort();
            outcomes
        };
        for round in 0..15 {
            let (one, other) = (round * 3, [round * 3 + 1, round * 3 + 2]);
            let before = used(&caller, &persons).await[0];
            done(&caller, "quotaAmend", json!({ "quotaId": persons, "seats": before + 1 })).await;
            assert_eq!(at_once([("L-1", one), ("L-2", one)]).await, ["DONE", "DONE"], "one person");
            assert_eq!(used(&caller, &persons).await, [before + 1, 0]);

            done(&caller, "quotaAmend", json!({ "quotaId": persons, "seats": before + 2 })).await;
            let outcomes = at_once([("L-1", other[0]), ("L-2", other[1])]).await;
            assert_eq!(outcomes, ["DONE", "QUOTA_EXHAUSTED"], "two persons");
            assert_eq!(used(&caller, &persons).await, [before + 2, 0]);
        }
    })
    .await;
}

#[actix_web::test]
async fn a_move_to_another_class_during_a_postponement_keeps_one_seat_of_persons() {
    on_both(async |app| {
        import_people(app).await;
        let caller = office(app).await;
        let persons = issued(&caller, of_persons(100)).await;
        let in_use = async || usize::try_from(used(&caller, &persons).await[0]).expect("a number");
        for round in 0..10 {
            let (from, to) = (format!("FROM-{round}"), format!("TO-{round}"));
            for code in [&from, &to] {
                planned_class(&caller, with(class(code), json!({ "mode": "PART_TIME" })), &["OPEN_FOR_NOMINATION"])
                    .await;
            }
            let seat = async |class: &str, at: usize| {
                let person = format!("R-{}", round * 8 + at);
                let input = json!({ "classCode": class, "cadreCode": person, "quotaId": persons });
                code(&caller, "classEnrol", input).await
            };
            join_all((0..8).map(|at| seat(&from, at))).await;
            assert_eq!(in_use().await, round * 8 + 8);

            // The class is postponed without locks of its learners; the lock of the quota makes the count exact.
            let put_off = code(&caller, "classAdvance", json!({ "classCode": from, "to": "POSTPONED" }));
            let (outcomes, put_off) = join(join_all((0..8).map(|at| seat(&to, at))), put_off).await;
            assert_eq!((outcomes, put_off), (vec!["DONE".to_owned(); 8], "DONE".to_owned()));
            assert_eq!(in_use().await, round * 8 + 8, "each is in one class");
        }
    })
    .await;
}
