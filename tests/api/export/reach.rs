//! An export shows what the lists of the API show to the same caller, and nothing else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{ndjson, text};
use crate::support::{Caller, on_both};

const READ: [&str; 4] = ["cadre:read", "rotation:read", "training:read", "quota:read"];

/// Lists of the API by type of export: the lists, and the key that identifies a record in both.
const LISTS: [(&str, &[&str], &str); 7] = [
    (
        "cadres",
        &[
            "{ list: cadres(first: 100) { nodes { id } } }",
            "{ list: cadres(first: 100, where: {withPost: false}) { nodes { id } } }",
        ],
        "/id",
    ),
    ("rotations", &["{ list: rotations(first: 100) { nodes { id } } }"], "/id"),
    ("plans", &["{ list: trainingPlans(first: 100) { nodes { id } } }"], "/id"),
    ("quotas", &["{ list: quotas(first: 100) { nodes { id } } }"], "/id"),
    ("classes", &["{ list: trainingClasses(first: 100) { nodes { id } } }"], "/id"),
    ("enrolments", &["{ list: enrolments(first: 100) { nodes { id } } }"], "/id"),
    ("titles", &["{ nodes: titles { id: code } }"], "/code"),
];

async fn listed(caller: &Caller<'_>, lists: &[&str]) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for list in lists {
        let data = caller.query(list).await;
        let nodes = data.pointer("/list/nodes").or(data.get("nodes")).and_then(Value::as_array).expect("nodes").clone();
        ids.extend(nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()));
    }
    ids
}

#[actix_web::test]
async fn an_export_contains_what_the_lists_contain() {
    on_both(async |app| {
        let nation = app.caller(&READ, &["W"]).await;
        for units in [&["A"][..], &["B"], &["A1P"], &["PD1"], &["A2U", "PD2"], &["C1"]] {
            let caller = app.caller(&READ, units).await;
            for (of, lists, key) in LISTS {
                let exported = ndjson(&caller, of).await.texts(key);
                let distinct: BTreeSet<String> = exported.iter().cloned().collect();
                assert_eq!(distinct.len(), exported.len(), "{of} {units:?}: each once");
                assert_eq!(distinct, listed(&caller, lists).await, "{of} {units:?}");
                let all: BTreeSet<String> = ndjson(&nation, of).await.texts(key).into_iter().collect();
                assert_eq!(all, listed(&nation, lists).await, "{of}, the control");
                assert!(distinct.is_subset(&all), "{of} {units:?}");
                assert!(of == "titles" || distinct.len() < all.len(), "{of} {units:?}: the control: there is more");
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn posts_and_qualifications_are_those_of_the_persons_in_custody() {
    on_both(async |app| {
        for units in [&["A"][..], &["B"], &["A1P"], &["PD1"], &["W"]] {
            let caller = app.caller(&READ, units).await;
            let mut expected = [BTreeSet::new(), BTreeSet::new()];
            for where_ in ["{}", "{withPost: false}"] {
                let document = format!(
                    "{{ cadres(first: 100, where: {where_}) {{ nodes {{ assignments {{ id }} qualifications {{ id }} }} }} }}"
                );
                let data = caller.query(&document).await;
                for node in data["cadres"]["nodes"].as_array().expect("nodes") {
                    for (ids, name) in expected.iter_mut().zip(["assignments", "qualifications"]) {
                        let rows = node[name].as_array().expect("rows");
                        ids.extend(rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()));
                    }
                }
            }
            let cards = ndjson(&caller, "cadres").await.records();
            for (of, expected) in ["assignments", "qualifications"].into_iter().zip(expected) {
                let alone: BTreeSet<String> = ndjson(&caller, of).await.texts("/id").into_iter().collect();
                assert_eq!(alone, expected, "{of} {units:?}");
                let inside = cards.iter().flat_map(|card| card[of].as_array().expect("rows").clone());
                let inside: BTreeSet<String> = inside.map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
                assert_eq!(inside, expected, "{of} in cards {units:?}");
                assert!(!expected.is_empty(), "the control");
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn units_are_those_within_reach_with_all_versions() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["A"]).await;
        let units = ndjson(&caller, "units").await.records();
        let codes: BTreeSet<&str> = units.iter().filter_map(|unit| unit["code"].as_str()).collect();
        let data = caller.query("{ units(first: 100) { nodes { code } } }").await;
        for node in data["units"]["nodes"].as_array().expect("nodes") {
            assert!(codes.contains(node["code"].as_str().expect("a code")), "{node}");
        }
        assert!(!codes.contains("B1") && !codes.contains("P"), "{codes:?}");
        let of = |code: &str| units.iter().find(|unit| unit["code"] == code).expect("a unit");
        assert_eq!(of("A")["versions"][0]["parent"], Value::Null, "the parent is out of reach");
        let names: Vec<&Value> =
            of("A1")["versions"].as_array().expect("versions").iter().map(|of| &of["name"]).collect();
        assert_eq!(names, ["Xã Cũ", "Xã Mới"]);
        assert_eq!(of("A1")["versions"][0]["parent"]["code"], "A");
    })
    .await;
}

#[actix_web::test]
async fn persons_and_plans_of_other_records_need_their_scope() {
    on_both(async |app| {
        let (rotations, quotas) =
            (app.caller(&["rotation:read"], &["W"]).await, app.caller(&["quota:read"], &["W"]).await);
        let export = ndjson(&rotations, "rotations").await;
        assert_eq!(export.head["withheld"], json!(["cadre"]));
        assert!(export.lines.len() == 5 && export.records().iter().all(|row| row.get("cadre").is_none()));
        let export = ndjson(&quotas, "quotas").await;
        assert_eq!(export.head["withheld"], json!(["plan"]));
        assert!(export.lines.len() == 5 && export.records().iter().all(|row| row.get("plan").is_none()));

        let both = app.caller(&READ, &["W"]).await;
        assert_eq!(ndjson(&both, "rotations").await.texts("/cadre/code").len(), 5, "the control");
        assert_eq!(ndjson(&both, "quotas").await.texts("/plan/code").len(), 5, "the control");
    })
    .await;
}

#[actix_web::test]
async fn a_rotation_is_exported_to_others_only_after_its_publication() {
    on_both(async |app| {
        let office = app.caller(&["cadre:read", "rotation:read", "rotation:write"], &["P"]).await;
        let outsider = app.caller(&READ, &["A"]).await;
        let lines = ndjson(&outsider, "rotations").await.lines;
        let files = [text(&outsider, "rotations", "text/csv").await, text(&office, "rotations", "text/csv").await];
        let input = r#"idempotencyKey: "e1", cadreCode: "A-03", form: ROTATION, purpose: DEVELOPMENT, toUnitCode: "B1U",
            toTitleCode: "CC", startOn: "2026-07-01", plannedEndOn: "2029-07-01", preparingUnitCode: "P",
            planning: {documentNo: "1-QH", validFrom: "2025-01-01"}"#;
        let data = office
            .query(&format!(
                "mutation {{ rotationPropose(input: {{{input}}}) {{ rotation {{ id }} userErrors {{ code }} }} }}"
            ))
            .await;
        let id = data["rotationPropose"]["rotation"]["id"].as_str().expect("an id").to_owned();

        assert_eq!(ndjson(&outsider, "rotations").await.lines, lines);
        assert!(ndjson(&office, "rotations").await.texts("/id").contains(&id), "the control: the preparing unit");
        let now = [text(&outsider, "rotations", "text/csv").await, text(&office, "rotations", "text/csv").await];
        assert_eq!(now, files, "the file of a bundle cannot record a rotation in preparation");
    })
    .await;
}
