//! Training: programmes, plans, quotas, classes, enrolments, progress.

use entity::{
    enrolment, quota, training_class,
    value::{ClassCategory, ClassState, EnrolmentState, Measure, QuotaState, StudyMode},
};
use serde_json::{Value, json};

use crate::world::{
    Caller, World, on_both,
    rotation::Places,
    training::{Rows, class, learner, plan, quota as given, sent, write},
};

/// Plans: K21 of the province for 2021, KGD of the province for 2020 to 2022, KB of district B for 2021.
///
/// | quota | of | held by | seats |
/// | --- | --- | --- | --- |
/// | 1 | K21 | P | 100, of which 60 are handed on |
/// | 2, 3 | K21 | A, B | 40 and 20 of those |
/// | 4 | K21 | A | 8 persons, full-time |
/// | 5 | K21 | A | 30, taken back |
/// | 6 | KGD | A | more than 500 |
/// | 7 | KB | B1 | more than 9 |
fn plans(of: &Places) -> Rows {
    let k21 = plan(of, ["K21", "P"], (2021, 2021));
    let kgd = plan(of, ["KGD", "P"], (2020, 2022));
    let kb = plan(of, ["KB", "B"], (2021, 2021));
    let first = quota::Model { allocated: 60, classes: Some(2), ..given(of, &k21, ["P", "CMNV"], 100) };
    let handed_on =
        |unit: &str, seats| quota::Model { parent_id: Some(first.id), ..given(of, &k21, [unit, "CMNV"], seats) };
    let quotas = vec![
        first.clone(),
        quota::Model { used: 10, used_before: 5, ..handed_on("A", 40) },
        handed_on("B", 20),
        quota::Model {
            measure: Measure::Persons,
            mode: Some(StudyMode::FullTime),
            used_before: 8,
            ..given(of, &k21, ["A", "LLCT_TC"], 8)
        },
        quota::Model { state: QuotaState::Revoked, ..given(of, &k21, ["A", "CN_164"], 30) },
        quota::Model { is_lower_bound: true, ..given(of, &kgd, ["A", "CMNV"], 500) },
        quota::Model { is_lower_bound: true, ..given(of, &kb, ["B1", "LLCT_TC"], 9) },
    ];
    Rows { plans: vec![k21, kgd, kb], quotas, ..Rows::default() }
}

/// Classes L1 to L6. C1U, which holds L3 and L4, belonged to district C until 2020 and to A since.
fn classes(of: &Places, rows: &Rows) -> Vec<training_class::Model> {
    let refresher = ClassCategory::Refresher;
    vec![
        training_class::Model {
            plan_id: Some(rows.plans[0].id),
            mode: Some(StudyMode::PartTime),
            intake: Some("5".to_owned()),
            capacity: Some(3),
            enrolled: 2,
            ..class(of, ["L1", "LLCT_TC", "A", "2021-03-01", "2021-09-30"])
        },
        training_class::Model {
            category: refresher,
            capacity: Some(40),
            reported_learners: Some(30),
            ..class(of, ["L2", "CMNV", "B1", "2021-05-05", "2021-05-07"])
        },
        training_class::Model {
            category: ClassCategory::Update,
            ..class(of, ["L3", "CN_164", "C1U", "2019-04-01", "2019-04-05"])
        },
        training_class::Model {
            category: ClassCategory::Update,
            ..class(of, ["L4", "CN_164", "C1U", "2021-04-01", "2021-04-05"])
        },
        training_class::Model {
            state: ClassState::Postponed,
            ..class(of, ["L5", "CMNV", "A", "2021-11-01", "2021-11-05"])
        },
        training_class::Model { category: refresher, ..class(of, ["L6", "CMNV", "PD1", "2022-01-10", "2022-01-12"]) },
    ]
}

