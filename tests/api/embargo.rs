//! Until its decision is published, a rotation exists for the preparing unit's scope alone.
//!
//! An outsider asks the same questions before a rotation is prepared and at every stage up to its decision: the answers
//! are the same to the byte. The control: publication changes them.

use entity::{change, value::RotationId};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{Caller, TestApp, on_both};

/// What an outsider asks. `%id%` stands for the id of the rotation, which is not made yet when they are asked first.
const QUESTIONS: [&str; 40] = [
    r#"{ node(id: "%id%") { __typename id } }"#,
    r#"{ nodes(ids: ["%id%"]) { __typename ... on Rotation { state } } }"#,
    "{ rotations { totalCount { value isExact } nodes { id state version startOn } } }",
    "{ rotations(last: 100) { nodes { id } pageInfo { hasNextPage hasPreviousPage } } }",
    "{ rotations(orderBy: [{field: START, direction: ASC}]) { nodes { id cadre { code } } } }",
    "{ rotations(orderBy: [{field: END, direction: DESC}]) { nodes { id } totalCount(max: 1) { value isExact } } }",
    r#"{ rotations(where: {cadre: "A-04"}) { totalCount { value } nodes { id } } }"#,
    r#"{ rotations(where: {fromUnit: {code: "A2U"}}) { totalCount { value } nodes { id } } }"#,
    r#"{ rotations(where: {toUnit: {code: "A1U"}}) { totalCount { value } nodes { id } } }"#,
    r#"{ rotations(where: {unit: {code: "A"}}) { totalCount { value } nodes { id } } }"#,
    r#"{ rotations(where: {unit: {code: "A", hierarchy: PARTY}}) { totalCount { value } nodes { id } } }"#,
    r#"{ rotations(where: {preparingUnit: {code: "A"}}) { totalCount { value } nodes { id } } }"#,
    "{ rotations(where: {forms: [ROTATION]}) { totalCount { value } nodes { id } } }",
    "{ rotations(where: {forms: [TRANSFER, SECONDMENT]}) { totalCount { value } nodes { id } } }",
    "{ rotations(where: {directions: [LATERAL_LOCALITY]}) { totalCount { value } nodes { id } } }",
    "{ rotations(where: {directions: [DOWN, UP, LATERAL_AGENCY]}) { totalCount { value } nodes { id } } }",
    "{ rotations(where: {states: [DRAFT, POLICY_APPROVED, NOMINATED, PREPARED, EXCHANGED]}) { totalCount { value } } }",
    "{ rotations(where: {states: [DECIDED, CANCELLED, REVOKED]}) { totalCount { value } nodes { id } } }",
    "{ rotations(where: {states: [PUBLISHED, IN_PROGRESS, EXTENDED]}) { totalCount { value } nodes { id } } }",
    "{ rotations(where: {purposes: [DEVELOPMENT]}) { totalCount { value } nodes { id } } }",
    r#"{ rotations(where: {startFrom: "2026-01-01"}) { totalCount { value } nodes { id } } }"#,
    r#"{ rotations(where: {startBefore: "2027-01-01"}) { totalCount { value } nodes { id } } }"#,
    r#"{ rotations(where: {runningOn: "2026-06-01"}) { totalCount { value } nodes { id } } }"#,
    r#"{ rotations(where: {endFrom: "2026-01-01", endBefore: "2035-01-01"}) { totalCount { value } nodes { id } } }"#,
    "{ rotations(where: {placementMissing: true}) { totalCount { value } nodes { id } } }",
    "{ rotations(where: {placementMissing: false}) { totalCount { value } nodes { id } } }",
    r#"{ cadre(by: {code: "A-04"}) { code unit { code } title { code } rotations { id state } } }"#,
    r#"{ cadre(by: {code: "A-04"}, asOf: "2027-01-01") { unit { code } rotations { id state } } }"#,
    r#"{ cadre(by: {code: "A-04"}) { assignments { unit { code } title { code } startOn endOn } } }"#,
    "{ cadres(first: 100) { nodes { code rotations { id } } totalCount { value } } }",
    r#"{ unit(by: {code: "A2U"}) { cadres { nodes { code rotations { id direction } } } } }"#,
    r#"{ unit(by: {code: "A1U"}, asOf: "2027-01-01") { cadres { nodes { code } totalCount { value } } } }"#,
    r#"{ unit(by: {code: "A"}) { rotationFlows(from: "2026-01-01", before: "2027-01-01") { direction rotations persons } } }"#,
    r#"{ unit(by: {code: "A2"}) { rotationFlows(from: "2000-01-01", before: "2030-01-01", forms: [ROTATION, TRANSFER,
       SECONDMENT]) { direction fromTier toTier rotations persons } } }"#,
    r#"{ unit(by: {code: "A1U"}) { rotationFlows(from: "2026-07-01", before: "2026-07-02") { rotations } } }"#,
    r#"mutation { rotationDecide(input: {idempotencyKey: "k1", rotationId: "%id%", decisionNo: "1", decidedOn: "2026-06-01"})
       { rotation { id } userErrors { code message field } } }"#,
    r#"mutation { rotationPublish(input: {idempotencyKey: "k2", rotationId: "%id%"})
       { rotation { id } userErrors { code message field } } }"#,
    r#"mutation { rotationCancel(input: {idempotencyKey: "k3", rotationId: "%id%", expectedVersion: 1, reason: "x"})
       { rotation { id } userErrors { code message field } } }"#,
    r#"mutation { rotationEnd(input: {idempotencyKey: "k4", rotationId: "%id%", endOn: "2026-05-01", reason: OTHER})
       { rotation { id } userErrors { code message field } } }"#,
    r#"mutation { rotationPropose(input: {idempotencyKey: "k5", cadreCode: "A-04", form: ROTATION, toUnitCode: "A2U",
       toTitleCode: "CC", startOn: "2026-07-01", preparingUnitCode: "A"})
       { rotation { id } userErrors { code message field } } }"#,
];

