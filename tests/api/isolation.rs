//! A grant over one district shows nothing of another: by no id, edge, filter, sort, search, count, cursor or error.
//!
//! Each absence stands beside an all-seeing caller's answer to the same question, in which the thing is present.

mod training;

use std::collections::BTreeSet;

use entity::{
    rotation,
    value::{CadreId, ClassId, EnrolmentId, PlanId, QualificationId, QuotaId, RotationId, RotationState, UnitId},
};
use serde_json::{Value, json};

use crate::world::{
    Caller, World, on_both,
    rotation::{Places, day, keep_only},
    sdl,
};

/// What the bundle lacks: AX moved from district A to B in 2015, with X-02 in it. AD of A was dissolved into B1. B1U gave
/// a part to A2U and lives on. X-01 has the primary post in B1U and a concurrent one in A2U.
const MORE: [(&str, &str); 5] = [
    (
        "units.csv",
        "code,parent_code,party_parent_code,kind,tier,name,admin_code,valid_from,valid_to\n\
         AX,A,,COMMUNE,COMMUNE,Xã Rời,90103,,2015-01-01\n\
         AX,B,,COMMUNE,COMMUNE,Xã Rời MARK-UNIT,90203,2015-01-01,\n\
         AD,A,,COMMUNE,COMMUNE,Xã Hết,90104,,2012-01-01\n",
    ),
    (
        "unit_successions.csv",
        "predecessor_code,successor_code,kind,on_date,document\n\
         AD,B1,MERGE,2012-01-01,\n\
         B1U,A2U,SPLIT,2019-01-01,\n",
    ),
    (
        "cadres.csv",
        "code,national_id,full_name,gender,birth_on,ethnicity_code,native_place_code,joined_service_on,joined_party_on,\
         category,rank_code,status\n\
         X-01,999000000041,Ngô Văn Ghép,MALE,1977-01-02,01,90101,2000-01-01,,CIVIL_SERVANT,,ACTIVE\n\
         X-02,999000000042,Tạ Thị MARK-NAME,FEMALE,1979-02-03,01,90103,2001-01-01,,CIVIL_SERVANT,,ACTIVE\n",
    ),
    (
        "assignments.csv",
        "cadre_code,unit_code,title_code,start_on,end_on,is_primary\n\
         X-01,B1U,CT,2010-01-01,,true\n\
         X-01,A2U,CC,2011-01-01,,false\n\
         X-02,AX,CC,2005-01-01,,true\n",
    ),
    (
        "qualifications.csv",
        "cadre_code,subject,level,field_code,institution_code,mode,granted_on\n\
         X-02,PROFESSIONAL,UNIVERSITY,,DHX,,2003\n",
    ),
];

/// Rotations by the number of the decision. A knows R1, which left it, and R2, of which B prepared and B1U placed; not R3
/// within B, R4 of X-01 between units of B, R5 within A by B1's draft, nor R6 from A to B that B gave up.
async fn write_rotations(world: &World) {
    let of = Places::of(&world.database).await;
    let prepared = |state, rotation: rotation::Model| rotation::Model {
        state,
        preparing_unit_id: Some(of.unit("B1")),
        proposed_on: Some(rotation.start_on),
        ..rotation
    };
    let placed = rotation::Model {
        placement_unit_id: Some(of.unit("B1U")),
        placed_on: Some(day("2020-01-01")),
        ..of.ended(["R2", "A-02", "A1U", "A2U", "2016-01-01"], "2020-01-01")
    };
    let rotations = vec![
        of.ended(["R1", "M-01", "A2U", "B1U", "2018-01-01"], "2021-01-01"),
        prepared(RotationState::Placed, placed),
        of.rotation(["R3 MARK-DECISION", "B-02", "B", "B1U", "2013-01-01"]),
        of.ended(["R4 MARK-DECISION", "X-01", "B1U", "B", "2015-01-01"], "2016-01-01"),
        prepared(RotationState::Draft, of.rotation(["R5 MARK-DECISION", "A-04", "A2U", "A1U", "2026-01-01"])),
        prepared(RotationState::Revoked, of.rotation(["R6 MARK-DECISION", "B-01", "B1U", "A1U", "2025-01-01"])),
    ];
    keep_only(&world.database, rotations).await;
}

/// What a grant over district A reaches today, counted by hand: its subtree, the district that merged into it, and what
/// ended below it.
const UNITS_OF_A: [&str; 10] = ["A", "A1", "A1P", "A1U", "A2", "A2U", "AD", "C", "C1", "C1U"];
const ROTATIONS_OF_A: [&str; 2] = ["R1", "R2"];
const PEOPLE_OF_A: [&str; 7] = ["A-01", "A-02", "A-03", "A-04", "A-05", "A-06", "X-01"];
/// Who of them holds a post in district A today.
const SERVING_IN_A: [&str; 6] = ["A-01", "A-02", "A-03", "A-04", "A-06", "X-01"];

/// What hangs on a unit. A rotation, a plan, a class and an enrolment name units out of reach; of those they open this to
/// nobody.
const HANGING: &str = r#"parent { id } ancestors { id } predecessors { unit { id } } successors { unit { id } }
    subunits { nodes { id } totalCount { value } } cadres(asOf: "2018-01-01") { nodes { id } totalCount { value } }
    composition(subject: "PROFESSIONAL", asOf: "2018-01-01") { total }
    rotationFlows(from: "2010-01-01", until: "2030-01-01") { rotations persons }
    quotas(year: 2021, reach: SUBTREE) { nodes { id } totalCount { value } }
    trainingProgress(year: 2021) { planned turns persons classes }"#;

