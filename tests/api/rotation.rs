//! Rotations: a person's history, lists, flows.

use std::collections::BTreeSet;

use entity::{
    rotation::Model,
    value::{EndReason, RotationForm, RotationPurpose, RotationState},
};
use serde_json::{Value, json};

use crate::support::{
    Caller, TestApp, on_both,
    rotation::{Places, day, keep_only},
};

/// Rotations of the small province, each identified by the number of its decision:
///
/// | | |
/// | --- | --- |
/// | R1 | down, ended in 2017, the person not placed |
/// | R2 | up, from district C before it ended, placed |
/// | R3 | a transfer between communes of A, ended by retirement |
/// | R4 | up within B, running, planned until December 2026 |
/// | R5 | from A to B, running, extended in March 2026 |
/// | R6 | a secondment between departments, published, in the future |
/// | R7 | within A, a draft of A |
/// | R8 | down to C, ended on a day that is not recorded |
/// | R9 | from B to A, given up by B |
async fn write(app: &TestApp) {
    let of = Places::of(&app.database).await;
    let planned = |until| Some(day(until));
    let rotations = vec![
        of.ended(["R1", "P-01", "PD1", "A2U", "2014-03-01"], "2017-03-01"),
        Model {
            state: RotationState::Placed,
            placed_on: Some(day("2015-05-01")),
            placement_unit_id: Some(of.unit("C1U")),
            ..of.ended(["R2", "A-06", "C1U", "PD2", "2012-05-01"], "2015-05-01")
        },
        Model {
            form: RotationForm::Transfer,
            end_reason: Some(EndReason::Retired),
            ..of.ended(["R3", "A-03", "A1U", "A2U", "2016-01-01"], "2018-01-01")
        },
        Model { planned_end_on: planned("2026-12-01"), ..of.rotation(["R4", "B-01", "B1U", "B", "2024-01-01"]) },
        Model {
            state: RotationState::Extended,
            extended_on: Some(day("2026-03-01")),
            planned_end_on: planned("2027-01-01"),
            purpose: Some(RotationPurpose::Development),
            ..of.rotation(["R5", "M-01", "A2U", "B1U", "2025-07-01"])
        },
        Model {
            form: RotationForm::Secondment,
            state: RotationState::Published,
            planned_end_on: planned("2029-07-01"),
            ..of.rotation(["R6", "P-02", "PD1", "PD2", "2026-07-01"])
        },
        Model {
            state: RotationState::Draft,
            preparing_unit_id: Some(of.unit("A")),
            proposed_on: Some(day("2026-05-01")),
            planned_end_on: planned("2029-09-01"),
            purpose: Some(RotationPurpose::NonLocal),
            ..of.rotation(["R7", "A-04", "A2U", "A1U", "2026-09-01"])
        },
        Model { end_on: None, ..of.ended(["R8", "P-01", "PD2", "C1U", "2018-02-01"], "2019-01-01") },
        Model {
            state: RotationState::Cancelled,
            preparing_unit_id: Some(of.unit("B1")),
            proposed_on: Some(day("2024-10-01")),
            ..of.rotation(["R9", "B-02", "B1U", "A1U", "2025-01-01"])
        },
    ];
    keep_only(&app.database, rotations).await;
}

async fn reader<'a>(app: &'a TestApp, unit: &str) -> Caller<'a> {
    app.caller(&["cadre:read", "rotation:read"], &[unit]).await
}

/// The numbers of the decisions in a list.
fn numbers(of: &Value) -> String {
    let nodes = of["nodes"].as_array().unwrap_or_else(|| panic!("no nodes in {of:#}"));
    nodes.iter().map(|node| node["decisionNo"].as_str().expect("a number")).collect::<Vec<_>>().join(" ")
}

