//! The rule on the remaining service is checked only for callers that may read the person's identity. The access log
//! records that reading before the decision is written.

use entity::{access_entry, cadre, value::BirthDate};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use super::{WRITES, document, done, exchanged, proposed, refusal, with, with_key};
use crate::support::{Caller, TestApp, csv, on_both, rotation::day};

/// The scopes of a client that decides rotations to which the rule of remaining service applies.
pub(super) const DECIDES: [&str; 4] = ["cadre:read", "cadre.identity:read", "rotation:read", "rotation:write"];

/// A rotation of A-04 from the time when Decree 138 required 120 months of service of civil servants.
fn of_2025() -> Value {
    json!({
        "cadreCode": "A-04", "form": "ROTATION", "toUnitCode": "A1U", "toTitleCode": "CC", "startOn": "2025-06-01",
        "plannedEndOn": "2028-09-01", "preparingUnitCode": "P",
        "planning": { "documentNo": "05-QH/TEST", "validFrom": "2025-01-01" },
    })
}

fn decision(id: &str) -> Value {
    json!({ "rotationId": id, "decisionNo": "1", "decidedOn": "2025-05-15" })
}

async fn born(app: &TestApp, code: &str, on: &str) {
    let rows = cadre::Entity::update_many()
        .set(cadre::ActiveModel { birth_on: Set(Some(BirthDate::seal(day(on)))), ..Default::default() })
        .filter(cadre::Column::Code.eq(code))
        .exec(app.database.writer())
        .await
        .expect("written");
    assert_eq!(rows.rows_affected, 1);
}

async fn readings(app: &TestApp, by: &Caller<'_>) -> u64 {
    let client: entity::value::ClientId = by.id.parse().expect("an id");
    let of_client = access_entry::Entity::find().filter(access_entry::Column::ClientId.eq(client));
    of_client.count(app.database.reader()).await.expect("a count")
}

/// Sends a command that ends in an error, and returns its code and extensions.
async fn failure(caller: &Caller<'_>, command: &str, input: Value) -> Value {
    let mut answer = caller.ask(&document(command), json!({ "input": with_key(input) })).await;
    answer["errors"][0]["extensions"].take()
}

async fn check(caller: &Caller<'_>, id: &str) -> Value {
    let document = "query($id: ID!) { node(id: $id) { ... on Rotation { checks { rule result verified message } } } }";
    let data = caller.query_with(document, json!({ "id": id })).await;
    let checks = data["node"]["checks"].as_array().expect("checks");
    let of_service = |check: &&Value| check["rule"] == "rotation.min_remaining_service_months";
    checks.iter().find(of_service).expect("a check").clone()
}

#[actix_web::test]
async fn a_decision_that_depends_on_the_day_of_birth_reads_the_identity() {
    on_both(async |app| {
        let office = app.caller(&WRITES, &["P"]).await;
        let mut decides = app.caller(&DECIDES, &["P"]).await;
        let (refused, decided) = (proposed(&office, of_2025()).await, proposed(&office, of_2025()).await);
        exchanged(&office, &refused).await;
        exchanged(&office, &decided).await;

        let missing = failure(&office, "rotationDecide", decision(&refused)).await;
        assert_eq!(
            (&missing["code"], &missing["missingScopes"]),
            (&json!("FORBIDDEN"), &json!(["cadre.identity:read"]))
        );
        decides.purpose = None;
        assert_eq!(failure(&decides, "rotationDecide", decision(&refused)).await["code"], "PURPOSE_REQUIRED");
        assert_eq!(readings(app, &decides).await, 0);

        decides.purpose = Some("PERSONNEL");
        born(app, "A-04", "1970-01-01").await;
        let error = refusal(&decides, "rotationDecide", decision(&refused)).await;
        assert_eq!(error["check"], json!({ "rule": "rotation.min_remaining_service_months", "result": "FAIL" }));
        assert_eq!(readings(app, &decides).await, 1, "a refused decision is logged as well");
        born(app, "A-04", "1990-01-01").await;
        assert_eq!(done(&decides, "rotationDecide", decision(&decided)).await["state"], "DECIDED");
        assert_eq!(readings(app, &decides).await, 2);

        // An override makes the day of birth irrelevant, so that no reading is needed.
        let special = json!({
            "rotationId": refused, "rule": "rotation.min_remaining_service_months", "reason": "r", "grantedBy": "g",
            "grantedOn": "2025-05-01",
        });
        done(&office, "rotationOverride", special).await;
        done(&office, "rotationCancel", json!({ "rotationId": decided, "reason": "r" })).await;
        assert_eq!(done(&office, "rotationDecide", decision(&refused)).await["state"], "DECIDED");
        assert_eq!(readings(app, &office).await, 0);
    })
    .await;
}