/// M-01 was sent by district A, and serves in B since.
fn enrolments(of: &Places, classes: &[training_class::Model]) -> Vec<enrolment::Model> {
    let in_state = |state, row| enrolment::Model { state, ..row };
    vec![
        learner(of, ["A-01", "A1P"], &classes[0]),
        in_state(EnrolmentState::Dropped, learner(of, ["A-03", "A2U"], &classes[0])),
        learner(of, ["B-01", "B1U"], &classes[0]),
        learner(of, ["A-01", "A1P"], &classes[1]),
        in_state(EnrolmentState::Failed, learner(of, ["B-02", "B1U"], &classes[1])),
        learner(of, ["A-06", "C1U"], &classes[2]),
        learner(of, ["A-06", "C1U"], &classes[3]),
        in_state(EnrolmentState::Confirmed, learner(of, ["P-01", "PD1"], &classes[5])),
        in_state(EnrolmentState::Registered, sent(of, ["A-04", "LLCT_TC", "A2U"], 2021)),
        sent(of, ["A-02", "CMNV", "A1U"], 2021),
        sent(of, ["M-01", "CMNV", "A2U"], 2017),
    ]
}

async fn fill(world: &World) {
    let of = Places::of(&world.database).await;
    let mut rows = plans(&of);
    rows.classes = classes(&of, &rows);
    rows.enrolments = enrolments(&of, &rows.classes);
    write(&world.database, rows).await;
    world.house.refresh().await.expect("refreshed");
}

async fn district<'a>(world: &'a World, unit: &str) -> Caller<'a> {
    world.caller(&["cadre:read", "training:read", "quota:read"], &[unit]).await
}

/// A word of each node of a connection.
fn words(of: &Value, pointer: &str, word: impl Fn(&Value) -> String) -> Vec<String> {
    let nodes = of.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("no list {pointer} in {of:#}"));
    nodes.iter().map(word).collect()
}

fn text(of: &Value) -> String {
    of.as_str().unwrap_or_else(|| panic!("no text: {of}")).to_owned()
}

