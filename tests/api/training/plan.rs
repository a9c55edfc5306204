//! Programmes, plans, quotas, progress.

use entity::{training_plan, value::PlanState};
use sea_orm::Iterable;
use serde_json::{Value, json};

use super::{district, fill, text, words};
use crate::support::{
    on_both,
    rotation::Places,
    training::{Rows, plan, quota, write},
};

#[actix_web::test]
async fn programmes_show_the_level_that_they_grant() {
    on_both(async |app| {
        let caller = app.caller(&["stats:read"], &["A"]).await;
        let codes = |of: &Value| words(of, "/programmes", |programme| text(&programme["code"]));
        let before = codes(&caller.query("{ programmes { code } }").await);
        fill(app).await;

        let data = caller.query("{ programmes { code name kind subject level { code rank } } }").await;

        assert_eq!((before.join(" "), codes(&data).join(" ")), ("CMNV LLCT_TC TAT_CA".into(), "CMNV CN_164 LLCT_TC TAT_CA".into()));
        let programme = |name: &str, kind: &str, subject: &str, level: Value| json!({"name": name, "kind": kind, "subject": subject, "level": level});
        let without_code = |at: usize| {
            let mut row = data["programmes"][at].clone();
            row.as_object_mut().expect("an object").remove("code");
            row
        };
        assert_eq!(without_code(1), programme("Chương trình CN_164", "REFRESHER", "KNOWLEDGE_UPDATE", Value::Null));
        let level = json!({"code": "INTERMEDIATE", "rank": 2});
        assert_eq!(without_code(2), programme("Trung cấp lý luận chính trị", "TRAINING", "POLITICAL_THEORY", level));
    })
    .await;
}

#[actix_web::test]
async fn a_plan_shows_its_quotas_and_a_quota_its_remaining_seats() {
    on_both(async |app| {
        fill(app).await;
        let all = app.all_seeing().await;

        let data = all
            .query(
                r#"{
                    trainingPlan(by: {code: "K21"}) {
                        code name documentNo yearFrom yearTo state version unit { code }
                        quotas {
                            nodes {
                                unit { code } programme { code } mode measure seats seatsIsLowerBound classes allocated used
                                remaining fillPercent state parent { unit { code } } children { unit { code } } plan { code }
                            }
                            totalCount { value }
                        }
                    }
                    none: trainingPlan(by: {code: "K22"}) { code }
                }"#,
            )
            .await;

        let quota = |unit: &str, programme: &str, [seats, allocated, used]: [i32; 3], fill: Value| {
            json!({
                "unit": {"code": unit}, "programme": {"code": programme}, "mode": null, "measure": "TURNS", "seats": seats,
                "seatsIsLowerBound": false, "classes": null, "allocated": allocated, "used": used,
                "remaining": seats - allocated - used, "fillPercent": fill, "state": "ISSUED", "parent": null,
                "children": [], "plan": {"code": "K21"},
            })
        };
        let with = |mut quota: Value, more: Value| {
            quota.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            quota
        };
        let parent = json!({"parent": {"unit": {"code": "P"}}});
        let children = json!({"classes": 2, "children": [{"unit": {"code": "A"}}, {"unit": {"code": "B"}}]});
        let persons = json!({"mode": "FULL_TIME", "measure": "PERSONS"});
        assert_eq!(
            data["trainingPlan"]["quotas"],
            json!({
                "nodes": [
                    with(quota("P", "CMNV", [100, 60, 0], json!(0.0)), children),
                    with(quota("A", "CMNV", [40, 0, 15], json!(37.5)), parent.clone()),
                    with(quota("B", "CMNV", [20, 0, 0], json!(0.0)), parent),
                    with(quota("A", "CN_164", [30, 0, 0], json!(0.0)), json!({"state": "REVOKED"})),
                    with(quota("A", "LLCT_TC", [8, 0, 8], json!(100.0)), persons),
                ],
                "totalCount": {"value": 5},
            })
        );
        let plan = &data["trainingPlan"];
        assert_eq!((&plan["name"], &plan["documentNo"]), (&json!("Kế hoạch K21"), &json!("K21/KH")));
        assert_eq!((&plan["yearFrom"], &plan["yearTo"], &plan["state"]), (&json!(2021), &json!(2021), &json!("PUBLISHED")));
        assert_eq!((&plan["unit"]["code"], &data["none"]), (&json!("P"), &Value::Null));
    })
    .await;
}

