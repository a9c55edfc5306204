//! Visibility of a class and of its learners, and the fields of a person who has left.

use serde_json::{Value, json};

use super::{district, fill, text, words};
use crate::support::on_both;

#[actix_web::test]
async fn a_sending_unit_sees_its_own_learners_and_the_organiser_sees_all() {
    on_both(async |app| {
        fill(app).await;
        let (a, b, all) = (district(app, "A").await, district(app, "B").await, app.all_seeing().await);
        let document = r#"{
            trainingClasses(orderBy: [{field: CODE}]) {
                nodes { code organiser { code cadres { nodes { code } } } enrolments { nodes { cadre { code unit { code } } } } }
            }
            trainingPlan(by: {code: "K21"}) {
                unit { code name trainingProgress(year: 2021) { planned turns classes } }
                quotas { nodes { unit { code } parent { id } } totalCount { value } }
            }
            other: trainingPlan(by: {code: "KB"}) { code }
        }"#;

        let (data, all_data) = (a.query(document).await, all.query(document).await);

        let summary = |class: &Value| {
            let learner = |row: &Value| {
                format!("{} in {}", text(&row["cadre"]["code"]), row["cadre"]["unit"]["code"].as_str().unwrap_or("-"))
            };
            format!("{}: {}", text(&class["code"]), words(class, "/enrolments/nodes", learner).join(", "))
        };
        assert_eq!(
            words(&data, "/trainingClasses/nodes", summary),
            [
                "L1: A-01 in A1P, A-03 in A2U, B-01 in -",
                "L2: A-01 in A1P",
                "L3: A-06 in C1U",
                "L4: A-06 in C1U",
                "L5: ",
            ]
        );
        assert_eq!(data["trainingClasses"]["nodes"][1]["organiser"], json!({"code": "B1", "cadres": {"nodes": []}}));
        assert_ne!(all_data["trainingClasses"]["nodes"][1]["organiser"]["cadres"], json!({"nodes": []}), "the control");
        assert_eq!(
            data["trainingPlan"],
            json!({
                "unit": {"code": "P", "name": "Tỉnh Thử Nghiệm", "trainingProgress": {"planned": 0, "turns": 0, "classes": 0}},
                "quotas": {
                    "nodes": [
                        {"unit": {"code": "A"}, "parent": null},
                        {"unit": {"code": "A"}, "parent": null},
                        {"unit": {"code": "A"}, "parent": null},
                    ],
                    "totalCount": {"value": 3},
                },
            })
        );
        assert_eq!((&data["other"], &all_data["other"]["code"]), (&Value::Null, &json!("KB")));
        let data = b.query("{ trainingClasses(orderBy: [{field: CODE}]) { nodes { code } } }").await;
        assert_eq!(words(&data, "/trainingClasses/nodes", |class| text(&class["code"])), ["L1", "L2"]);
    })
    .await;
}

#[actix_web::test]
async fn a_person_who_left_is_shown_as_at_the_time_of_the_enrolment() {
    on_both(async |app| {
        fill(app).await;
        let (a, b, all) = (district(app, "A").await, district(app, "B").await, app.all_seeing().await);
        let document =
            r#"{ enrolments(where: {cadre: "M-01"}) { nodes { cadre { code unit { code } } sendingUnit { code } } } }"#;

        let of =
            |unit: &str| json!({"cadre": {"code": "M-01", "unit": {"code": unit}}, "sendingUnit": {"code": "A2U"}});
        assert_eq!(a.query(document).await["enrolments"]["nodes"], json!([of("A2U")]));
        assert_eq!(all.query(document).await["enrolments"]["nodes"], json!([of("B1U")]));
        assert_eq!(b.query(document).await["enrolments"]["nodes"], json!([]));
        let of_person = b.query(r#"{ cadre(by: {code: "M-01"}) { code enrolments { totalCount { value } } } }"#).await;
        assert_eq!(of_person["cadre"], json!({"code": "M-01", "enrolments": {"totalCount": {"value": 0}}}));
    })
    .await;
}
