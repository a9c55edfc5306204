//! A hundred people compete for the seats of a class and of a quota, and some of them for seats in two classes.

use std::collections::BTreeSet;

use entity::{
    class_session, enrolment, training_class,
    value::{CadreId, ClassId, EnrolmentId, EnrolmentState},
};
use futures_util::future::join_all;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use serde_json::json;

use super::{
    class, current_class, issued, office, planned_class, quota, quota_numbers,
    race::{code, race},
    with,
};
use crate::support::{
    TestApp, csv, on_both,
    rotation::{Places, day},
    training::learner,
};

const PEOPLE: usize = 100;

pub(super) async fn import_people(app: &TestApp) {
    let (mut cadres, mut posts) = (String::new(), String::new());
    for at in 0..PEOPLE {
        cadres += &format!("R-{at},9990003{at:05},Người Thứ {at}\n");
        posts += &format!("R-{at},{}\n", if at % 2 == 0 { "A1U" } else { "A2U" });
    }
    let cadres = csv::cadres("code,national_id,full_name", &cadres);
    let posts = csv::assignments("cadre_code,unit_code", &posts);
    app.import_text(&[("cadres.csv", &cadres), ("assignments.csv", &posts)]).await;
}

#[actix_web::test]
async fn a_hundred_concurrent_enrolments_get_exactly_the_free_seats() {
    on_both(async |app| {
        import_people(app).await;
        let caller = office(app).await;
        planned_class(&caller, with(class("L-1"), json!({ "capacity": 30 })), &["OPEN_FOR_NOMINATION"]).await;
        planned_class(&caller, class("L-2"), &["OPEN_FOR_NOMINATION"]).await;
        let of_quota = issued(&caller, quota(20)).await;

        let outcomes = race(PEOPLE, async |at| {
            code(&caller, "classEnrol", json!({ "classCode": "L-1", "cadreCode": format!("R-{at}") })).await
        })
        .await;
        assert_eq!(outcomes, [("DONE".to_owned(), 30), ("CLASS_FULL".to_owned(), 70)].into());
        assert_eq!(current_class(&caller, "L-1").await["enrolled"], 30);
        assert_eq!(seated(app, "L-1").await.len(), 30);

        let outcomes = race(PEOPLE, async |at| {
            let input = json!({ "classCode": "L-2", "cadreCode": format!("R-{at}"), "quotaId": of_quota });
            code(&caller, "classEnrol", input).await
        })
        .await;
        assert_eq!(outcomes["DONE"], 20, "{outcomes:?}");
        assert_eq!(outcomes.values().sum::<usize>(), PEOPLE);
        assert!(
            outcomes.keys().all(|code| ["DONE", "QUOTA_EXHAUSTED", "OVERLAPPING_CLASSES"].contains(&code.as_str()))
        );
        assert_eq!(quota_numbers(&caller, &of_quota).await, [20, 0, 20, 0, 21]);
        assert_eq!(
            current_class(&caller, "L-2").await["enrolled"],
            20,
            "a person without a seat of the quota has none in the class"
        );
    })
    .await;
}

async fn id_of(app: &TestApp, class: &str) -> ClassId {
    let code: entity::value::ClassCode = class.parse().expect("a code");
    let class = training_class::Entity::find().filter(training_class::Column::Code.eq(code));
    class.one(app.database.reader()).await.expect("read").expect("a class").id
}

/// The people with a seat in a class.
async fn seated(app: &TestApp, class: &str) -> Vec<CadreId> {
    let of_class = enrolment::Entity::find().filter(enrolment::Column::ClassId.eq(id_of(app, class).await));
    let of_class = of_class.filter(enrolment::Column::State.is_in(EnrolmentState::SEATED));
    of_class.all(app.database.reader()).await.expect("read").into_iter().map(|row| row.cadre_id).collect()
}

/// The control: counting, checking and writing in separate statements seats too many people, and without the check a
/// constraint of the table refuses.
#[actix_web::test]
async fn a_check_before_the_write_would_seat_too_many_people() {
    on_both(async |app| {
        import_people(app).await;
        let caller = office(app).await;
        planned_class(&caller, with(class("L-1"), json!({ "capacity": 5 })), &["OPEN_FOR_NOMINATION"]).await;
        let (id, of) = (id_of(app, "L-1").await, Places::of(&app.database).await);
        let row = || async {
            training_class::Entity::find_by_id(id).one(app.database.reader()).await.expect("read").expect("a class")
        };
        let set = async |enrolled| {
            let update = training_class::Entity::update_many().filter(training_class::Column::Id.eq(id));
            update.col_expr(training_class::Column::Enrolled, enrolled).exec(app.database.writer()).await
        };

        let mut person = 0;
        loop {
            let read = join_all((0..8).map(|_| row())).await;
            if read.iter().any(|class| class.capacity.is_some_and(|seats| class.enrolled + 1 > seats)) {
                break;
            }
            for class in read {
                let learner = learner(&of, [&format!("R-{person}"), "A1U"], &class);
                let seat = enrolment::Model { state: EnrolmentState::Confirmed, ..learner };
                seat.into_active_model().reset_all().insert(app.database.writer()).await.expect("written");
                set(Expr::val(class.enrolled + 1)).await.expect("the constraints are satisfied");
                person += 1;
            }
        }

        assert_eq!(seated(app, "L-1").await.len(), 40, "eight were promised each of five seats");
        let more = Expr::col(training_class::Column::Enrolled).add(1);
        set(more).await.expect_err("a constraint refuses the write without a check");
    })
    .await;
}

