//! Acts on rotations: the road from proposal to placement, what is refused on it, that each act happens once, and that no
//! race gives a person two rotations or two primary posts. What follows from a day of birth is in `inference` and `service`.

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

/// The scopes of who prepares rotations.
const WRITES: [&str; 3] = ["cadre:read", "rotation:read", "rotation:write"];

/// The acts of the procedure up to the exchange.
const STEPS: [&str; 4] = ["POLICY", "NOMINATION", "PREPARATION", "EXCHANGE"];

/// Who prepares rotations of the whole province.
async fn office(app: &TestApp) -> Caller<'_> {
    app.caller(&WRITES, &["P"]).await
}

/// A document that does one act and asks for what came of it.
fn document(act: &str) -> String {
    let input = format!("{}{}Input", act[..1].to_uppercase(), &act[1..]);
    format!(
        "mutation($input: {input}!) {{ done: {act}(input: $input) {{
            rotation {{ id state version }}
            userErrors {{ __typename code message field
                ... on StepError {{ state due }} ... on ConflictError {{ currentVersion }}
                ... on RuleError {{ check {{ rule result }} }} }}
        }} }}"
    )
}

/// The input with a key of its own, unless it has one.
fn keyed(mut input: Value) -> Value {
    if input.get("idempotencyKey").is_none() {
        input["idempotencyKey"] = json!(Uuid::now_v7().to_string());
    }
    input
}

/// Does an act and gives its payload.
async fn payload(caller: &Caller<'_>, act: &str, input: Value) -> Value {
    caller.query_with(&document(act), json!({ "input": keyed(input) })).await["done"].take()
}

/// Does an act that must be done, and gives the rotation.
async fn done(caller: &Caller<'_>, act: &str, input: Value) -> Value {
    let mut payload = payload(caller, act, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{act}");
    payload["rotation"].take()
}

/// Does an act that must be refused once, and gives the error.
async fn refusal(caller: &Caller<'_>, act: &str, input: Value) -> Value {
    let mut payload = payload(caller, act, input.clone()).await;
    assert_eq!(payload["rotation"], Value::Null, "{act} {input}");
    assert_eq!(payload["userErrors"].as_array().map(Vec::len), Some(1), "{act} {input}: {payload:#}");
    payload["userErrors"][0].take()
}

/// A transfer of A-04 from A2U to A1U, which no rule of law speaks of.
fn transfer() -> Value {
    json!({
        "cadreCode": "A-04", "form": "TRANSFER", "toUnitCode": "A1U", "toTitleCode": "CC",
        "startOn": "2025-09-01", "plannedEndOn": "2028-09-01", "preparingUnitCode": "P",
    })
}

/// An input with some of its fields given otherwise.
fn with(mut input: Value, mut other: Value) -> Value {
    let fields = input.as_object_mut().expect("an object");
    fields.append(other.as_object_mut().expect("an object"));
    input
}

/// Proposes and gives the id.
async fn proposed(caller: &Caller<'_>, input: Value) -> String {
    done(caller, "rotationPropose", input).await["id"].as_str().expect("an id").to_owned()
}

/// Takes a proposal on to the exchange.
async fn exchanged(caller: &Caller<'_>, id: &str) {
    for step in STEPS {
        done(caller, "rotationAdvance", json!({ "rotationId": id, "step": step, "on": "2025-08-01" })).await;
    }
}

/// Takes a proposal on until it is published.
async fn published(caller: &Caller<'_>, id: &str) {
    exchanged(caller, id).await;
    let decision = json!({ "rotationId": id, "decisionNo": "10/QĐ-TEST", "decidedOn": "2025-08-15" });
    done(caller, "rotationDecide", decision).await;
    done(caller, "rotationPublish", json!({ "rotationId": id, "publishedOn": "2025-08-20" })).await;
}

/// Proposes a rotation and takes it on until it runs.
async fn running(caller: &Caller<'_>, input: Value) -> String {
    let id = proposed(caller, input).await;
    published(caller, &id).await;
    done(caller, "rotationStart", json!({ "rotationId": id })).await;
    id
}

/// A person's posts, newest first: unit, title, first day, first day no longer, whether it is the primary one.
async fn posts(caller: &Caller<'_>, code: &str) -> Value {
    let document = "query($code: String!) { cadre(by: {code: $code}) {
        assignments { unit { code } title { code } startOn endOn isPrimary } } }";
    let seen = caller.query_with(document, json!({ "code": code })).await;
    let posts = seen["cadre"]["assignments"].as_array().cloned().expect("posts");
    let post = |post: &Value| {
        json!([post["unit"]["code"], post["title"]["code"], post["startOn"], post["endOn"], post["isPrimary"]])
    };
    posts.iter().map(post).collect()
}