const READ: [&str; 2] = ["cadre:read", "rotation:read"];
pub const WRITE: [&str; 3] = ["cadre:read", "rotation:read", "rotation:write"];

/// All answers of a caller, with an id in the place of the rotation's.
async fn answers(caller: &Caller<'_>, id: &str) -> Vec<String> {
    let mut answers = Vec::new();
    for question in QUESTIONS {
        answers.push(caller.raw(&question.replace("%id%", id), json!({})).await);
    }
    answers
}

/// Takes a step that must succeed, and gives the rotation.
pub async fn act(caller: &Caller<'_>, name: &str, input: &str) -> Value {
    static KEYS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let key = KEYS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let document = format!(
        "mutation {{ {name}(input: {{idempotencyKey: \"{key}\", {input}}}) \
         {{ rotation {{ id state }} userErrors {{ code message field }} }} }}"
    );
    let mut data = caller.query(&document).await;
    assert_eq!(data[name]["userErrors"], json!([]), "{document}");
    data[name]["rotation"].take()
}

/// Proposes a rotation of A-04 from A2U to A1U, prepared by the province.
pub async fn propose(caller: &Caller<'_>) -> String {
    let input = r#"cadreCode: "A-04", form: ROTATION, purpose: DEVELOPMENT, toUnitCode: "A1U", toTitleCode: "CC",
        startOn: "2026-07-01", plannedEndOn: "2029-07-01", preparingUnitCode: "P",
        planning: {documentNo: "1-QH", validFrom: "2025-01-01"}"#;
    act(caller, "rotationPropose", input).await["id"].as_str().expect("an id").to_owned()
}

pub async fn advance(caller: &Caller<'_>, id: &str, step: &str) {
    act(caller, "rotationAdvance", &format!("rotationId: \"{id}\", step: {step}, on: \"2026-06-01\"")).await;
}

pub async fn decide(caller: &Caller<'_>, id: &str) {
    let input = format!("rotationId: \"{id}\", decisionNo: \"7-QĐ\", decidedOn: \"2026-06-01\"");
    act(caller, "rotationDecide", &input).await;
}

async fn public_changes(app: &TestApp) -> u64 {
    let public = change::Entity::find().filter(change::Column::AudienceId.is_null());
    public.count(app.database.reader()).await.expect("a count")
}

#[actix_web::test]
async fn an_outsider_cannot_tell_that_a_rotation_is_prepared() {
    on_both(async |app| {
        let office = app.caller(&WRITE, &["P"]).await;
        let outsider = app.caller(&WRITE, &["A"]).await;
        let before = answers(&outsider, &RotationId::new().to_string()).await;
        for (question, answer) in QUESTIONS.iter().zip(&before) {
            assert!(!answer.contains("\"errors\""), "every question is one: {question} {answer}");
        }
        let told = public_changes(app).await;

        let id = propose(&office).await;
        assert_eq!(answers(&outsider, &id).await, before, "proposed");
        for step in ["POLICY", "NOMINATION", "PREPARATION", "EXCHANGE"] {
            advance(&office, &id, step).await;
            assert_eq!(answers(&outsider, &id).await, before, "{step}");
        }
        decide(&office, &id).await;
        assert_eq!(answers(&outsider, &id).await, before, "decided");
        assert_eq!(public_changes(app).await, told, "the change log tells nobody else");
        let known = office.query(&format!("{{ node(id: \"{id}\") {{ ... on Rotation {{ state }} }} }}")).await;
        assert_eq!(known["node"]["state"], "DECIDED", "the control: the preparing unit's scope knows of it");

        act(&office, "rotationPublish", &format!("rotationId: \"{id}\"")).await;
        let after = answers(&outsider, &id).await;
        let changed = after.iter().zip(&before).filter(|(after, before)| after != before).count();
        assert!(changed >= 20, "the control: publication changes the answers, not only {changed}");
        assert!(public_changes(app).await > told, "the control: the change log tells of it");
    })
    .await;
}