#[actix_web::test]
async fn concurrent_enrolments_in_two_full_time_classes_give_one_seat() {
    on_both(async |app| {
        import_people(app).await;
        let caller = office(app).await;
        planned_class(&caller, class("L-1"), &["OPEN_FOR_NOMINATION"]).await;
        planned_class(
            &caller,
            with(class("L-2"), json!({ "startOn": "2026-06-12", "lastOn": "2026-06-20" })),
            &["OPEN_FOR_NOMINATION"],
        )
        .await;

        let outcomes = race(80, async |at| {
            let class = ["L-1", "L-2"][at % 2];
            code(&caller, "classEnrol", json!({ "classCode": class, "cadreCode": format!("R-{}", at / 2) })).await
        })
        .await;

        assert_eq!(outcomes, [("DONE".to_owned(), 40), ("OVERLAPPING_CLASSES".to_owned(), 40)].into());
        let (first, second) = (seated(app, "L-1").await, seated(app, "L-2").await);
        assert_eq!(first.len() + second.len(), 40);
        assert!(!first.iter().any(|person| second.contains(person)));

        // The control: with both checks before both writes, nothing prevents the second seat.
        let (of, other) = (Places::of(&app.database).await, ["L-1", "L-2"]);
        for class in other {
            let row = training_class::Entity::find_by_id(id_of(app, class).await).one(app.database.reader()).await;
            let learner = learner(&of, ["R-99", "A1U"], &row.expect("read").expect("a class"));
            let seat = enrolment::Model { id: EnrolmentId::new(), state: EnrolmentState::Confirmed, ..learner };
            seat.into_active_model().reset_all().insert(app.database.writer()).await.expect("written");
        }
        let (first, second) = (seated(app, "L-1").await, seated(app, "L-2").await);
        assert_eq!(first.iter().filter(|person| second.contains(person)).count(), 1);
    })
    .await;
}

/// A part-time class of the whole of June with a session on one day.
fn meeting(code: &str, day: &str) -> serde_json::Value {
    let june = json!({ "mode": "PART_TIME", "startOn": "2026-06-01", "lastOn": "2026-06-30", "sessions": [day] });
    with(class(code), june)
}

#[actix_web::test]
async fn concurrent_enrolments_give_no_sessions_of_two_classes_on_one_day() {
    on_both(async |app| {
        import_people(app).await;
        let caller = office(app).await;
        for class_code in ["L-1", "L-2"] {
            planned_class(&caller, meeting(class_code, "2026-06-13"), &["OPEN_FOR_NOMINATION"]).await;
        }

        let outcomes = race(80, async |at| {
            let class = ["L-1", "L-2"][at % 2];
            code(&caller, "classEnrol", json!({ "classCode": class, "cadreCode": format!("R-{}", at / 2) })).await
        })
        .await;

        assert_eq!(outcomes, [("DONE".to_owned(), 40), ("OVERLAPPING_SESSIONS".to_owned(), 40)].into());
        let (first, second) = (seated(app, "L-1").await, seated(app, "L-2").await);
        assert_eq!(first.len() + second.len(), 40);
        assert!(!first.iter().any(|person| second.contains(person)));
    })
    .await;
}