/// Conditions, and the rotations that they find, latest first.
const FOUND: [(&str, &str); 46] = [
    ("{}", "R7 R6 R5 R9 R4 R8 R3 R1 R2"),
    (r#"{cadre: "P-01"}"#, "R8 R1"),
    (r#"{cadre: "NOBODY"}"#, ""),
    (r#"{cadre: "\u0000"}"#, ""),
    // C1U was in C until 2020, and is in A since.
    (r#"{fromUnit: {code: "A"}}"#, "R7 R5 R3"),
    (r#"{fromUnit: {code: "C"}}"#, "R2"),
    (r#"{toUnit: {code: "A"}}"#, "R7 R9 R3 R1"),
    (r#"{toUnit: {code: "C"}}"#, "R8"),
    (r#"{toUnit: {code: "A", reach: UNIT}}"#, ""),
    (r#"{toUnit: {code: "B", reach: UNIT}}"#, "R4"),
    (r#"{unit: {code: "C1U", reach: UNIT}}"#, "R8 R2"),
    (r#"{unit: {code: "C"}}"#, "R8 R2"),
    (r#"{unit: {code: "C"}, startFrom: "2018-01-01"}"#, "R8"),
    (r#"{unit: {code: "C"}, startFrom: "2020-01-01"}"#, ""),
    (r#"{unit: {code: "B"}}"#, "R5 R9 R4"),
    (r#"{unit: {code: "PB"}}"#, ""),
    (r#"{unit: {code: "PB", hierarchy: PARTY}}"#, "R6 R8 R1 R2"),
    (r#"{fromUnit: {code: "A"}, toUnit: {code: "B"}}"#, "R5"),
    (r#"{preparingUnit: {code: "A"}}"#, "R7"),
    (r#"{preparingUnit: {code: "B"}}"#, "R9"),
    (r#"{preparingUnit: {code: "B", reach: UNIT}}"#, ""),
    (r#"{preparingUnit: {code: "P"}, startFrom: "2026-01-01"}"#, "R7"),
    ("{forms: [TRANSFER, SECONDMENT]}", "R6 R3"),
    ("{forms: []}", ""),
    ("{directions: [UP]}", "R4 R2"),
    ("{directions: [LATERAL_AGENCY, LATERAL_LOCALITY]}", "R7 R6 R5 R9 R3"),
    ("{states: [DRAFT, CANCELLED]}", "R7 R9"),
    ("{states: [IN_PROGRESS, EXTENDED]}", "R5 R4"),
    ("{purposes: [DEVELOPMENT]}", "R5"),
    (r#"{startFrom: "2014-03-01", startBefore: "2016-01-01"}"#, "R1"),
    (r#"{startFrom: "2014-03-01", startBefore: "2016-01-02"}"#, "R3 R1"),
    (r#"{startFrom: "2014-03-01", startBefore: "2014-03-01"}"#, ""),
    (r#"{startBefore: "2014-03-01"}"#, "R2"),
    (r#"{runningOn: "2014-02-28"}"#, "R2"),
    (r#"{runningOn: "2014-03-01"}"#, "R1 R2"),
    (r#"{runningOn: "2017-03-01"}"#, "R3"),
    (r#"{runningOn: "2018-02-01"}"#, ""),
    (r#"{runningOn: "2026-06-01"}"#, "R5 R4"),
    (r#"{runningOn: "2026-10-01"}"#, "R5 R4"),
    (r#"{endFrom: "2018-01-01"}"#, "R7 R6 R5 R4 R3"),
    (r#"{endBefore: "2018-01-01"}"#, "R1 R2"),
    (r#"{runningOn: "2026-06-01", endFrom: "2026-06-01", endBefore: "2026-12-01"}"#, ""),
    (r#"{runningOn: "2026-06-01", endFrom: "2026-06-01", endBefore: "2026-12-02"}"#, "R4"),
    // R8 ended because another rotation followed.
    ("{placementMissing: true}", "R1"),
    ("{placementMissing: false}", "R7 R6 R5 R9 R4 R8 R3 R2"),
    (r#"{placementMissing: true, unit: {code: "A"}}"#, "R1"),
];

#[actix_web::test]
async fn each_condition_finds_its_rotations() {
    on_both(async |app| {
        write(app).await;
        let all = reader(app, "W").await;

        for (condition, expected) in FOUND {
            let document =
                format!("{{ rotations(where: {condition}) {{ nodes {{ decisionNo }} totalCount {{ value }} }} }}");
            let data = all.query(&document).await;
            assert_eq!(numbers(&data["rotations"]), expected, "{condition}");
            assert_eq!(data["rotations"]["totalCount"]["value"], expected.split_whitespace().count(), "{condition}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_caller_lists_rotations_within_its_reach_and_those_it_prepares() {
    on_both(async |app| {
        write(app).await;
        let list = "{ rotations { nodes { decisionNo } totalCount { value isExact } } }";
        for (unit, expected) in [
            ("W", "R7 R6 R5 R9 R4 R8 R3 R1 R2"),
            ("A", "R7 R5 R8 R3 R1 R2"),
            ("B", "R5 R9 R4"),
            ("B1U", "R5 R4"),
            ("PB", "R6 R8 R1 R2"),
        ] {
            let data = reader(app, unit).await.query(list).await;
            assert_eq!(numbers(&data["rotations"]), expected, "{unit}");
            assert_eq!(data["rotations"]["totalCount"]["value"], expected.split_whitespace().count(), "{unit}");
        }

        // A is the target of a rotation that B gave up. No filter and no number reveals it to A.
        let a = reader(app, "A").await;
        for condition in
            ["{states: [CANCELLED]}", r#"{cadre: "B-02"}"#, r#"{startFrom: "2025-01-01", startBefore: "2025-01-02"}"#]
        {
            let document = format!("{{ rotations(where: {condition}) {{ nodes {{ id }} totalCount {{ value }} }} }}");
            assert_eq!(
                a.query(&document).await["rotations"],
                json!({"nodes": [], "totalCount": {"value": 0}}),
                "{condition}"
            );
            let all_data = reader(app, "B").await.query(&document).await;
            assert_eq!(all_data["rotations"]["totalCount"]["value"], 1, "the control: {condition}");
        }
    })
    .await;
}

#[actix_web::test]
async fn only_callers_that_list_a_rotation_find_it_by_its_id() {
    on_both(async |app| {
        write(app).await;
        let all = reader(app, "W").await;
        let ids = async |caller: &Caller<'_>| -> Vec<Value> {
            let data = caller.query("{ rotations(first: 100) { nodes { id } } }").await;
            data["rotations"]["nodes"].as_array().expect("nodes").iter().map(|node| node["id"].clone()).collect()
        };
        let everything = ids(&all).await;
        for caller in [&all, &reader(app, "A1").await] {
            let (listed, mut found) = (ids(caller).await, 0);
            for id in &everything {
                let document = "query($id: ID!) { rotation(by: {id: $id}) { id } }";
                let data = caller.query_with(document, json!({ "id": id })).await;
                let expected = if listed.contains(id) { json!({ "id": id }) } else { Value::Null };
                assert_eq!(data["rotation"], expected, "{:?}", app.kind);
                found += usize::from(!data["rotation"].is_null());
            }
            assert!(found > 0 && (found < everything.len()) == (listed.len() < everything.len()));
        }
    })
    .await;
}

#[actix_web::test]
async fn pages_contain_each_rotation_once_from_either_end() {
    on_both(async |app| {
        write(app).await;
        let all = reader(app, "W").await;
        for (order, expected) in [
            ("[]", "R7 R6 R5 R9 R4 R8 R3 R1 R2"),
            ("[{field: START}]", "R2 R1 R3 R8 R4 R9 R5 R6 R7"),
            // R8 and R9 have no known end: they come last, by id.
            ("[{field: END}]", "R2 R1 R3 R4 R5 R6 R7 R8 R9"),
            ("[{field: END, direction: DESC}]", "R9 R8 R7 R6 R5 R4 R3 R1 R2"),
            ("[{field: END, direction: ASC}, {field: START, direction: DESC}]", "R2 R1 R3 R4 R5 R6 R7 R9 R8"),
        ] {
            let document = format!(
                "query($first: Int, $after: String, $last: Int, $before: String) {{
                    rotations(orderBy: {order}, first: $first, after: $after, last: $last, before: $before) {{
                        nodes {{ decisionNo }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
                    }}
                }}"
            );
            let (mut forward, mut at) = (Vec::new(), Value::Null);
            loop {
                let data = all.query_with(&document, json!({ "first": 2, "after": at })).await;
                let (page, place) = (&data["rotations"], &data["rotations"]["pageInfo"]);
                forward.push(numbers(page));
                assert_eq!(place["hasPreviousPage"], json!(!at.is_null()));
                if place["hasNextPage"] == false {
                    break;
                }
                at = place["endCursor"].clone();
            }
            assert_eq!(forward.join(" "), expected, "{order}");

            let (mut backward, mut at) = (Vec::new(), Value::Null);
            loop {
                let data = all.query_with(&document, json!({ "last": 2, "before": at })).await;
                backward.insert(0, numbers(&data["rotations"]));
                if data["rotations"]["pageInfo"]["hasPreviousPage"] == false {
                    break;
                }
                at = data["rotations"]["pageInfo"]["startCursor"].clone();
            }
            assert_eq!(backward.join(" "), expected, "{order}");
        }
    })
    .await;
}

#[actix_web::test]
async fn invalid_queries_about_rotations_are_refused() {
    on_both(async |app| {
        write(app).await;
        let b = reader(app, "B").await;
        let many = vec!["ROTATION"; 201].join(", ");
        for (document, field) in [
            (r#"{ rotations(where: {fromUnit: {code: "NONE"}}) { nodes { id } } }"#.to_owned(), "where.fromUnit.code"),
            (r#"{ rotations(where: {toUnit: {code: "A"}}) { nodes { id } } }"#.to_owned(), "where.toUnit.code"),
            (r#"{ rotations(where: {unit: {code: "P"}}) { nodes { id } } }"#.to_owned(), "where.unit.code"),
            (r#"{ rotations(where: {preparingUnit: {code: "A"}}) { nodes { id } } }"#.to_owned(), "where.preparingUnit.code"),
            (format!("{{ rotations(where: {{forms: [{many}]}}) {{ nodes {{ id }} }} }}"), "where.forms"),
            ("{ rotations(orderBy: [{field: END}, {field: END}]) { nodes { id } } }".to_owned(), "orderBy"),
            ("{ rotations(first: 101) { nodes { id } } }".to_owned(), "first"),
            (r#"{ unit(by: {code: "B"}) { rotationFlows(from: "2014-01-01", before: "2014-01-01") { persons } } }"#.to_owned(), "before"),
            (
                format!(
                    r#"{{ unit(by: {{code: "B"}}) {{ rotationFlows(from: "2014-01-01", before: "2015-01-01", forms: [{many}]) {{ persons }} }} }}"#
                ),
                "forms",
            ),
        ] {
            let answer = b.ask(&document, json!({})).await;
            let error = &answer["errors"][0]["extensions"];
            assert_eq!((&error["code"], &error["field"]), (&json!("INVALID"), &json!(field)), "{document}\n{answer:#}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_persons_rotations_are_those_of_the_requested_day() {
    on_both(async |app| {
        write(app).await;
        let all = reader(app, "W").await;
        for (person, on, expected) in [
            ("P-01", "2014-02-28", json!([])),
            (
                "P-01",
                "2014-03-01",
                json!([{"decisionNo": "R1", "state": "IN_PROGRESS", "endOn": null, "placement": null}]),
            ),
            (
                "P-01",
                "2017-02-28",
                json!([{"decisionNo": "R1", "state": "IN_PROGRESS", "endOn": null, "placement": null}]),
            ),
            (
                "P-01",
                "2017-03-01",
                json!([{"decisionNo": "R1", "state": "ENDED", "endOn": "2017-03-01", "placement": null}]),
            ),
            (
                "P-01",
                "2018-02-01",
                json!([
                    {"decisionNo": "R8", "state": "ENDED", "endOn": null, "placement": null},
                    {"decisionNo": "R1", "state": "ENDED", "endOn": "2017-03-01", "placement": null},
                ]),
            ),
            (
                "A-06",
                "2015-04-30",
                json!([{"decisionNo": "R2", "state": "IN_PROGRESS", "endOn": null, "placement": null}]),
            ),
            (
                "A-06",
                "2015-05-01",
                json!([{
                    "decisionNo": "R2", "state": "PLACED", "endOn": "2015-05-01",
                    "placement": {"on": "2015-05-01", "unit": {"code": "C1U", "parent": {"code": "C1"}}},
                }]),
            ),
            (
                "M-01",
                "2026-02-28",
                json!([{"decisionNo": "R5", "state": "IN_PROGRESS", "endOn": null, "placement": null}]),
            ),
            (
                "M-01",
                "2026-03-01",
                json!([{"decisionNo": "R5", "state": "EXTENDED", "endOn": null, "placement": null}]),
            ),
            // Published without a recorded day: visible today, but not on earlier days.
            ("P-02", "2026-05-31", json!([])),
            (
                "P-02",
                "2026-06-01",
                json!([{"decisionNo": "R6", "state": "PUBLISHED", "endOn": null, "placement": null}]),
            ),
        ] {
            let document = r#"query($person: String!, $on: Date) { cadre(by: {code: $person}, asOf: $on) {
                rotations { decisionNo state endOn placement { on unit { code parent { code } } } }
            } }"#;
            let data = all.query_with(document, json!({ "person": person, "on": on })).await;
            assert_eq!(data["cadre"]["rotations"], expected, "{person} {on}");
        }
    })
    .await;
}

/// Unit, period, forms, and the flows: direction, tiers, rotations, persons.
const FLOWS: [(&str, &str, &str, &str); 13] = [
    // P-01 went down twice; R3 is a transfer.
    ("P", "2010 2020", "", "DOWN PROVINCE COMMUNE 2 1, UP COMMUNE PROVINCE 1 1"),
    ("W", "2010 2020", "", "DOWN PROVINCE COMMUNE 2 1, UP COMMUNE PROVINCE 1 1"),
    ("A", "2010 2020", "", "DOWN PROVINCE COMMUNE 1 1"),
    ("C", "2010 2020", "", "DOWN PROVINCE COMMUNE 1 1, UP COMMUNE PROVINCE 1 1"),
    ("C", "2010 2018", "", "UP COMMUNE PROVINCE 1 1"),
    ("PD1", "2010 2020", "", "DOWN PROVINCE COMMUNE 1 1"),
    // Both of its units are in A: it counts once.
    ("A", "2016 2017", "TRANSFER", "LATERAL_LOCALITY COMMUNE COMMUNE 1 1"),
    ("A", "2015 2016", "TRANSFER", ""),
    ("A", "2016 2017", "", ""),
    ("A", "2010 2030", "NONE", ""),
    // Neither the draft of A nor the rotation that B gave up counts, for any caller.
    ("A", "2025 2030", "ROTATION TRANSFER SECONDMENT", "LATERAL_LOCALITY COMMUNE COMMUNE 1 1"),
    ("B", "2024 2030", "ROTATION TRANSFER SECONDMENT", "UP COMMUNE DISTRICT 1 1, LATERAL_LOCALITY COMMUNE COMMUNE 1 1"),
    ("P", "2026 2027", "SECONDMENT", "LATERAL_AGENCY PROVINCE PROVINCE 1 1"),
];

#[actix_web::test]
async fn flows_count_each_rotation_once_in_the_tree_of_its_start_day() {
    on_both(async |app| {
        write(app).await;
        let all = reader(app, "W").await;
        let document = r#"query($unit: String!, $from: Date!, $before: Date!, $forms: [RotationForm!] = [ROTATION]) {
            unit(by: {code: $unit}) {
                rotationFlows(from: $from, before: $before, forms: $forms) { direction fromTier toTier rotations persons }
            }
        }"#;
        for (unit, years, forms, expected) in FLOWS {
            let (from, until) = years.split_once(' ').expect("two years");
            let mut variables =
                json!({ "unit": unit, "from": format!("{from}-01-01"), "before": format!("{until}-01-01") });
            let forms: Vec<&str> = forms.split_whitespace().filter(|form| *form != "NONE").collect();
            if !forms.is_empty() || years == "2010 2030" {
                variables["forms"] = json!(forms);
            }
            let data = all.query_with(document, variables.clone()).await;
            let flows = data["unit"]["rotationFlows"].as_array().expect("flows").iter().map(|flow| {
                let word = |name: &str| flow[name].as_str().unwrap_or_default().to_owned();
                let count = |name: &str| flow[name].to_string();
                [word("direction"), word("fromTier"), word("toTier"), count("rotations"), count("persons")].join(" ")
            });
            assert_eq!(flows.collect::<Vec<_>>().join(", "), expected, "{variables}");
        }
    })
    .await;
}

#[actix_web::test]
async fn flows_count_the_rotations_visible_to_the_caller() {
    on_both(async |app| {
        write(app).await;
        let (a, all) = (reader(app, "A").await, reader(app, "W").await);
        let flows = r#"rotationFlows(from: "2010-01-01", before: "2030-01-01") { rotations }"#;
        let total = |flows: &Value| -> i64 {
            let flows = flows.as_array().unwrap_or_else(|| panic!("no flows in {flows}"));
            flows.iter().filter_map(|flow| flow["rotations"].as_i64()).sum()
        };

        // District C was merged into A: its rotations are visible there, with those of A itself.
        let own = format!(r#"{{ a: unit(by: {{code: "A"}}) {{ {flows} }} c: unit(by: {{code: "C"}}) {{ {flows} }} }}"#);
        for caller in [&a, &all] {
            let data = caller.query(&own).await;
            assert_eq!((total(&data["a"]["rotationFlows"]), total(&data["c"]["rotationFlows"])), (2, 2));
        }

        // R5 makes B1U visible, but not its flows.
        let named = format!(r#"{{ rotations(where: {{cadre: "M-01"}}) {{ nodes {{ toUnit {{ code {flows} }} }} }} }}"#);
        let (data, all_data) = (a.query(&named).await, all.query(&named).await);
        assert_eq!(data["rotations"]["nodes"][0]["toUnit"], json!({"code": "B1U", "rotationFlows": []}));
        assert_eq!(total(&all_data["rotations"]["nodes"][0]["toUnit"]["rotationFlows"]), 2, "the control: {all_data}");
    })
    .await;
}

#[actix_web::test]
async fn a_rotation_shows_its_units_as_of_its_start_day() {
    on_both(async |app| {
        write(app).await;
        let data = reader(app, "W")
            .await
            .query(
                r#"{ rotations(where: {unit: {code: "C"}}) { edges { cursor node {
                    decisionNo direction fromTier toTier startOn form purpose
                    fromUnit { code parent { code } ancestors { code } } toUnit { code parent { code } }
                    cadre { code unit { code } }
                } } } }"#,
            )
            .await;

        let edges = data["rotations"]["edges"].as_array().expect("edges");
        let cursors: BTreeSet<_> = edges.iter().map(|edge| edge["cursor"].to_string()).collect();
        assert_eq!(cursors.len(), 2);
        assert_eq!(
            edges[1]["node"],
            json!({
                "decisionNo": "R2", "direction": "UP", "fromTier": "COMMUNE", "toTier": "PROVINCE",
                "startOn": "2012-05-01", "form": "ROTATION", "purpose": null,
                "fromUnit": {
                    "code": "C1U", "parent": {"code": "C1"},
                    "ancestors": [{"code": "C1"}, {"code": "C"}, {"code": "P"}, {"code": "W"}],
                },
                "toUnit": {"code": "PD2", "parent": {"code": "P"}},
                "cadre": {"code": "A-06", "unit": {"code": "C1U"}},
            })
        );
    })
    .await;
}