#[actix_web::test]
async fn a_unit_shows_the_quotas_of_plans_that_include_a_year() {
    on_both(async |app| {
        fill(app).await;
        let all = app.all_seeing().await;
        for (unit, arguments, expected) in [
            ("A", "year: 2021", vec!["K21 A 40", "KGD A 500", "K21 A 30", "K21 A 8"]),
            ("A", "year: 2022", vec!["KGD A 500"]),
            ("A", "year: 2023", vec![]),
            ("A", "year: 2021, unusedOnly: true", vec!["K21 A 40", "KGD A 500"]),
            ("P", "year: 2021", vec!["K21 P 100"]),
            (
                "P",
                "year: 2021, reach: SUBTREE",
                vec!["K21 P 100", "K21 A 40", "K21 B 20", "KGD A 500", "K21 A 30", "K21 A 8", "KB B1 9"],
            ),
        ] {
            let document = format!(
                r#"{{ unit(by: {{code: "{unit}"}}) {{ quotas({arguments}) {{
                    nodes {{ seats unit {{ code }} plan {{ code }} }} totalCount {{ value }}
                }} }} }}"#
            );
            let data = all.query(&document).await;
            let summary = |quota: &Value| {
                format!("{} {} {}", text(&quota["plan"]["code"]), text(&quota["unit"]["code"]), quota["seats"])
            };
            assert_eq!(words(&data, "/unit/quotas/nodes", summary), expected, "{document}");
            assert_eq!(data["unit"]["quotas"]["totalCount"]["value"], expected.len(), "{document}");
        }
    })
    .await;
}

