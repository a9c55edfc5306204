//! No field that returns related objects returns objects out of reach.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    HANGING, Ids, PEOPLE_OF_A, ROTATIONS_OF_A, UNITS_OF_A, district_a, import_more, training, write_rotations,
};
use crate::support::{on_both, sdl};

/// Every edge that leads to a unit, a person, a rotation or a qualification, with a query that follows it from an
/// object within the reach of A to one outside. `%...%` is the id of the object with that code; after `of `, the id of
/// a person's first qualification.
const EDGES: &[(&str, &str)] = &[
    // The access log leads to no other object. A caller that does not reach the person does not reach the log.
    ("Cadre.accessLog", r#"{ cadre(by: {code: "B-01"}) { id accessLog { nodes { at } } } }"#),
    ("AccessEntryConnection.edges", r#"{ cadre(by: {code: "B-01"}) { id accessLog { edges { node { at } } } } }"#),
    ("Query.node", r#"{ node(id: "%B1U%") { __typename id } }"#),
    ("Query.node", r#"{ node(id: "%B-01%") { __typename id } }"#),
    ("Query.node", r#"{ node(id: "%of B-01%") { __typename id } }"#),
    ("Query.nodes", r#"{ nodes(ids: ["%B%", "%A%", "%B-02%", "%P%", "%of B-02%", "%A-01%"]) { __typename id } }"#),
    ("Query.unit", r#"{ unit(by: {code: "B1"}) { __typename id } }"#),
    ("Query.unit", r#"{ unit(by: {id: "%B1%"}) { __typename id } }"#),
    ("Query.unit", r#"{ unit(by: {identifier: {system: VN_AGENCY, value: "T90.2.1"}}) { __typename id } }"#),
    ("Duty.issuer", "{ duties { issuer { parent { id } subunits { nodes { id } } } } }"),
    ("Query.units", "{ units(first: 100) { nodes { __typename id } } }"),
    ("UnitConnection.edges", "{ units(first: 100) { edges { node { __typename id } } } }"),
    ("UnitConnection.nodes", "{ units(last: 100, orderBy: [{field: NAME}]) { nodes { __typename id } } }"),
    ("UnitEdge.node", r#"{ units(first: 100, asOf: "2010-01-01") { edges { node { __typename id } } } }"#),
    ("Query.cadre", r#"{ cadre(by: {code: "B-01"}) { __typename id } }"#),
    ("Query.cadre", r#"{ cadre(by: {id: "%B-01%"}) { __typename id } }"#),
    ("Query.cadre", r#"{ cadre(by: {nationalId: "999000000031"}) { __typename id } }"#),
    ("Query.cadres", "{ cadres(first: 100) { nodes { __typename id } } }"),
    ("Query.cadres", r#"{ cadres(where: {withPost: false}, asOf: "2004-01-01", first: 100) { nodes { id } } }"#),
    (
        "Unit.cadres",
        r#"{ unit(by: {code: "A"}) { cadres(where: {withPost: false}, asOf: "2004-01-01") { nodes { id } } } }"#,
    ),
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
    ("Standing.unit", r#"{ cadre(by: {code: "X-01"}) { standing { unit { __typename id } } } }"#),
    (
        "Appraisal.unit",
        r#"{ cadre(by: {code: "A-02"}) { appraisals(year: 2015) { unit { parent { __typename id } ancestors { id } } } } }"#,
    ),
    ("Query.documents", "{ documents { nodes { issuer { __typename id } } } }"),
    ("DocumentConnection.edges", "{ documents { edges { node { issuer { __typename id } } } } }"),
    ("Document.issuer", "{ documents { nodes { code issuer { __typename id } } } }"),
    // A unit over the limit is one of the counted units, which are within reach.
    (
        "AppraisalOverLimit.unit",
        r#"{ unit(by: {code: "B1"}) { id appraisals(system: STATE, year: 2015) { overLimit { unit { id } } } } }"#,
    ),
    ("Standard.issuer", "{ standards { code issuer { __typename id } } }"),
    ("Viewer.units", "{ viewer { units { __typename id } } }"),
    (
        "Unit.cadres",
        r#"{ unit(by: {code: "A2U"}, asOf: "2018-01-01") { cadres { nodes { unit { __typename id } } } } }"#,
    ),
    ("Query.cadres", r#"{ cadres(where: {not: {gender: FEMALE}}, search: "mark") { nodes { __typename id } } }"#),
    ("Query.node", r#"{ node(id: "%R3%") { __typename id } }"#),
    ("Query.nodes", r#"{ nodes(ids: ["%R4%", "%R1%", "%R5%", "%R6%"]) { __typename id } }"#),
    ("Query.rotation", r#"{ rotation(by: {id: "%R3%"}) { __typename id } }"#),
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
    ("Rotation.fromUnit", "{ rotations(first: 5) { nodes { fromUnit { HANGING } } } }"),
    ("Rotation.toUnit", "{ rotations(first: 5) { nodes { toUnit { HANGING } } } }"),
    ("Rotation.preparingUnit", "{ rotations(first: 5) { nodes { preparingUnit { HANGING } } } }"),
    ("Rotation.placement", "{ rotations(first: 5) { nodes { placement { unit { HANGING } } } } }"),
    ("Placement.unit", r#"{ node(id: "%R2%") { ... on Rotation { placement { unit { HANGING } } } } }"#),
    ("Query.changes", "{ changes(types: [UNIT], first: 1000) { nodes { id: objectId } } }"),
    ("ChangeConnection.edges", "{ changes(types: [UNIT], first: 1000) { edges { node { id: objectId } } } }"),
    ("Query.client", r#"{ client(by: {id: "%CLIENT%"}) { id grants { units { id } } } }"#),
    ("Query.clients", "{ clients { nodes { grants { units { __typename id } } } } }"),
    ("ClientConnection.nodes", "{ clients(last: 50) { nodes { grants { units { __typename id } } } } }"),
    ("ClientConnection.edges", "{ clients(first: 50) { edges { node { grants { units { id } } } } } }"),
    ("ClientEdge.node", "{ clients(first: 10) { edges { node { grants { units { id } } } } } }"),
    (
        "ClientGrant.units",
        "{ clients { nodes { grants { units { parent { id } cadres(first: 1) { nodes { id } } } } } } }",
    ),
];

/// M-01 was in district A until the end of 2017; the document was recorded before the first post.
fn is_of_a(code: &str, document: &str) -> bool {
    let code = code.trim_start_matches("of ");
    let is_before = ["2004", "2014"].iter().any(|year| document.contains(&format!("asOf: \"{year}")));
    let served = code == "M-01" && is_before;
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
        // Payloads contain objects that the caller prepares; `an_invisible_object_is_refused_like_a_missing_one` checks
        // them.
        let leads = leads && !field.parent.ends_with("Payload");
        assert!(!leads || probed.contains(field.coordinate().as_str()), "no query follows {}", field.coordinate());
    }

    on_both(async |app| {
        import_more(app).await;
        write_rotations(app).await;
        let training = training::fill(app).await;
        let (all, a) = (app.all_seeing().await, district_a(app).await);
        let ids = Ids::of(&all, training).await;

        for (edge, document) in edges() {
            let document = ids.fill(document);
            let (data, all_data) = (a.query(&document).await, all.query(&document).await);

            let outside: Vec<_> = ids.codes_in(&data).into_iter().filter(|code| !is_of_a(code, &document)).collect();
            assert!(outside.is_empty(), "{edge}: {document} shows {outside:?}");
            let all_data: Vec<_> =
                ids.codes_in(&all_data).into_iter().filter(|code| !is_of_a(code, &document)).collect();
            assert!(!all_data.is_empty(), "the control for {edge}: {document} finds objects out of reach");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_unit_named_by_a_rotation_shows_no_related_objects() {
    on_both(async |app| {
        import_more(app).await;
        write_rotations(app).await;
        training::fill(app).await;
        let (all, a) = (app.all_seeing().await, district_a(app).await);
        let unit = format!("code name tier standardGap(asOf: \"2018-01-01\") {{ holders }} {HANGING}");
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
                "composition": {"total": 0}, "standardGap": {"holders": 0}, "rotationFlows": [],
                "quotas": {"nodes": [], "totalCount": {"value": 0}},
                "trainingProgress": {"planned": 0, "turns": 0, "persons": 0, "classes": 0},
            })
        };

        let (data, all_data) = (a.query(&document).await, all.query(&document).await);

        let mut b1u = closed("B1U", "UBND xã Tây MARK-UNIT");
        // B1U gave a part to A2U, and AD was merged into B1: both are within the reach of A.
        let own = a.query(r#"{ part: unit(by: {code: "A2U"}) { id } gone: unit(by: {code: "AD"}) { id } }"#).await;
        b1u["successors"] = json!([{ "unit": own["part"] }]);
        assert_eq!(data["left"]["nodes"], json!([{ "toUnit": b1u }]));
        let mut b1 = closed("B1", "Xã Tây MARK-UNIT");
        b1["predecessors"] = json!([{ "unit": own["gone"] }]);
        assert_eq!(data["placed"]["nodes"], json!([{ "preparingUnit": b1, "placement": {"unit": b1u} }]));
        let open = &all_data["left"]["nodes"][0]["toUnit"];
        for (pointer, empty) in [("/ancestors", json!([])), ("/cadres/nodes", json!([])), ("/rotationFlows", json!([]))] {
            assert_ne!(open.pointer(pointer), Some(&empty), "the control: {pointer} of {open:#}");
        }
        assert_ne!(open["composition"]["total"], 0, "the control");
        assert_ne!(open["standardGap"]["holders"], 0, "the control");
        assert_eq!(open["trainingProgress"]["turns"], 5, "the control");
        assert_eq!(open["quotas"]["totalCount"]["value"], 1, "the control");

        let duty = r#"{ rotations(where: {cadre: "M-01"}, first: 1) { nodes { toUnit {
            duty(code: "BD-B", year: 2018) { bound unnamedLearners } } } } }"#;
        let at = "/rotations/nodes/0/toUnit/duty";
        let (seen, there) = (a.query(duty).await, all.query(duty).await);
        assert_eq!(seen.pointer(at), Some(&json!({"bound": 0, "unnamedLearners": 0})));
        assert_ne!(there.pointer(&format!("{at}/bound")), Some(&json!(0)), "the control: {there}");
    })
    .await;
}