#[actix_web::test]
async fn a_repeated_decision_logs_no_second_reading() {
    on_both(async |app| {
        let decides = app.caller(&DECIDES, &["P"]).await;
        let id = proposed(&decides, of_2025()).await;
        exchanged(&decides, &id).await;
        let input = with(decision(&id), json!({ "idempotencyKey": "same" }));
        done(&decides, "rotationDecide", input.clone()).await;
        assert_eq!(done(&decides, "rotationDecide", input).await["state"], "DECIDED");
        assert_eq!(readings(app, &decides).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn a_decision_is_not_written_if_its_reading_cannot_be_logged() {
    on_both(async |app| {
        let decides = app.caller(&DECIDES, &["P"]).await;
        let id = proposed(&decides, of_2025()).await;
        exchanged(&decides, &id).await;
        app.database.writer().execute_unprepared("DROP TABLE access_entry").await.expect("dropped");

        let answer = decides.ask(&document("rotationDecide"), json!({ "input": with_key(decision(&id)) })).await;

        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
        let state =
            decides.query_with("query($id: ID!) { node(id: $id) { ... on Rotation { state } } }", json!({ "id": id }));
        assert_eq!(state.await["node"]["state"], "EXCHANGED");
    })
    .await;
}

#[actix_web::test]
async fn a_decision_requires_custody_of_the_file() {
    on_both(async |app| {
        // A-04 moves to B1U between the exchange and the decision. A prepares the rotation and no longer has custody of
        // the file.
        let district = app.caller(&DECIDES, &["A"]).await;
        let id = proposed(&district, with(of_2025(), json!({ "preparingUnitCode": "A" }))).await;
        exchanged(&district, &id).await;
        assert_eq!(check(&district, &id).await["result"], "PASS", "the control");
        let posts =
            "UPDATE assignment SET end_on = '2026-05-01' WHERE cadre_id = (SELECT id FROM cadre WHERE code = 'A-04')";
        app.database.writer().execute_unprepared(posts).await.expect("written");
        let next = csv::assignments("cadre_code,unit_code,start_on", "A-04,B1U,2026-05-01\n");
        app.import_text(&[("assignments.csv", &next)]).await;
        let before = readings(app, &district).await;

        assert_eq!(refusal(&district, "rotationDecide", decision(&id)).await["code"], "FILE_OUT_OF_REACH");
        assert_eq!(check(&district, &id).await["result"], "INDETERMINATE");
        assert_eq!(readings(app, &district).await, before);
    })
    .await;
}

#[actix_web::test]
async fn a_check_that_depends_on_the_day_of_birth_is_logged_as_a_reading_of_identity() {
    on_both(async |app| {
        let office = app.caller(&WRITES, &["P"]).await;
        let mut reads = app.caller(&DECIDES, &["P"]).await;
        let id = proposed(&office, of_2025()).await;
        let none = proposed(&office, with(of_2025(), json!({ "startOn": "2025-09-01" }))).await;
        born(app, "A-04", "1990-01-01").await;

        let withheld = check(&office, &id).await;
        assert_eq!((&withheld["result"], &withheld["verified"]), (&json!("INDETERMINATE"), &json!(true)));
        let message = withheld["message"].as_str().expect("a sentence");
        assert!(message.contains("cadre.identity:read") && message.contains("X-Purpose"), "{message}");
        reads.purpose = None;
        assert_eq!(check(&reads, &id).await, withheld);
        assert_eq!(readings(app, &reads).await, 0);

        reads.purpose = Some("PERSONNEL");
        assert_eq!(check(&reads, &none).await["result"], "NOT_APPLICABLE");
        assert_eq!(readings(app, &reads).await, 0, "no rule is in force, so nothing is read");
        assert_eq!(check(&reads, &id).await["result"], "PASS");
        assert_eq!(readings(app, &reads).await, 1);
        born(app, "A-04", "1970-01-01").await;
        assert_eq!(check(&reads, &id).await["result"], "FAIL");
        assert_eq!((readings(app, &reads).await, readings(app, &office).await), (2, 0));
    })
    .await;
}