#[actix_web::test]
async fn sessions_do_not_move_onto_those_of_concurrent_enrolments() {
    on_both(async |app| {
        import_people(app).await;
        let (caller, of) = (office(app).await, Places::of(&app.database).await);
        planned_class(&caller, meeting("L-1", "2026-06-13"), &["OPEN_FOR_NOMINATION"]).await;
        planned_class(&caller, meeting("L-2", "2026-06-14"), &["OPEN_FOR_NOMINATION"]).await;
        let enrol = |class: &str, person: &str| json!({ "classCode": class, "cadreCode": person });
        let amend = |day: &str| json!({ "classCode": "L-2", "sessions": [day] });

        for round in 0..24 {
            // A person in the class that stays enrols in the class whose sessions move, and vice versa.
            let (there, new) = [("L-1", "L-2"), ("L-2", "L-1")][round % 2];
            let person = format!("R-{round}");
            assert_eq!(code(&caller, "classEnrol", enrol(there, &person)).await, "DONE");
            let (moved, outcomes) = futures_util::join!(
                code(&caller, "classAmend", amend("2026-06-13")),
                code(&caller, "classEnrol", enrol(new, &person)),
            );
            match (moved.as_str(), outcomes.as_str()) {
                ("DONE", "OVERLAPPING_SESSIONS") | ("OVERLAPPING_SESSIONS" | "VERSION_CONFLICT", "DONE") => {}
                both => panic!("round {round}: {both:?}"),
            }
            for class in ["L-1", "L-2"] {
                let Some(id) = last_enrolment(app, class, of.cadre(&person)).await else { continue };
                let drop = json!({ "enrolmentId": id, "reason": "x" });
                assert_eq!(code(&caller, "enrolmentDrop", drop).await, "DONE");
            }
            assert_eq!(code(&caller, "classAmend", amend("2026-06-14")).await, "DONE");
        }

        // The control: with both checks before both writes, nothing keeps the sessions apart.
        for class in ["L-1", "L-2"] {
            assert_eq!(code(&caller, "classEnrol", enrol(class, "R-99")).await, "DONE");
        }
        let moved = class_session::Entity::update_many()
            .filter(class_session::Column::ClassId.eq(id_of(app, "L-2").await))
            .col_expr(class_session::Column::OnDay, Expr::val(day("2026-06-13")));
        moved.exec(app.database.writer()).await.expect("the constraints are satisfied");
        let refused = code(&caller, "classAmend", amend("2026-06-13")).await;
        assert_eq!(refused, "OVERLAPPING_SESSIONS", "the command refuses overlapping sessions");
    })
    .await;
}

/// The id of a person's last enrolment in a class.
async fn last_enrolment(app: &TestApp, class: &str, person: CadreId) -> Option<String> {
    let of_person = enrolment::Entity::find().filter(enrolment::Column::CadreId.eq(person));
    let of_class = of_person.filter(enrolment::Column::ClassId.eq(id_of(app, class).await));
    let rows = of_class.all(app.database.reader()).await.expect("read");
    rows.iter().map(|row| row.id).max().map(|id| id.to_string())
}

#[actix_web::test]
async fn seats_stay_correct_while_people_join_and_leave_and_classes_are_postponed() {
    on_both(async |app| {
        import_people(app).await;
        let (caller, of) = (office(app).await, Places::of(&app.database).await);
        for measure in ["TURNS", "PERSONS"] {
            let classes = [1, 2, 3].map(|at| format!("{measure}-{at}"));
            for class_code in &classes {
                let bounds = json!({ "capacity": 12, "mode": "PART_TIME" });
                planned_class(&caller, with(class(class_code), bounds), &["OPEN_FOR_NOMINATION"]).await;
            }
            // A plan gives a unit one quota of a programme, so each measure has its own unit.
            let unit = if measure == "TURNS" { "A" } else { "A1" };
            let of_quota = issued(&caller, with(quota(20), json!({ "measure": measure, "unitCode": unit }))).await;

            let outcomes = race(400, async |at| {
                // People with even numbers are in A1U, below both units.
                let (class, person) = (&classes[at % 3], format!("R-{}", at * 7 % 20 * 2));
                let of_person = last_enrolment(app, class, of.cadre(&person)).await;
                match (at % 10, of_person) {
                    (7, _) if at > 200 => {
                        let to = ["POSTPONED", "PLANNED", "OPEN_FOR_NOMINATION"][at / 10 % 3];
                        let days = json!({ "startOn": "2026-06-08", "lastOn": "2026-06-12" });
                        let days = if to == "PLANNED" { days } else { json!({}) };
                        code(&caller, "classAdvance", with(json!({ "classCode": class, "to": to }), days)).await
                    }
                    (8, _) => code(&caller, "quotaAmend", json!({ "quotaId": of_quota, "seats": 14 + at % 5 })).await,
                    (0..3, Some(id)) => {
                        code(&caller, "enrolmentDrop", json!({ "enrolmentId": id, "reason": "x" })).await
                    }
                    (3, Some(id)) => code(&caller, "enrolmentConfirm", json!({ "enrolmentId": id })).await,
                    _ => {
                        let seat =
                            json!({ "classCode": class, "cadreCode": person, "quotaId": of_quota, "waitlist": true });
                        code(&caller, "classEnrol", seat).await
                    }
                }
            })
            .await;

            assert!(outcomes["DONE"] > 50, "{outcomes:?}");
            let (mut turns, mut persons) = (0, BTreeSet::new());
            for class in &classes {
                let seated = seated(app, class).await;
                assert_eq!(
                    current_class(&caller, class).await["enrolled"],
                    json!(seated.len()),
                    "{class}: {outcomes:?}"
                );
                turns += seated.len();
                persons.extend(seated);
            }
            let [seats, _, used, ..] = quota_numbers(&caller, &of_quota).await;
            let expected = if measure == "TURNS" { turns } else { persons.len() };
            assert_eq!(usize::try_from(used).expect("a number"), expected, "{measure}: {outcomes:?}");
            assert!(used <= seats);
        }
    })
    .await;
}