#[actix_web::test]
async fn what_is_given_up_is_never_told() {
    on_both(async |app| {
        let office = app.caller(&WRITE, &["P"]).await;
        let outsider = app.caller(&WRITE, &["A"]).await;
        let before = answers(&outsider, &RotationId::new().to_string()).await;

        let cancelled = propose(&office).await;
        act(&office, "rotationCancel", &format!("rotationId: \"{cancelled}\", reason: \"x\"")).await;
        assert_eq!(answers(&outsider, &cancelled).await, before, "cancelled");

        let revoked = propose(&office).await;
        for step in ["POLICY", "NOMINATION", "PREPARATION", "EXCHANGE"] {
            advance(&office, &revoked, step).await;
        }
        decide(&office, &revoked).await;
        act(&office, "rotationCancel", &format!("rotationId: \"{revoked}\", reason: \"x\"")).await;
        assert_eq!(answers(&outsider, &revoked).await, before, "revoked");

        let known = office.query("{ rotations(where: {states: [CANCELLED, REVOKED]}) { totalCount { value } } }").await;
        assert_eq!(known["rotations"]["totalCount"]["value"], 2, "the control: the preparing unit's scope knows");
    })
    .await;
}

/// An outsider's own rotation of the same person meets no trace of the other one until that is published.
#[actix_web::test]
async fn two_offices_that_prepare_for_one_person_learn_of_each_other_by_publication() {
    on_both(async |app| {
        let office = app.caller(&WRITE, &["P"]).await;
        let outsider = app.caller(&WRITE, &["A"]).await;
        let hidden = propose(&office).await;
        for step in ["POLICY", "NOMINATION", "PREPARATION", "EXCHANGE"] {
            advance(&office, &hidden, step).await;
        }
        decide(&office, &hidden).await;

        let input = r#"cadreCode: "A-04", form: ROTATION, purpose: DEVELOPMENT, toUnitCode: "A1U", toTitleCode: "CC",
            startOn: "2026-08-01", plannedEndOn: "2029-08-01", preparingUnitCode: "A",
            planning: {documentNo: "2-QH", validFrom: "2025-01-01"}"#;
        let own = act(&outsider, "rotationPropose", input).await["id"].as_str().expect("an id").to_owned();
        for step in ["POLICY", "NOMINATION", "PREPARATION", "EXCHANGE"] {
            advance(&outsider, &own, step).await;
        }
        decide(&outsider, &own).await;
        act(&outsider, "rotationPublish", &format!("rotationId: \"{own}\"")).await;

        let second = format!(
            "mutation {{ rotationPublish(input: {{idempotencyKey: \"second\", rotationId: \"{hidden}\"}}) \
             {{ rotation {{ id }} userErrors {{ code }} }} }}"
        );
        let refused = office.query(&second).await;
        assert_eq!(refused["rotationPublish"]["userErrors"][0]["code"], "ALREADY_PUBLISHED", "{refused}");
    })
    .await;
}

/// What was published once is never taken out of sight again; it only no longer counts.
#[actix_web::test]
async fn a_decision_that_is_revoked_after_its_publication_stays_known() {
    on_both(async |app| {
        let office = app.caller(&WRITE, &["P"]).await;
        let outsider = app.caller(&READ, &["A"]).await;
        let id = propose(&office).await;
        for step in ["POLICY", "NOMINATION", "PREPARATION", "EXCHANGE"] {
            advance(&office, &id, step).await;
        }
        decide(&office, &id).await;
        act(&office, "rotationPublish", &format!("rotationId: \"{id}\"")).await;
        let flows =
            r#"{ unit(by: {code: "A"}) { rotationFlows(from: "2026-07-01", before: "2026-07-02") { rotations } } }"#;
        let counted = outsider.query(flows).await;
        assert_eq!(counted["unit"]["rotationFlows"], json!([{ "rotations": 1 }]), "the control");

        act(&office, "rotationCancel", &format!("rotationId: \"{id}\", reason: \"x\"")).await;

        let known = outsider.query(&format!("{{ node(id: \"{id}\") {{ ... on Rotation {{ state }} }} }}")).await;
        assert_eq!(known["node"]["state"], "REVOKED");
        assert_eq!(outsider.query(flows).await["unit"]["rotationFlows"], json!([]));
    })
    .await;
}

/// Reach over the preparing unit is what counts, not over the units of the rotation.
#[actix_web::test]
async fn the_preparing_units_scope_alone_knows() {
    on_both(async |app| {
        let office = app.caller(&WRITE, &["P"]).await;
        let id = propose(&office).await;
        let document = format!("{{ node(id: \"{id}\") {{ id }} }}");
        for (root, knows) in [("W", true), ("P", true), ("A", false), ("A2U", false), ("A1U", false), ("B", false)] {
            let caller = app.caller(&READ, &[root]).await;
            let node = caller.query(&document).await["node"].take();
            assert_eq!(!node.is_null(), knows, "{root}");
        }
    })
    .await;
}
