//! Commands on rotations: the procedure from proposal to placement, refusals, idempotency, and races for rotations and
//! primary posts. `inference` and `service` test the use of the day of birth.

mod ending;
mod idempotency;
mod inference;
mod lifecycle;
mod race;
mod refused;
mod service;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Caller, TestApp};

/// The scopes of a client that prepares rotations.
const WRITES: [&str; 3] = ["cadre:read", "rotation:read", "rotation:write"];

/// The steps of the procedure up to the exchange.
const STEPS: [&str; 4] = ["POLICY", "NOMINATION", "PREPARATION", "EXCHANGE"];

/// A client that prepares rotations of the whole province.
async fn office(app: &TestApp) -> Caller<'_> {
    app.caller(&WRITES, &["P"]).await
}

/// A document with one command that selects its payload.
fn document(command: &str) -> String {
    let input = format!("{}{}Input", command[..1].to_uppercase(), &command[1..]);
    format!(
        "mutation($input: {input}!) {{ done: {command}(input: $input) {{
            rotation {{ id state version }}
            userErrors {{ __typename code message field
                ... on StepError {{ state due }} ... on ConflictError {{ currentVersion }}
                ... on RuleError {{ check {{ rule result }} }} }}
        }} }}"
    )
}

/// The input with a new key, unless it has one.
fn with_key(mut input: Value) -> Value {
    if input.get("idempotencyKey").is_none() {
        input["idempotencyKey"] = json!(Uuid::now_v7().to_string());
    }
    input
}

/// Sends a command and returns its payload.
async fn payload(caller: &Caller<'_>, command: &str, input: Value) -> Value {
    caller.query_with(&document(command), json!({ "input": with_key(input) })).await["done"].take()
}

/// Sends a command that must succeed, and returns the rotation.
async fn done(caller: &Caller<'_>, command: &str, input: Value) -> Value {
    let mut payload = payload(caller, command, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{command}");
    payload["rotation"].take()
}

/// Sends a command that must be refused with one error, and returns the error.
async fn refusal(caller: &Caller<'_>, command: &str, input: Value) -> Value {
    let mut payload = payload(caller, command, input.clone()).await;
    assert_eq!(payload["rotation"], Value::Null, "{command} {input}");
    assert_eq!(payload["userErrors"].as_array().map(Vec::len), Some(1), "{command} {input}: {payload:#}");
    payload["userErrors"][0].take()
}

/// A transfer of A-04 from A2U to A1U, to which no legal rule applies.
fn transfer() -> Value {
    json!({
        "cadreCode": "A-04", "form": "TRANSFER", "toUnitCode": "A1U", "toTitleCode": "CC",
        "startOn": "2025-09-01", "plannedEndOn": "2028-09-01", "preparingUnitCode": "P",
    })
}

/// An input with some fields replaced.
fn with(mut input: Value, mut other: Value) -> Value {
    let fields = input.as_object_mut().expect("an object");
    fields.append(other.as_object_mut().expect("an object"));
    input
}

/// Proposes a rotation and returns its id.
async fn proposed(caller: &Caller<'_>, input: Value) -> String {
    done(caller, "rotationPropose", input).await["id"].as_str().expect("an id").to_owned()
}

/// Takes a proposal to the exchange.
async fn exchanged(caller: &Caller<'_>, id: &str) {
    for step in STEPS {
        done(caller, "rotationAdvance", json!({ "rotationId": id, "step": step, "on": "2025-08-01" })).await;
    }
}

/// Takes a proposal to its publication.
async fn published(caller: &Caller<'_>, id: &str) {
    exchanged(caller, id).await;
    let decision = json!({ "rotationId": id, "decisionNo": "10/QĐ-TEST", "decidedOn": "2025-08-15" });
    done(caller, "rotationDecide", decision).await;
    done(caller, "rotationPublish", json!({ "rotationId": id, "publishedOn": "2025-08-20" })).await;
}

/// Proposes a rotation and takes it to its start.
async fn running(caller: &Caller<'_>, input: Value) -> String {
    let id = proposed(caller, input).await;
    published(caller, &id).await;
    done(caller, "rotationStart", json!({ "rotationId": id })).await;
    id
}

/// A person's posts, newest first: unit, title, first day, end (exclusive), whether it is the primary one.
async fn posts(caller: &Caller<'_>, code: &str) -> Value {
    let document = "query($code: String!) { cadre(by: {code: $code}) {
        assignments { unit { code } title { code } startOn endOn isPrimary } } }";
    let data = caller.query_with(document, json!({ "code": code })).await;
    let posts = data["cadre"]["assignments"].as_array().cloned().expect("posts");
    let post = |post: &Value| {
        json!([post["unit"]["code"], post["title"]["code"], post["startOn"], post["endOn"], post["isPrimary"]])
    };
    posts.iter().map(post).collect()
}