#[actix_web::test]
async fn programmes_say_what_their_completion_grants() {
    on_both(async |world| {
        let caller = world.caller(&["stats:read"], &["A"]).await;
        let codes = |of: &Value| words(of, "/programmes", |programme| text(&programme["code"]));
        let before = codes(&caller.query("{ programmes { code } }").await);
        fill(world).await;

        let seen = caller.query("{ programmes { code name kind subject level { code rank } } }").await;

        assert_eq!((before.join(" "), codes(&seen).join(" ")), ("CMNV LLCT_TC TAT_CA".into(), "CMNV CN_164 LLCT_TC TAT_CA".into()));
        let programme = |name: &str, kind: &str, subject: &str, level: Value| json!({"name": name, "kind": kind, "subject": subject, "level": level});
        let without_code = |at: usize| {
            let mut row = seen["programmes"][at].clone();
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
async fn a_plan_shows_its_quotas_and_a_quota_what_is_left_of_it() {
    on_both(async |world| {
        fill(world).await;
        let all = world.all_seeing().await;

        let seen = all
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
            seen["trainingPlan"]["quotas"],
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
        let plan = &seen["trainingPlan"];
        assert_eq!((&plan["name"], &plan["documentNo"]), (&json!("Kế hoạch K21"), &json!("K21/KH")));
        assert_eq!((&plan["yearFrom"], &plan["yearTo"], &plan["state"]), (&json!(2021), &json!(2021), &json!("PUBLISHED")));
        assert_eq!((&plan["unit"]["code"], &seen["none"]), (&json!("P"), &Value::Null));
    })
    .await;
}

#[actix_web::test]
async fn a_unit_shows_the_quotas_of_the_plans_that_hold_for_a_year() {
    on_both(async |world| {
        fill(world).await;
        let all = world.all_seeing().await;
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
            let seen = all.query(&document).await;
            let told = |quota: &Value| {
                format!("{} {} {}", text(&quota["plan"]["code"]), text(&quota["unit"]["code"]), quota["seats"])
            };
            assert_eq!(words(&seen, "/unit/quotas/nodes", told), expected, "{document}");
            assert_eq!(seen["unit"]["quotas"]["totalCount"]["value"], expected.len(), "{document}");
        }
    })
    .await;
}

#[actix_web::test]
async fn turns_and_persons_are_held_against_seats_that_count_once() {
    on_both(async |world| {
        fill(world).await;
        let all = world.all_seeing().await;
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

        let seen = all
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
            seen["whole"]["trainingProgress"],
            json!({"year": 2021, "untilYear": 2021, "plannedIsLowerBound": true, "classes": 1, "others": 2, "none": 0})
        );
        assert_eq!(
            seen["part"]["trainingProgress"],
            json!({"year": 2021, "untilYear": 2022, "plannedIsLowerBound": false})
        );
    })
    .await;
}

#[actix_web::test]
async fn classes_are_found_by_what_they_are_and_who_holds_them() {
    on_both(async |world| {
        fill(world).await;
        let all = world.all_seeing().await;
        for (filter, expected) in [
            ("", "L1 L2 L3 L4 L5 L6"),
            (r#"plan: "K21""#, "L1"),
            (r#"plan: "K22""#, ""),
            (r#"plan: "\u0000""#, ""),
            (r#"programmes: ["CN_164"]"#, "L3 L4"),
            ("categories: [REFRESHER]", "L2 L6"),
            ("categories: []", ""),
            (r#"organiser: {code: "A"}"#, "L1 L4 L5"),
            (r#"organiser: {code: "A", reach: UNIT}"#, "L1 L5"),
            (r#"organiser: {code: "C"}"#, "L3"),
            (r#"organiser: {code: "C1"}"#, "L3 L4"),
            (r#"organiser: {code: "A"}, startUntil: "2021-04-01""#, "L1"),
            ("modes: [PART_TIME]", "L1"),
            ("states: [POSTPONED, RUNNING]", "L5"),
            (r#"intake: "5""#, "L1"),
            (r#"intake: "\u0000""#, ""),
            (r#"startFrom: "2021-05-05""#, "L2 L5 L6"),
            (r#"startUntil: "2021-03-01""#, "L3"),
            (r#"startFrom: "2021-01-01", startUntil: "2022-01-01""#, "L1 L2 L4 L5"),
            (r#"startFrom: "2021-01-01", startUntil: "2021-01-01""#, ""),
            (r#"endFrom: "2021-09-30""#, "L1 L5 L6"),
            (r#"endUntil: "2021-04-05""#, "L3"),
        ] {
            let document = format!(
                "{{ trainingClasses(where: {{{filter}}}, orderBy: [{{field: CODE}}]) {{
                    nodes {{ code }} totalCount {{ value }}
                }} }}"
            );
            let seen = all.query(&document).await;
            let codes = words(&seen, "/trainingClasses/nodes", |class| text(&class["code"]));
            assert_eq!(codes.join(" "), expected, "{document}");
            assert_eq!(seen["trainingClasses"]["totalCount"]["value"], codes.len(), "{document}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_class_tells_its_seats_and_its_learners() {
    on_both(async |world| {
        fill(world).await;
        let all = world.all_seeing().await;

        let seen = all
            .query(
                r#"{
                    trainingClass(by: {code: "L1"}) {
                        plan { code } programme { code level { code } } organiser { code } intake category mode startOn endOn
                        capacity enrolled reportedLearners fillPercent state version
                        enrolments { nodes { cadre { code } sendingUnit { code } state } totalCount { value } }
                    }
                    heads: trainingClass(by: {code: "L2"}) { plan { code } capacity enrolled reportedLearners fillPercent }
                    moved: trainingClass(by: {code: "L3"}) { organiser { code parent { code parent { code } } } fillPercent }
                    none: trainingClass(by: {code: "L9"}) { code }
                }"#,
            )
            .await;

        assert_eq!(
            seen,
            json!({
                "trainingClass": {
                    "plan": {"code": "K21"}, "programme": {"code": "LLCT_TC", "level": {"code": "INTERMEDIATE"}},
                    "organiser": {"code": "A"}, "intake": "5", "category": "TRAINING", "mode": "PART_TIME",
                    "startOn": "2021-03-01", "endOn": "2021-09-30", "capacity": 3, "enrolled": 2,
                    "reportedLearners": null, "fillPercent": 66.7, "state": "CLOSED", "version": 1,
                    "enrolments": {
                        "nodes": [
                            {"cadre": {"code": "A-01"}, "sendingUnit": {"code": "A1P"}, "state": "COMPLETED"},
                            {"cadre": {"code": "A-03"}, "sendingUnit": {"code": "A2U"}, "state": "DROPPED"},
                            {"cadre": {"code": "B-01"}, "sendingUnit": {"code": "B1U"}, "state": "COMPLETED"},
                        ],
                        "totalCount": {"value": 3},
                    },
                },
                "heads": {"plan": null, "capacity": 40, "enrolled": 0, "reportedLearners": 30, "fillPercent": 75.0},
                "moved": {"organiser": {"code": "C1U", "parent": {"code": "C1", "parent": {"code": "C"}}}, "fillPercent": null},
                "none": null,
            })
        );
    })
    .await;
}

#[actix_web::test]
async fn enrolments_are_found_by_unit_class_year_and_person() {
    on_both(async |world| {
        fill(world).await;
        let all = world.all_seeing().await;
        for (filter, expected) in [
            (r#"unit: {code: "A"}"#, "A-01 2021, A-01 2021, A-02 2021, A-03 2021, A-04 2021, A-06 2021, M-01 2017"),
            (r#"unit: {code: "A"}, yearTo: 2020"#, "M-01 2017"),
            (r#"unit: {code: "A"}, yearFrom: 2018, yearTo: 2020"#, ""),
            (r#"unit: {code: "A"}, yearFrom: 2021, yearTo: 2020"#, ""),
            (r#"unit: {code: "C"}"#, "A-06 2019"),
            (r#"unit: {code: "C1"}"#, "A-06 2019, A-06 2021"),
            (r#"unit: {code: "A", reach: UNIT}"#, ""),
            (r#"organiser: {code: "A"}"#, "A-01 2021, A-03 2021, A-06 2021, B-01 2021"),
            (r#"organiser: {code: "A"}, unit: {code: "B"}"#, "B-01 2021"),
            (r#"programmes: ["LLCT_TC"]"#, "A-01 2021, A-03 2021, A-04 2021, B-01 2021"),
            (r#"class: "L2""#, "A-01 2021, B-02 2021"),
            (r#"class: "\u0000""#, ""),
            (r#"plan: "K21""#, "A-01 2021, A-03 2021, B-01 2021"),
            ("categories: [REFRESHER]", "A-01 2021, B-02 2021, P-01 2022"),
            ("states: [DROPPED, REGISTERED]", "A-03 2021, A-04 2021"),
            (r#"cadre: "A-06""#, "A-06 2019, A-06 2021"),
            (r#"cadre: "Z-99""#, ""),
            ("withoutClass: true", "A-02 2021, A-04 2021, M-01 2017"),
            ("withoutClass: false, yearFrom: 2022", "P-01 2022"),
        ] {
            let document = format!(
                "{{ enrolments(where: {{{filter}}}) {{ nodes {{ year cadre {{ code }} }} totalCount {{ value }} }} }}"
            );
            let seen = all.query(&document).await;
            let told = |row: &Value| format!("{} {}", text(&row["cadre"]["code"]), row["year"]);
            let mut found = words(&seen, "/enrolments/nodes", told);
            found.sort();
            assert_eq!(found.join(", "), expected, "{document}");
            assert_eq!(seen["enrolments"]["totalCount"]["value"], found.len(), "{document}");
        }
    })
    .await;
}

#[actix_web::test]
async fn pages_of_training_go_forward_and_back() {
    on_both(async |world| {
        fill(world).await;
        let all = world.all_seeing().await;
        let by_start = "{ list: trainingClasses";
        for (open, arguments, close) in [
            (by_start, "", "}"),
            (by_start, "orderBy: [{field: CODE, direction: DESC}],", "}"),
            (by_start, "orderBy: [{field: START_ON}, {field: CODE}],", "}"),
            ("{ list: enrolments", "", "}"),
            (r#"{ cadre(by: {code: "A-06"}) { list: enrolments"#, "", "} }"),
            (r#"{ trainingPlan(by: {code: "K21"}) { list: quotas"#, "", "} }"),
            (r#"{ trainingClass(by: {code: "L1"}) { list: enrolments"#, "", "} }"),
            (r#"{ unit(by: {code: "P"}) { list: quotas"#, "year: 2021, reach: SUBTREE,", "} }"),
        ] {
            let page = async |bounds: &str| {
                let fields = "{ edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage } }";
                let seen = all.query(&format!("{open}({arguments} {bounds}) {fields} {close}")).await;
                ["/list", "/cadre/list", "/trainingPlan/list", "/trainingClass/list", "/unit/list"]
                    .iter()
                    .find_map(|pointer| seen.pointer(pointer).cloned())
                    .expect("a list")
            };
            let ids = |page: &Value| words(page, "/edges", |edge| text(&edge["node"]["id"]));
            let whole = ids(&page("first: 100").await);
            assert!(whole.len() > 1, "the control of {open}");

            let (mut found, mut bounds) = (Vec::new(), "first: 1".to_owned());
            loop {
                let page = page(&bounds).await;
                found.extend(ids(&page));
                bounds = format!(r#"first: 1, after: "{}""#, text(&page["edges"][0]["cursor"]));
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(found, whole, "{open} {arguments}");
            assert_eq!(ids(&page("last: 2").await), whole[whole.len() - 2..], "{open} {arguments}");
        }
        let seen = all.query("{ trainingClasses { nodes { code } } }").await;
        let codes = words(&seen, "/trainingClasses/nodes", |class| text(&class["code"]));
        assert_eq!(codes, ["L6", "L5", "L2", "L4", "L1", "L3"], "latest first");
    })
    .await;
}

#[actix_web::test]
async fn a_person_shows_the_enrolments_that_were_known_on_the_day() {
    on_both(async |world| {
        fill(world).await;
        let all = world.all_seeing().await;
        for (arguments, asked, expected) in [
            ("", "", vec!["2021 L4", "2019 L3"]),
            ("", "(year: 2019)", vec!["2019 L3"]),
            ("", "(year: 2020)", vec![]),
            (r#", asOf: "2020-06-01""#, "", vec!["2019 L3"]),
            (r#", asOf: "2020-06-01""#, "(year: 2021)", vec![]),
            (r#", asOf: "2021-01-01""#, "", vec!["2021 L4", "2019 L3"]),
        ] {
            let document = format!(
                r#"{{ cadre(by: {{code: "A-06"}}{arguments}) {{ enrolments{asked} {{ nodes {{ year class {{ code }} }} }} }} }}"#
            );
            let seen = all.query(&document).await;
            let told = |row: &Value| format!("{} {}", row["year"], text(&row["class"]["code"]));
            assert_eq!(words(&seen, "/cadre/enrolments/nodes", told), expected, "{document}");
        }
    })
    .await;
}

#[actix_web::test]
async fn who_was_trained_in_a_year_is_found_and_who_was_not() {
    on_both(async |world| {
        fill(world).await;
        let all = world.all_seeing().await;
        let (a, b) = (district(world, "A").await, district(world, "B").await);
        for (caller, condition, expected) in [
            (&all, "trained: {year: 2021}", "A-01 A-02 A-06 B-01 B-02"),
            (&all, "not: {trained: {year: 2021}}", "A-03 A-04 M-01 P-01 P-02"),
            (&all, r#"trained: {year: 2021, programmes: ["CN_164"]}"#, "A-06"),
            (&all, "trained: {year: 2021, programmes: []}", ""),
            (&all, "trained: {year: 2017}", "M-01"),
            (&a, "trained: {year: 2021}", "A-01 A-02 A-06"),
            (&b, "trained: {year: 2021}", "B-01 B-02"),
            // District A sent M-01, so B does not know of it.
            (&b, "trained: {year: 2017}", ""),
        ] {
            let document =
                format!("{{ cadres(where: {{{condition}}}, orderBy: [{{field: CODE}}]) {{ nodes {{ code }} }} }}");
            let seen = caller.query(&document).await;
            let codes = words(&seen, "/cadres/nodes", |cadre| text(&cadre["code"]));
            assert_eq!(codes.join(" "), expected, "{document}");
        }
    })
    .await;
}

#[actix_web::test]
async fn who_sends_sees_its_own_and_who_organises_sees_all() {
    on_both(async |world| {
        fill(world).await;
        let (a, b, all) = (district(world, "A").await, district(world, "B").await, world.all_seeing().await);
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

        let (seen, there) = (a.query(document).await, all.query(document).await);

        let told = |class: &Value| {
            let learner = |row: &Value| {
                format!("{} in {}", text(&row["cadre"]["code"]), row["cadre"]["unit"]["code"].as_str().unwrap_or("-"))
            };
            format!("{}: {}", text(&class["code"]), words(class, "/enrolments/nodes", learner).join(", "))
        };
        assert_eq!(
            words(&seen, "/trainingClasses/nodes", told),
            [
                "L1: A-01 in A1P, A-03 in A2U, B-01 in -",
                "L2: A-01 in A1P",
                "L3: A-06 in C1U",
                "L4: A-06 in C1U",
                "L5: ",
            ]
        );
        assert_eq!(seen["trainingClasses"]["nodes"][1]["organiser"], json!({"code": "B1", "cadres": {"nodes": []}}));
        assert_ne!(there["trainingClasses"]["nodes"][1]["organiser"]["cadres"], json!({"nodes": []}), "the control");
        assert_eq!(
            seen["trainingPlan"],
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
        assert_eq!((&seen["other"], &there["other"]["code"]), (&Value::Null, &json!("KB")));
        let seen = b.query("{ trainingClasses(orderBy: [{field: CODE}]) { nodes { code } } }").await;
        assert_eq!(words(&seen, "/trainingClasses/nodes", |class| text(&class["code"])), ["L1", "L2"]);
    })
    .await;
}

#[actix_web::test]
async fn a_person_who_left_is_shown_as_when_the_enrolment_had_them() {
    on_both(async |world| {
        fill(world).await;
        let (a, b, all) = (district(world, "A").await, district(world, "B").await, world.all_seeing().await);
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

#[actix_web::test]
async fn training_is_found_by_its_ids() {
    on_both(async |world| {
        fill(world).await;
        let all = world.all_seeing().await;
        let made = all
            .query(
                r#"{ trainingPlan(by: {code: "K21"}) { id quotas { nodes { id } } }
                     trainingClass(by: {code: "L1"}) { id enrolments { nodes { id } } } }"#,
            )
            .await;
        let ids = [
            &made["trainingPlan"]["id"],
            &made["trainingPlan"]["quotas"]["nodes"][1]["id"],
            &made["trainingClass"]["id"],
            &made["trainingClass"]["enrolments"]["nodes"][0]["id"],
        ];
        let document = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id
            ... on TrainingPlan { code } ... on Quota { seats } ... on TrainingClass { code } ... on Enrolment { year } } }";

        let seen = all.query_with(document, json!({ "ids": ids })).await;

        assert_eq!(
            seen["nodes"],
            json!([
                {"__typename": "TrainingPlan", "id": ids[0], "code": "K21"},
                {"__typename": "Quota", "id": ids[1], "seats": 40},
                {"__typename": "TrainingClass", "id": ids[2], "code": "L1"},
                {"__typename": "Enrolment", "id": ids[3], "year": 2021},
            ])
        );
        let by_id = "query($plan: ID!, $class: ID!) { trainingPlan(by: {id: $plan}) { code } trainingClass(by: {id: $class}) { code } }";
        let seen = all.query_with(by_id, json!({ "plan": ids[0], "class": ids[2] })).await;
        assert_eq!(seen, json!({"trainingPlan": {"code": "K21"}, "trainingClass": {"code": "L1"}}));
        let swapped = all.query_with(by_id, json!({ "plan": ids[2], "class": ids[0] })).await;
        assert_eq!(swapped, json!({"trainingPlan": null, "trainingClass": null}));
    })
    .await;
}

#[actix_web::test]
async fn a_question_about_training_that_cannot_be_meant_names_its_field() {
    on_both(async |world| {
        fill(world).await;
        let (all, a) = (world.all_seeing().await, district(world, "A").await);
        let progress = |arguments: &str| {
            format!(r#"{{ unit(by: {{code: "A"}}) {{ trainingProgress({arguments}) {{ turns }} }} }}"#)
        };
        let many = vec!["CLOSED"; 201].join(", ");
        for (caller, document, field) in [
            (&all, progress("year: 1700"), "year"),
            (&all, progress("year: 2021, untilYear: 2020"), "untilYear"),
            (&all, progress("year: 2021, untilYear: 2200"), "untilYear"),
            (&all, progress("year: 2021, decimals: 7"), "decimals"),
            (&all, progress(r#"year: 2021, programmes: ["NONE"]"#), "programmes"),
            (&all, r#"{ unit(by: {code: "A"}) { quotas(year: 3000) { nodes { id } } } }"#.to_owned(), "year"),
            (
                &all,
                r#"{ trainingClasses(where: {programmes: ["NONE"]}) { nodes { id } } }"#.to_owned(),
                "where.programmes",
            ),
            (&all, format!("{{ trainingClasses(where: {{states: [{many}]}}) {{ nodes {{ id }} }} }}"), "where.states"),
            (
                &all,
                "{ trainingClasses(orderBy: [{field: CODE}, {field: CODE}]) { nodes { id } } }".to_owned(),
                "orderBy",
            ),
            (&all, r#"{ enrolments(where: {programmes: ["NONE"]}) { nodes { id } } }"#.to_owned(), "where.programmes"),
            (
                &all,
                r#"{ cadres(where: {not: {trained: {year: 2021, programmes: ["NONE"]}}}) { nodes { id } } }"#
                    .to_owned(),
                "where.not.trained.programmes",
            ),
            (
                &a,
                r#"{ trainingClasses(where: {organiser: {code: "B"}}) { nodes { id } } }"#.to_owned(),
                "where.organiser.code",
            ),
            (&a, r#"{ enrolments(where: {unit: {code: "B"}}) { nodes { id } } }"#.to_owned(), "where.unit.code"),
            (
                &a,
                r#"{ enrolments(where: {organiser: {code: "P"}}) { nodes { id } } }"#.to_owned(),
                "where.organiser.code",
            ),
        ] {
            let answer = caller.ask(&document, json!({})).await;
            let error = &answer["errors"][0]["extensions"];
            assert_eq!((&error["code"], &error["field"]), (&json!("INVALID"), &json!(field)), "{document}\n{answer:#}");
        }
    })
    .await;
}