#[actix_web::test]
async fn plans_are_found_by_unit_years_and_state() {
    on_both(async |app| {
        fill(app).await;
        let (all, a, b) = (app.all_seeing().await, district(app, "A").await, district(app, "B").await);
        for (caller, filter, expected) in [
            (&all, "", "K21 KB KGD"),
            (&all, r#"unit: {code: "P"}"#, "K21 KB KGD"),
            (&all, r#"unit: {code: "P", reach: UNIT}"#, "K21 KGD"),
            (&all, r#"unit: {code: "B"}"#, "KB"),
            (&all, r#"unit: {code: "A"}"#, ""),
            (&all, "yearFrom: 2022", "KGD"),
            (&all, "yearTo: 2020", "KGD"),
            (&all, "yearFrom: 2021, yearTo: 2021", "K21 KB KGD"),
            (&all, "yearFrom: 2023", ""),
            (&all, "yearFrom: 2022, yearTo: 2021", ""),
            (&all, "states: [PUBLISHED, DRAFT]", "K21 KB KGD"),
            (&all, "states: [DRAFT]", ""),
            (&all, "states: []", ""),
            // A plan of another unit is visible to the unit of one of its quotas.
            (&a, "", "K21 KGD"),
            (&b, "", "K21 KB"),
            (&b, r#"unit: {code: "B"}"#, "KB"),
        ] {
            let document =
                format!("{{ trainingPlans(where: {{{filter}}}) {{ nodes {{ code }} totalCount {{ value }} }} }}");
            let found = caller.query(&document).await;
            let codes = words(&found, "/trainingPlans/nodes", |plan| text(&plan["code"]));
            assert_eq!(codes.join(" "), expected, "{document}");
            assert_eq!(found["trainingPlans"]["totalCount"]["value"], codes.len(), "{document}");
        }
        let by_year =
            "{ trainingPlans(orderBy: [{field: YEAR_FROM}, {field: CODE, direction: DESC}]) { nodes { code } } }";
        let codes = words(&all.query(by_year).await, "/trainingPlans/nodes", |plan| text(&plan["code"]));
        assert_eq!(codes, ["KGD", "KB", "K21"]);
    })
    .await;
}

#[actix_web::test]
async fn quotas_are_found_by_plan_unit_programme_and_state() {
    on_both(async |app| {
        fill(app).await;
        let (all, a) = (app.all_seeing().await, district(app, "A").await);
        for (caller, filter, expected) in [
            (&all, "", "100 40 20 8 30 500 9"),
            (&all, r#"plan: "K21""#, "100 40 20 8 30"),
            (&all, r#"plan: "K99""#, ""),
            (&all, r#"plan: "\u0000""#, ""),
            (&all, r#"unit: {code: "A"}"#, "40 8 30 500"),
            (&all, r#"unit: {code: "P", reach: UNIT}"#, "100"),
            (&all, r#"unit: {code: "B"}"#, "20 9"),
            (&all, r#"unit: {code: "B"}, yearFrom: 2022"#, ""),
            (&all, r#"programmes: ["LLCT_TC", "CN_164"]"#, "8 30 9"),
            (&all, "programmes: []", ""),
            (&all, "states: [REVOKED]", "30"),
            (&all, "states: []", ""),
            (&all, "yearFrom: 2022", "500"),
            (&all, "yearTo: 2020", "500"),
            (&all, "yearFrom: 2022, yearTo: 2021", ""),
            (&all, "unusedOnly: true", "100 40 20 500 9"),
            (&all, r#"unusedOnly: true, plan: "KB""#, "9"),
            (&a, "", "40 8 30 500"),
            (&a, r#"plan: "K21""#, "40 8 30"),
            (&a, r#"plan: "KB""#, ""),
        ] {
            let document = format!("{{ quotas(where: {{{filter}}}) {{ nodes {{ seats }} totalCount {{ value }} }} }}");
            let found = caller.query(&document).await;
            let seats = words(&found, "/quotas/nodes", |quota| quota["seats"].to_string());
            assert_eq!(seats.join(" "), expected, "{document}");
            assert_eq!(found["quotas"]["totalCount"]["value"], seats.len(), "{document}");
        }
        let quota_only = app.caller(&["quota:read"], &["A"]).await;
        let found = quota_only.query("{ quotas { totalCount { value } } }").await;
        assert_eq!(found["quotas"]["totalCount"]["value"], 4);
        let refused = quota_only.ask(r#"{ quotas(where: {plan: "K21"}) { totalCount { value } } }"#, json!({})).await;
        assert_eq!(refused["errors"][0]["extensions"]["missingScopes"], json!(["training:read"]));
    })
    .await;
}

#[actix_web::test]
async fn plans_and_quotas_are_found_in_the_tree_of_a_year_of_the_plan() {
    on_both(async |app| {
        // C1U belonged to district C until the end of 2019, and to A afterwards.
        let of = Places::of(&app.database).await;
        let plans = vec![plan(&of, ["KC", "C1U"], (2019, 2020))];
        let quotas = vec![quota(&of, &plans[0], ["C1U", "CMNV"], 5)];
        write(&app.database, Rows { plans, quotas, ..Rows::default() }).await;
        app.app_state.refresh().await.expect("refreshed");
        let all = app.all_seeing().await;
        for (filter, expected) in [
            (r#"unit: {code: "C"}"#, 1),
            (r#"unit: {code: "C"}, yearTo: 2019"#, 1),
            (r#"unit: {code: "C"}, yearFrom: 2020"#, 0),
            (r#"unit: {code: "A"}"#, 1),
            (r#"unit: {code: "A"}, yearTo: 2019"#, 0),
            (r#"unit: {code: "A"}, yearFrom: 2020"#, 1),
            (r#"unit: {code: "B"}"#, 0),
            (r#"unit: {code: "C1U", reach: UNIT}"#, 1),
        ] {
            let document = format!(
                "{{ trainingPlans(where: {{{filter}}}) {{ totalCount {{ value }} }}
                    quotas(where: {{{filter}}}) {{ totalCount {{ value }} }} }}"
            );
            let found = all.query(&document).await;
            assert_eq!(found["trainingPlans"]["totalCount"]["value"], expected, "{document}");
            assert_eq!(found["quotas"]["totalCount"]["value"], expected, "{document}");
        }
    })
    .await;
}

#[actix_web::test]
async fn turns_and_persons_are_compared_with_seats_that_count_once() {
    on_both(async |app| {
        fill(app).await;
        let all = app.all_seeing().await;
        for (unit, arguments, [planned, turns, persons, classes], percent) in [
            ("P", "year: 2021", [117, 6, 5, 3], json!(5.1)),
            ("P", "year: 2021, reach: UNIT", [40, 0, 0, 0], json!(0.0)),
            ("A", "year: 2021", [48, 4, 3, 2], json!(8.3)),
            ("A", "year: 2021, decimals: 0", [48, 4, 3, 2], json!(8.0)),
            ("A", "year: 2021, decimals: 3", [48, 4, 3, 2], json!(8.333)),
            ("B", "year: 2021", [29, 2, 2, 1], json!(6.9)),
            ("C1", "year: 2019", [0, 1, 1, 1], Value::Null),
            ("C", "year: 2019", [0, 1, 1, 1], Value::Null),
            ("C", "year: 2021", [0, 0, 0, 0], Value::Null),
            ("P", "year: 2019, untilYear: 2021", [117, 7, 5, 4], json!(6.0)),
            ("P", "year: 2020, untilYear: 2022", [117, 7, 6, 4], json!(6.0)),
            ("P", r#"year: 2021, programmes: ["CMNV"]"#, [100, 3, 3, 1], json!(3.0)),
            ("P", r#"year: 2021, programmes: ["CMNV", "LLCT_TC"]"#, [117, 5, 4, 2], json!(4.3)),
            ("P", "year: 2021, programmes: []", [0, 0, 0, 0], Value::Null),
        ] {
            let document = format!(
                r#"{{ unit(by: {{code: "{unit}"}}) {{ trainingProgress({arguments}) {{
                    planned turns persons classes percentOfPlan
                }} }} }}"#
            );
            let expected = json!({
                "planned": planned, "turns": turns, "persons": persons, "classes": classes, "percentOfPlan": percent,
            });
            assert_eq!(all.query(&document).await["unit"]["trainingProgress"], expected, "{document}");
        }

        let data = all
            .query(
                r#"{
                    whole: unit(by: {code: "P"}) { trainingProgress(year: 2021) {
                        year untilYear plannedIsLowerBound classes(categories: [TRAINING])
                        others: classes(categories: [UPDATE, REFRESHER]) none: classes(categories: [])
                    } }
                    part: unit(by: {code: "A"}) { trainingProgress(year: 2021, untilYear: 2022) {
                        year untilYear plannedIsLowerBound
                    } }
                }"#,
            )
            .await;
        assert_eq!(
            data["whole"]["trainingProgress"],
            json!({"year": 2021, "untilYear": 2021, "plannedIsLowerBound": true, "classes": 1, "others": 2, "none": 0})
        );
        assert_eq!(
            data["part"]["trainingProgress"],
            json!({"year": 2021, "untilYear": 2022, "plannedIsLowerBound": false})
        );
    })
    .await;
}

#[actix_web::test]
async fn seats_are_planned_once_a_plan_is_approved_and_offered_until_it_is_closed() {
    on_both(async |app| {
        let of = Places::of(&app.database).await;
        let plans: Vec<_> = (0..)
            .zip(PlanState::iter())
            .map(|(at, state)| training_plan::Model { state, ..plan(&of, [&format!("S{at}"), "P"], (2024, 2024)) })
            .collect();
        let quotas = plans.iter().map(|plan| quota(&of, plan, ["A", "CMNV"], 7)).collect();
        write(&app.database, Rows { plans, quotas, ..Rows::default() }).await;
        app.app_state.refresh().await.expect("refreshed");
        let all = app.all_seeing().await;

        let data = all
            .query(
                r#"{ unit(by: {code: "A"}) {
                    trainingProgress(year: 2024) { planned }
                    quotas(year: 2024) { totalCount { value } }
                    unused: quotas(year: 2024, unusedOnly: true) { nodes { plan { state } } totalCount { value } }
                } }"#,
            )
            .await;

        let unit = &data["unit"];
        assert_eq!(unit["trainingProgress"]["planned"], 3 * 7, "approved, published and closed");
        assert_eq!(unit["quotas"]["totalCount"]["value"], 9, "every plan is listed");
        assert_eq!(unit["unused"]["totalCount"]["value"], 2);
        let mut offered = words(&data, "/unit/unused/nodes", |quota| text(&quota["plan"]["state"]));
        offered.sort();
        assert_eq!(offered, ["APPROVED", "PUBLISHED"]);
    })
    .await;
}