/// Every edge that leads to a unit, a person, a rotation or a qualification, with a question that goes along it from what A reaches
/// to what it does not. `%...%` stands for the id of that code; of a person's first qualification after `of `.
const EDGES: [(&str, &str); 52] = [
    ("Query.node", r#"{ node(id: "%B1U%") { __typename id } }"#),
    ("Query.node", r#"{ node(id: "%B-01%") { __typename id } }"#),
    ("Query.node", r#"{ node(id: "%of B-01%") { __typename id } }"#),
    ("Query.nodes", r#"{ nodes(ids: ["%B%", "%A%", "%B-02%", "%P%", "%of B-02%", "%A-01%"]) { __typename id } }"#),
    ("Query.unit", r#"{ unit(by: {code: "B1"}) { __typename id } }"#),
    ("Query.unit", r#"{ unit(by: {id: "%B1%"}) { __typename id } }"#),
    ("Query.units", "{ units(first: 100) { nodes { __typename id } } }"),
    ("UnitConnection.edges", "{ units(first: 100) { edges { node { __typename id } } } }"),
    ("UnitConnection.nodes", "{ units(last: 100, orderBy: [{field: NAME}]) { nodes { __typename id } } }"),
    ("UnitEdge.node", r#"{ units(first: 100, asOf: "2010-01-01") { edges { node { __typename id } } } }"#),
    ("Query.cadre", r#"{ cadre(by: {code: "B-01"}) { __typename id } }"#),
    ("Query.cadre", r#"{ cadre(by: {id: "%B-01%"}) { __typename id } }"#),
    ("Query.cadre", r#"{ cadre(by: {nationalId: "999000000031"}) { __typename id } }"#),
    ("Query.cadres", "{ cadres(first: 100) { nodes { __typename id } } }"),
    ("CadreConnection.edges", "{ cadres(first: 100, orderBy: [{field: UNIT}]) { edges { node { __typename id } } } }"),
    ("CadreConnection.nodes", "{ cadres(last: 100, orderBy: [{field: CODE}]) { nodes { __typename id } } }"),
    ("CadreEdge.node", r#"{ cadres(first: 100, asOf: "2014-01-01") { edges { node { __typename id } } } }"#),
    ("Unit.parent", r#"{ unit(by: {code: "A"}) { parent { __typename id } } }"#),
    ("Unit.ancestors", r#"{ unit(by: {code: "A1U"}) { ancestors { __typename id } } }"#),
    ("Unit.subunits", r#"{ unit(by: {code: "A"}, asOf: "2014-01-01") { subunits { nodes { __typename id } } } }"#),
    ("Unit.cadres", r#"{ unit(by: {code: "A"}, asOf: "2014-01-01") { cadres { nodes { __typename id } } } }"#),
    ("Unit.predecessors", r#"{ unit(by: {code: "A2U"}) { predecessors { unit { __typename id } } } }"#),
    ("Unit.successors", r#"{ unit(by: {code: "AD"}) { successors { unit { __typename id } } } }"#),
    (
        "UnitSuccession.unit",
        r#"{ unit(by: {code: "AD"}, asOf: "2011-01-01") { successors { unit { __typename id } } } }"#,
    ),
    ("Cadre.unit", r#"{ cadre(by: {code: "X-01"}) { unit { __typename id } title { code } } }"#),
    ("Cadre.assignments", r#"{ cadre(by: {code: "X-01"}) { assignments { unit { __typename id } title { code } } } }"#),
    ("Assignment.unit", r#"{ cadres(search: "ghep") { nodes { assignments { unit { __typename id } } } } }"#),
    ("Cadre.qualifications", r#"{ cadre(by: {code: "B-01"}) { qualifications { __typename id } } }"#),
    ("Cadre.highest", r#"{ cadre(by: {code: "B-01"}) { highest(subject: "PROFESSIONAL") { __typename id } } }"#),
    ("Viewer.units", "{ viewer { units { __typename id } } }"),
    (
        "Unit.cadres",
        r#"{ unit(by: {code: "A2U"}, asOf: "2018-01-01") { cadres { nodes { unit { __typename id } } } } }"#,
    ),
    ("Query.cadres", r#"{ cadres(where: {not: {gender: FEMALE}}, search: "mark") { nodes { __typename id } } }"#),
    ("Query.node", r#"{ node(id: "%R3%") { __typename id } }"#),
    ("Query.nodes", r#"{ nodes(ids: ["%R4%", "%R1%", "%R5%", "%R6%"]) { __typename id } }"#),
    ("Query.rotations", "{ rotations(first: 100) { nodes { __typename id } } }"),
    ("Query.rotations", r#"{ rotations(where: {states: [DRAFT, REVOKED, IN_PROGRESS]}) { nodes { id } } }"#),
    ("RotationConnection.nodes", "{ rotations(last: 100, orderBy: [{field: END}]) { nodes { __typename id } } }"),
    ("RotationConnection.edges", "{ rotations(orderBy: [{field: START}]) { edges { node { __typename id } } } }"),
    ("RotationEdge.node", r#"{ rotations(where: {startFrom: "2013-01-01"}) { edges { node { id } } } }"#),
    ("Cadre.rotations", r#"{ cadre(by: {code: "X-01"}) { rotations { __typename id } } }"#),
    ("Cadre.rotations", r#"{ cadre(by: {code: "A-04"}) { rotations { __typename id } } }"#),
    (
        "Rotation.cadre",
        "{ rotations { nodes { cadre { unit { id } assignments { unit { id } } rotations { id } } } } }",
    ),
    ("Rotation.fromUnit", "{ rotations { nodes { fromUnit { HANGING } } } }"),
    ("Rotation.toUnit", "{ rotations { nodes { toUnit { HANGING } } } }"),
    ("Rotation.preparingUnit", "{ rotations { nodes { preparingUnit { HANGING } } } }"),
    ("Rotation.placement", "{ rotations { nodes { placement { unit { HANGING } } } } }"),
    ("Placement.unit", r#"{ node(id: "%R2%") { ... on Rotation { placement { unit { HANGING } } } } }"#),
    ("Query.clients", "{ clients { nodes { grants { units { __typename id } } } } }"),
    ("ClientConnection.nodes", "{ clients(last: 50) { nodes { grants { units { __typename id } } } } }"),
    ("ClientConnection.edges", "{ clients(first: 50) { edges { node { grants { units { id } } } } } }"),
    ("ClientEdge.node", "{ clients(first: 10) { edges { node { grants { units { id } } } } } }"),
    (
        "ClientGrant.units",
        "{ clients { nodes { grants { units { parent { id } cadres(first: 1) { nodes { id } } } } } } }",
    ),
];

/// The names of what has ids: to tell in words what a caller saw.
struct Ids {
    all: Vec<(String, String)>,
}

impl Ids {
    async fn of(all: &Caller<'_>, training: Vec<(String, String)>) -> Self {
        let mut ids = training;
        let mut note = |code: &str, id: &Value| ids.push((code.to_owned(), id.as_str().expect("an id").to_owned()));
        let units = all.query(r#"{ now: units(first: 100) { nodes { code id } } then: units(first: 100, asOf: "2011-12-31") { nodes { code id } } }"#).await;
        for unit in list(&units, "/now/nodes").iter().chain(list(&units, "/then/nodes")) {
            note(unit["code"].as_str().expect("a code"), &unit["id"]);
        }
        let serving = "{ cadres(first: 100) { nodes { code id qualifications { id } } } }";
        let retired = r#"{ cadre(by: {code: "A-05"}) { code id qualifications { id } } }"#;
        let (serving, retired) = (all.query(serving).await, all.query(retired).await);
        for cadre in list(&serving, "/cadres/nodes").iter().chain([&retired["cadre"]]) {
            let code = cadre["code"].as_str().expect("a code");
            note(code, &cadre["id"]);
            for paper in list(cadre, "/qualifications") {
                note(&format!("of {code}"), &paper["id"]);
            }
        }
        let rotations = all.query("{ rotations(first: 100) { nodes { id decisionNo } } }").await;
        for rotation in list(&rotations, "/rotations/nodes") {
            let number = rotation["decisionNo"].as_str().and_then(|number| number.split(' ').next());
            note(number.expect("a number"), &rotation["id"]);
        }
        Self { all: ids }
    }

    fn fill(&self, document: &str) -> String {
        let mut document = document.replace("HANGING", HANGING);
        for (code, id) in &self.all {
            document = document.replace(&format!("%{code}%"), id);
        }
        assert!(!document.contains('%'), "{document}");
        document
    }

    /// The codes of everything with an id in an answer.
    fn seen(&self, answer: &Value) -> BTreeSet<&str> {
        let text = answer.to_string();
        self.all.iter().filter(|(_, id)| text.contains(id.as_str())).map(|(code, _)| code.as_str()).collect()
    }
}

fn list<'a>(of: &'a Value, pointer: &str) -> &'a Vec<Value> {
    of.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("no list {pointer} in {of:#}"))
}

fn codes(of: &Value, pointer: &str) -> Vec<String> {
    list(of, pointer).iter().map(|node| node["code"].as_str().expect("a code").to_owned()).collect()
}

async fn district_a(world: &World) -> Caller<'_> {
    let scopes = ["cadre:read", "cadre.identity:read", "rotation:read", "training:read", "quota:read", "clients:admin"];
    world.caller(&scopes, &["A"]).await
}

/// M-01 was in district A until the end of 2017.
fn is_of_a(code: &str, document: &str) -> bool {
    let code = code.trim_start_matches("of ");
    let served = code == "M-01" && document.contains(r#"asOf: "2014"#);
    let of_a = [&UNITS_OF_A[..], &PEOPLE_OF_A, &ROTATIONS_OF_A, &training::OF_A];
    served || of_a.iter().any(|known| known.contains(&code))
}

#[actix_web::test]
async fn no_edge_leads_out_of_the_reach() {
    let edges = || EDGES.iter().chain(&training::EDGES);
    let probed: BTreeSet<&str> = edges().map(|(edge, _)| *edge).collect();
    for field in sdl::fields() {
        let leads = ["Unit", "Cadre", "Qualification", "Assignment", "UnitSuccession", "Node", "Rotation", "Placement"];
        let leads = leads.iter().chain(&["TrainingPlan", "Quota", "TrainingClass", "Enrolment"]);
        let leads = leads.clone().any(|name| *name == field.named)
            || field.named.ends_with("Edge")
            || field.named.ends_with("Connection");
        // What an act gives is what the caller prepares: `what_may_not_be_known_of_is_refused_like_what_is_not_there`.
        let leads = leads && !field.parent.ends_with("Payload");
        assert!(
            !leads || probed.contains(field.coordinate().as_str()),
            "no question goes along {}",
            field.coordinate()
        );
    }

    on_both(async |world| {
        world.import_text(&MORE).await;
        write_rotations(world).await;
        let training = training::fill(world).await;
        let (all, a) = (world.all_seeing().await, district_a(world).await);
        let ids = Ids::of(&all, training).await;

        for (edge, document) in edges() {
            let document = ids.fill(document);
            let (seen, there) = (a.query(&document).await, all.query(&document).await);

            let outside: Vec<_> = ids.seen(&seen).into_iter().filter(|code| !is_of_a(code, &document)).collect();
            assert!(outside.is_empty(), "{edge}: {document} shows {outside:?}");
            let there: Vec<_> = ids.seen(&there).into_iter().filter(|code| !is_of_a(code, &document)).collect();
            assert!(!there.is_empty(), "the control of {edge}: {document} has something to hide");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_unit_that_a_rotation_names_opens_nothing_that_hangs_on_it() {
    on_both(async |world| {
        world.import_text(&MORE).await;
        write_rotations(world).await;
        training::fill(world).await;
        let (all, a) = (world.all_seeing().await, district_a(world).await);
        let unit = format!("code name tier {HANGING}");
        let document = format!(
            r#"{{
                left: rotations(where: {{cadre: "M-01"}}, first: 1) {{ nodes {{ toUnit {{ {unit} }} }} }}
                placed: rotations(where: {{cadre: "A-02"}}, first: 1) {{ nodes {{ preparingUnit {{ {unit} }} placement {{ unit {{ {unit} }} }} }} }}
            }}"#
        );
        let closed = |code: &str, name: &str| {
            json!({
                "code": code, "name": name, "tier": "COMMUNE",
                "parent": null, "ancestors": [], "predecessors": [], "successors": [],
                "subunits": {"nodes": [], "totalCount": {"value": 0}}, "cadres": {"nodes": [], "totalCount": {"value": 0}},
                "composition": {"total": 0}, "rotationFlows": [],
                "quotas": {"nodes": [], "totalCount": {"value": 0}},
                "trainingProgress": {"planned": 0, "turns": 0, "persons": 0, "classes": 0},
            })
        };

        let (seen, there) = (a.query(&document).await, all.query(&document).await);

        let mut b1u = closed("B1U", "UBND xã Tây MARK-UNIT");
        // B1U gave a part to A2U, and AD went into B1: A reaches those two.
        let own = a.query(r#"{ part: unit(by: {code: "A2U"}) { id } gone: unit(by: {code: "AD"}) { id } }"#).await;
        b1u["successors"] = json!([{ "unit": own["part"] }]);
        assert_eq!(seen["left"]["nodes"], json!([{ "toUnit": b1u }]));
        let mut b1 = closed("B1", "Xã Tây MARK-UNIT");
        b1["predecessors"] = json!([{ "unit": own["gone"] }]);
        assert_eq!(seen["placed"]["nodes"], json!([{ "preparingUnit": b1, "placement": {"unit": b1u} }]));
        let open = &there["left"]["nodes"][0]["toUnit"];
        for (pointer, empty) in [("/ancestors", json!([])), ("/cadres/nodes", json!([])), ("/rotationFlows", json!([]))] {
            assert_ne!(open.pointer(pointer), Some(&empty), "the control: {pointer} of {open:#}");
        }
        assert_ne!(open["composition"]["total"], 0, "the control");
        assert_eq!(open["trainingProgress"]["turns"], 4, "the control");
        assert_eq!(open["quotas"]["totalCount"]["value"], 1, "the control");
    })
    .await;
}

#[actix_web::test]
async fn what_lies_within_the_reach_is_there_whole() {
    on_both(async |world| {
        world.import_text(&MORE).await;
        let a = district_a(world).await;

        let seen = a
            .query(
                r#"{
                    units(first: 100) { nodes { code } totalCount { value isExact } }
                    then: units(first: 100, asOf: "2011-12-31") { nodes { code } totalCount { value } }
                    cadres(first: 100, orderBy: [{field: CODE}]) { nodes { code } totalCount { value isExact } }
                    bounded: cadres(first: 0) { nodes { code } pageInfo { hasNextPage endCursor } totalCount(max: 2) { value isExact } }
                    byUnit: cadres(first: 100, orderBy: [{field: UNIT}, {field: CODE}]) { nodes { code } }
                    retired: cadre(by: {code: "A-05"}) { code unit { code } assignments { unit { code } } }
                    concurrent: cadre(by: {code: "X-01"}) { unit { code } title { code } assignments { unit { code } isPrimary } }
                    viewer { units { code } }
                }"#,
            )
            .await;

        assert_eq!(codes(&seen, "/units/nodes"), ["A", "A1", "A1P", "A1U", "A2", "A2U", "C1", "C1U"]);
        assert_eq!(seen["units"]["totalCount"], json!({"value": 8, "isExact": true}));
        assert_eq!(codes(&seen, "/then/nodes"), UNITS_OF_A);
        assert_eq!(seen["then"]["totalCount"]["value"], 10);
        assert_eq!(codes(&seen, "/cadres/nodes"), SERVING_IN_A);
        assert_eq!(seen["cadres"]["totalCount"], json!({"value": 6, "isExact": true}));
        assert_eq!(
            seen["bounded"],
            json!({"nodes": [], "pageInfo": {"hasNextPage": true, "endCursor": null}, "totalCount": {"value": 2, "isExact": false}})
        );
        // X-01 sorts as one without a primary post: B1U is not known here.
        assert_eq!(codes(&seen, "/byUnit/nodes"), ["X-01", "A-01", "A-02", "A-03", "A-04", "A-06"]);
        assert_eq!(
            seen["retired"],
            json!({"code": "A-05", "unit": null, "assignments": [{"unit": {"code": "A1P"}}]})
        );
        assert_eq!(
            seen["concurrent"],
            json!({"unit": null, "title": null, "assignments": [{"unit": {"code": "A2U"}, "isPrimary": false}]})
        );
        assert_eq!(codes(&seen, "/viewer/units"), ["A"]);
    })
    .await;
}

#[actix_web::test]
async fn who_moves_is_seen_where_they_were_on_the_day() {
    on_both(async |world| {
        let (a, b) = (district_a(world).await, world.caller(&["cadre:read"], &["B"]).await);
        let all = world.all_seeing().await;
        let id = all.query(r#"{ cadre(by: {code: "M-01"}) { id qualifications { id } } }"#).await;
        let (cadre, paper) = (&id["cadre"]["id"], &id["cadre"]["qualifications"][0]["id"]);
        let document = r#"query($id: ID!, $paper: ID!) {
            now: cadre(by: {code: "M-01"}) { unit { code } assignments { unit { code } } }
            eve: cadre(by: {id: $id}, asOf: "2017-12-31") { unit { code } assignments { unit { code } } qualifications { level { code } } }
            day: cadre(by: {code: "M-01"}, asOf: "2018-01-01") { unit { code } assignments { unit { code } } }
            node(id: $id) { id } nodes(ids: [$paper]) { id }
            listed: cadres(search: "chuyen") { nodes { code } }
            listedThen: cadres(search: "chuyen", asOf: "2017-12-31") { nodes { code } totalCount { value } }
        }"#;
        let ask = async |caller: &Caller<'_>| caller.query_with(document, json!({ "id": cadre, "paper": paper })).await;

        let in_a2u = json!({"unit": {"code": "A2U"}, "assignments": [{"unit": {"code": "A2U"}}]});
        let in_b1u = json!({"unit": {"code": "B1U"}, "assignments": [{"unit": {"code": "B1U"}}]});
        let mut eve = in_a2u.clone();
        eve["qualifications"] = json!([{"level": {"code": "UNIVERSITY"}}]);
        let shown = json!([{"code": "M-01"}]);
        assert_eq!(
            ask(&a).await,
            json!({
                "now": null, "eve": eve, "day": null, "node": null, "nodes": [null],
                "listed": {"nodes": []}, "listedThen": {"nodes": shown, "totalCount": {"value": 1}},
            })
        );
        assert_eq!(
            ask(&b).await,
            json!({
                "now": in_b1u, "eve": null, "day": in_b1u, "node": {"id": cadre}, "nodes": [{"id": paper}],
                "listed": {"nodes": shown}, "listedThen": {"nodes": [], "totalCount": {"value": 0}},
            })
        );
        let both = json!([{"unit": {"code": "B1U"}}, {"unit": {"code": "A2U"}}]);
        assert_eq!(ask(&all).await["now"]["assignments"], both, "the control: there are two posts");
    })
    .await;
}

#[actix_web::test]
async fn a_successor_reads_what_it_replaced_and_not_what_lives_on() {
    on_both(async |world| {
        world.import_text(&MORE).await;
        let (a, b) = (district_a(world).await, world.caller(&["cadre:read"], &["B"]).await);

        let seen = a
            .query(
                r#"{
                    unit(by: {code: "C"}) { name validTo successors { unit { code } } parent { code } }
                    then: unit(by: {code: "C"}, asOf: "2019-12-31") {
                        subunits { nodes { code } } cadres { nodes { code unit { code } } } composition(subject: "PROFESSIONAL") { total }
                    }
                    cadres(where: {unit: {code: "C"}}, asOf: "2019-06-01") { nodes { code } }
                    today: cadres(where: {unit: {code: "C"}}) { nodes { code } }
                    heir: unit(by: {code: "A"}) { predecessors { unit { code } kind on } }
                    part: unit(by: {code: "A2U"}) { predecessors { unit { code } } }
                }"#,
            )
            .await;

        assert_eq!(
            seen,
            json!({
                "unit": {"name": "Huyện Nhập", "validTo": "2020-01-01", "successors": [{"unit": {"code": "A"}}], "parent": null},
                "then": {
                    "subunits": {"nodes": [{"code": "C1"}]},
                    "cadres": {"nodes": [{"code": "A-06", "unit": {"code": "C1U"}}]},
                    "composition": {"total": 1},
                },
                "cadres": {"nodes": [{"code": "A-06"}]},
                "today": {"nodes": []},
                "heir": {"predecessors": [{"unit": {"code": "C"}, "kind": "MERGE", "on": "2020-01-01"}]},
                "part": {"predecessors": []},
            })
        );
        // AD went into B1: the authority of B reads its records, and so does A, to which it belonged.
        let seen = b.query(r#"{ unit(by: {code: "AD"}) { code successors { unit { code } } } other: unit(by: {code: "C"}) { code } }"#).await;
        assert_eq!(seen, json!({"unit": {"code": "AD", "successors": [{"unit": {"code": "B1"}}]}, "other": null}));
    })
    .await;
}

#[actix_web::test]
async fn a_grant_on_a_party_body_reaches_its_party_tree_and_nothing_else() {
    on_both(async |world| {
        let bloc = world.caller(&["cadre:read"], &["PB"]).await;

        let seen = bloc
            .query(
                r#"{
                    units(first: 100) { nodes { code } totalCount { value } }
                    unit(by: {code: "PB"}) {
                        parent { code } ancestors { code } cadres { nodes { code } }
                        subunits(hierarchy: PARTY) { nodes { code parent { code } led: parent(hierarchy: PARTY) { code } } }
                        composition(subject: "POLITICAL_THEORY", hierarchy: PARTY) { total }
                        administrative: composition(subject: "POLITICAL_THEORY") { total }
                    }
                    cadres(orderBy: [{field: CODE}]) { nodes { code } totalCount { value } }
                    above: unit(by: {code: "P"}) { code } beside: unit(by: {code: "A"}) { code }
                }"#,
            )
            .await;

        assert_eq!(
            seen,
            json!({
                "units": {"nodes": [{"code": "PB"}, {"code": "PD1"}, {"code": "PD2"}], "totalCount": {"value": 3}},
                "unit": {
                    "parent": null, "ancestors": [], "cadres": {"nodes": []},
                    "subunits": {"nodes": [
                        {"code": "PD1", "parent": null, "led": {"code": "PB"}},
                        {"code": "PD2", "parent": null, "led": {"code": "PB"}},
                    ]},
                    "composition": {"total": 2},
                    "administrative": {"total": 0},
                },
                "cadres": {"nodes": [{"code": "P-01"}, {"code": "P-02"}], "totalCount": {"value": 2}},
                "above": null, "beside": null,
            })
        );
    })
    .await;
}

#[actix_web::test]
async fn numbers_leave_out_who_is_out_of_reach() {
    on_both(async |world| {
        world.import_text(&MORE).await;
        let (all, a) = (world.all_seeing().await, district_a(world).await);
        let document = r#"{ unit(by: {code: "A"}, asOf: "2014-06-01") {
            composition(subject: "PROFESSIONAL") { total levels { level { code } count } atLeast(level: "UNIVERSITY") { count } }
            cadres { totalCount { value } } subunits { totalCount { value } }
        } }"#;

        let (mine, whole) = (a.query(document).await, all.query(document).await);

        // In 2014: A-01, A-02, A-03, A-04, M-01 and X-01 within reach; X-02 sits in AX, which B has now.
        for (seen, people, graduates, units) in [(&mine, 6, 4, 2), (&whole, 7, 5, 3)] {
            let composition = &seen["unit"]["composition"];
            assert_eq!(composition["total"], people, "{composition}");
            assert_eq!(composition["atLeast"]["count"], graduates, "{composition}");
            let sum: i64 = list(composition, "/levels").iter().filter_map(|level| level["count"].as_i64()).sum();
            assert_eq!(sum, people);
            assert_eq!(seen["unit"]["cadres"]["totalCount"]["value"], people);
            assert_eq!(seen["unit"]["subunits"]["totalCount"]["value"], units);
        }
    })
    .await;
}

/// Questions that name something by `$v`: as the type says, with a foreign name and one that nobody has.
const NAMING: [(&str, &str, &str); 34] = [
    ("unit code", "String!", "{ unit(by: {code: $v}) { id } }"),
    ("unit code", "String!", "{ cadres(where: {unit: {code: $v}}) { nodes { id } } }"),
    ("unit code", "String!", "{ cadres(where: {not: {unit: {code: $v, reach: UNIT}}}) { nodes { id } } }"),
    (
        "unit code",
        "String!",
        "{ cadres(where: {or: [{gender: MALE}, {unit: {code: $v}}]}) { nodes { id } totalCount { value } } }",
    ),
    (
        "unit code",
        "String!",
        "{ cadres(where: {and: [{unit: {code: $v, hierarchy: PARTY}}]}) { totalCount { value } } }",
    ),
    ("unit code", "String!", "{ units(where: {unit: {code: $v}}) { nodes { id } } }"),
    ("unit code", "String!", r#"{ unit(by: {code: "A"}) { cadres(where: {unit: {code: $v}}) { nodes { id } } } }"#),
    ("unit code", "String!", "{ units(search: $v) { nodes { id } totalCount { value } } }"),
    ("unit id", "ID!", "{ unit(by: {id: $v}) { id } nodes(ids: [$v]) { id } }"),
    (
        "cadre code",
        "String!",
        "{ cadre(by: {code: $v}) { id } cadres(search: $v) { nodes { id } totalCount { value } } }",
    ),
    (
        "cadre id",
        "ID!",
        r#"{ cadre(by: {id: $v}) { id } node(id: $v) { id } then: cadre(by: {id: $v}, asOf: "2010-01-01") { id } }"#,
    ),
    ("national id", "String!", "{ cadre(by: {nationalId: $v}) { id } }"),
    ("qualification id", "ID!", "{ node(id: $v) { id } nodes(ids: [$v, $v]) { id } }"),
    (
        "name",
        "String!",
        "{ cadres(search: $v) { nodes { id } totalCount { value } } units(search: $v) { nodes { id } } }",
    ),
    ("admin code", "String!", "{ units(where: {adminCode: $v}) { nodes { id } totalCount { value isExact } } }"),
    ("unit code", "String!", "{ rotations(where: {unit: {code: $v}}) { nodes { id } totalCount { value } } }"),
    ("unit code", "String!", "{ rotations(where: {fromUnit: {code: $v, reach: UNIT}}) { nodes { id } } }"),
    ("unit code", "String!", "{ rotations(where: {toUnit: {code: $v, hierarchy: PARTY}}) { totalCount { value } } }"),
    ("unit code", "String!", "{ rotations(where: {preparingUnit: {code: $v}}) { nodes { id } } }"),
    ("cadre code", "String!", "{ rotations(where: {cadre: $v}) { nodes { id } totalCount { value } } }"),
    ("rotation id", "ID!", "{ node(id: $v) { id } nodes(ids: [$v]) { id } }"),
    ("draft id", "ID!", "{ node(id: $v) { id } nodes(ids: [$v]) { id } }"),
    (
        "unit code",
        "String!",
        "{ trainingClasses(where: {organiser: {code: $v}}) { nodes { id } totalCount { value } } }",
    ),
    ("unit code", "String!", "{ enrolments(where: {unit: {code: $v}}) { nodes { id } totalCount { value } } }"),
    ("unit code", "String!", "{ enrolments(where: {organiser: {code: $v, reach: UNIT}}) { nodes { id } } }"),
    ("cadre code", "String!", "{ enrolments(where: {cadre: $v}) { nodes { id } totalCount { value } } }"),
    ("plan code", "String!", "{ trainingPlan(by: {code: $v}) { id } }"),
    ("plan code", "String!", "{ trainingClasses(where: {plan: $v}) { nodes { id } totalCount { value } } }"),
    ("plan code", "String!", "{ enrolments(where: {plan: $v}) { nodes { id } totalCount { value } } }"),
    ("plan id", "ID!", "{ trainingPlan(by: {id: $v}) { id } node(id: $v) { id } }"),
    (
        "class code",
        "String!",
        "{ trainingClass(by: {code: $v}) { id } enrolments(where: {class: $v}) { nodes { id } } }",
    ),
    ("class id", "ID!", "{ trainingClass(by: {id: $v}) { id } nodes(ids: [$v]) { id } }"),
    ("quota id", "ID!", "{ node(id: $v) { id } nodes(ids: [$v]) { id } }"),
    ("enrolment id", "ID!", "{ node(id: $v) { id } nodes(ids: [$v]) { id } }"),
];

#[actix_web::test]
async fn what_is_foreign_is_answered_like_what_does_not_exist() {
    on_both(async |world| {
        world.import_text(&MORE).await;
        write_rotations(world).await;
        let training = training::fill(world).await;
        let named = |name: &str| training.iter().find(|(of, _)| of == name).expect(name).1.clone();
        let (all, a) = (world.all_seeing().await, district_a(world).await);
        let ids = all
            .query(
                r#"{
                    unit(by: {code: "B1U"}) { id } cadre(by: {code: "B-01"}) { id qualifications { id } }
                    foreign: rotations(where: {cadre: "B-02"}) { nodes { id } }
                    draft: rotations(where: {cadre: "A-04"}) { nodes { id } }
                }"#,
            )
            .await;
        let id = |pointer: &str| ids.pointer(pointer).and_then(Value::as_str).expect("an id").to_owned();

        for (what, kind, document) in NAMING {
            let (foreign, nobodys) = match what {
                "unit code" => ("B1U".to_owned(), "B9U".to_owned()),
                "unit id" => (id("/unit/id"), UnitId::new().to_string()),
                "cadre code" => ("B-01".to_owned(), "B-99".to_owned()),
                "cadre id" => (id("/cadre/id"), CadreId::new().to_string()),
                "national id" => ("999000000031".to_owned(), "999000000999".to_owned()),
                "qualification id" => (id("/cadre/qualifications/0/id"), QualificationId::new().to_string()),
                "rotation id" => (id("/foreign/nodes/0/id"), RotationId::new().to_string()),
                "draft id" => (id("/draft/nodes/0/id"), RotationId::new().to_string()),
                "plan code" => ("KB".to_owned(), "KZ".to_owned()),
                "plan id" => (named("KB"), PlanId::new().to_string()),
                "class code" => ("TF".to_owned(), "TZ".to_owned()),
                "class id" => (named("TF"), ClassId::new().to_string()),
                "quota id" => (named("QB"), QuotaId::new().to_string()),
                "enrolment id" => (named("E4"), EnrolmentId::new().to_string()),
                "name" => ("mark".to_owned(), "nobody".to_owned()),
                "admin code" => ("90201".to_owned(), "99999".to_owned()),
                other => panic!("{other}"),
            };
            let document = format!("query($v: {kind}) {document}");
            let ask = async |caller: &Caller<'_>, v: &str| caller.raw(&document, json!({ "v": v })).await;

            assert_eq!(ask(&a, &foreign).await, ask(&a, &nobodys).await, "{document}");
            assert_ne!(ask(&all, &foreign).await, ask(&all, &nobodys).await, "the control: {document}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_cursor_opens_nothing_for_another_caller_or_list() {
    on_both(async |world| {
        world.import_text(&MORE).await;
        write_rotations(world).await;
        training::fill(world).await;
        let (all, a, other) = (world.all_seeing().await, district_a(world).await, district_a(world).await);
        let cursor = async |caller: &Caller<'_>, list: &str| {
            let seen = caller.query(&format!("{{ {list} {{ pageInfo {{ endCursor }} }} }}")).await;
            let root = list.split('(').next().expect("a root");
            seen[root]["pageInfo"]["endCursor"].as_str().expect("a cursor").to_owned()
        };
        let mine = cursor(&a, "cadres(first: 2)").await;
        let cursors = [
            cursor(&all, "cadres(first: 2)").await,
            cursor(&other, "cadres(first: 2)").await,
            cursor(&a, "cadres(first: 2, orderBy: [{field: CODE}])").await,
            cursor(&a, "cadres(first: 2, where: {category: CADRE})").await,
            cursor(&a, r#"cadres(first: 2, search: "v")"#).await,
            cursor(&a, r#"cadres(first: 2, asOf: "2020-01-01")"#).await,
            cursor(&a, "units(first: 2)").await,
            cursor(&a, "rotations(first: 1)").await,
            cursor(&a, "trainingClasses(first: 1)").await,
            cursor(&a, "enrolments(first: 1)").await,
            format!("{mine}A"),
            "nothing".to_owned(),
        ];
        let document = "query($after: String) { cadres(first: 2, after: $after) { nodes { code } } }";
        let refused = a.raw(document, json!({ "after": "nothing" })).await;

        for cursor in cursors {
            let answer = a.raw(document, json!({ "after": cursor })).await;
            assert_eq!(answer, refused, "each is refused in the same words");
        }
        assert!(refused.contains("\"INVALID\"") && refused.contains("\"after\""), "{refused}");
        let next = a.query_with(document, json!({ "after": mine })).await;
        assert_eq!(codes(&next, "/cadres/nodes").len(), 2, "the control: the caller's own goes on");
    })
    .await;
}

#[actix_web::test]
async fn no_answer_to_a_carries_a_mark_of_b() {
    on_both(async |world| {
        world.import_text(&MORE).await;
        write_rotations(world).await;
        let (all, a) = (world.all_seeing().await, district_a(world).await);
        let training = training::fill(world).await;
        let b = world.caller(&["cadre:read", "rotation:read", "training:read", "quota:read"], &["B"]).await;
        let ids = Ids::of(&all, training).await;
        let deep = "code name parent { name } ancestors { name } subunits(first: 5) { nodes { name } } \
                    predecessors { unit { name } document } successors { unit { name } document }";
        let person = "code fullName unit { name parent { name } } title { name } assignments { unit { name } title { name } } \
                      qualifications { institution { name } } highest(subject: \"PROFESSIONAL\") { id }";
        let mut documents = Vec::new();
        for day in ["2009-01-01", "2014-01-01", "2017-12-31", "2018-01-01", "2026-06-01"] {
            documents.push(format!(r#"{{ units(first: 20, asOf: "{day}") {{ nodes {{ {deep} }} totalCount {{ value }} }} }}"#));
            documents.push(format!(r#"{{ cadres(first: 20, asOf: "{day}") {{ nodes {{ {person} }} totalCount {{ value }} }} }}"#));
            for code in ["A", "AX", "B", "B1U", "W", "P"] {
                documents.push(format!(
                    r#"{{ unit(by: {{code: "{code}"}}, asOf: "{day}") {{ {deep} cadres(first: 10) {{ nodes {{ {person} }} }} }} }}"#
                ));
            }
            for code in ["B-01", "B-02", "M-01", "X-01", "X-02"] {
                documents.push(format!(r#"{{ cadre(by: {{code: "{code}"}}, asOf: "{day}") {{ {person} }} }}"#));
            }
        }
        for code in ["B", "B1", "B-01", "X-02", "of B-01"] {
            documents.push(ids.fill(&format!(
                r#"{{ node(id: "%{code}%") {{ id ... on Unit {{ {deep} }} ... on Cadre {{ {person} }} }} }}"#
            )));
        }
        // The name of a unit that a rotation names is open; what hangs on the unit is not.
        let hanging = "code parent { name } ancestors { name } subunits { nodes { name } } cadres(first: 5) { nodes { fullName } }";
        let rotation = format!(
            "decisionNo fromUnit {{ {hanging} }} toUnit {{ {hanging} }} preparingUnit {{ {hanging} }} placement {{ unit {{ {hanging} }} }} \
             cadre {{ code unit {{ name }} assignments {{ unit {{ name }} }} rotations {{ decisionNo }} }}"
        );
        for condition in ["{}", "{states: [DRAFT, REVOKED, IN_PROGRESS]}", r#"{runningOn: "2015-06-01"}"#, r#"{cadre: "X-01"}"#] {
            documents.push(format!("{{ rotations(where: {condition}) {{ nodes {{ {rotation} }} totalCount {{ value }} }} }}"));
        }
        for code in ["A-04", "B-01", "B-02", "M-01", "X-01"] {
            documents.push(format!(r#"{{ cadre(by: {{code: "{code}"}}) {{ rotations {{ {rotation} }} }} }}"#));
        }
        for number in ["R2", "R3", "R5", "R6"] {
            documents.push(ids.fill(&format!(r#"{{ node(id: "%{number}%") {{ ... on Rotation {{ {rotation} }} }} }}"#)));
        }
        let plan = "code name unit { code } quotas { nodes { seats unit { name } } }";
        let class = format!(
            "code intake plan {{ {plan} }} organiser {{ {hanging} }} \
             enrolments(first: 5) {{ nodes {{ sendingUnit {{ {hanging} }} cadre {{ code unit {{ name }} }} }} }}"
        );
        documents.push(format!("{{ trainingClasses(first: 5) {{ nodes {{ {class} }} totalCount {{ value }} }} }}"));
        documents.push(format!("{{ enrolments(first: 5) {{ nodes {{ class {{ {class} }} }} totalCount {{ value }} }} }}"));
        documents.push(format!(r#"{{ trainingPlan(by: {{code: "KB"}}) {{ {plan} }} trainingClass(by: {{code: "TF"}}) {{ {class} }} }}"#));
        for search in ["mark", "MARK-NAME", "tây", "B-01"] {
            documents.push(format!(
                r#"{{ cadres(search: "{search}") {{ nodes {{ {person} }} }} units(search: "{search}") {{ nodes {{ {deep} }} }} }}"#
            ));
        }

        let (mut marked_for_all, mut marked_for_b) = (0, 0);
        for document in &documents {
            let seen = a.raw(document, json!({})).await;
            assert!(!seen.to_lowercase().contains("mark-"), "{document}\n{seen}");
            assert!(!seen.contains("\"errors\""), "{document}\n{seen}");
            marked_for_all += usize::from(all.raw(document, json!({})).await.contains("MARK-"));
            marked_for_b += usize::from(b.raw(document, json!({})).await.contains("MARK-"));
        }
        assert!(marked_for_all > documents.len() / 2, "the control: {marked_for_all} of {} hold the mark", documents.len());
        assert!(marked_for_b > documents.len() / 4, "the control: {marked_for_b} of {} hold the mark", documents.len());
    })
    .await;
}
