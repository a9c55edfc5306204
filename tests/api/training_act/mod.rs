//! Commands on training: effects, refusals and their numbers, idempotency, and races for seats.

mod class;
mod enrolment;
mod enrolment_refused;
mod history;
mod persons;
mod plan;
mod quota;
mod quota_refused;
mod race;
mod race_for_seats;
mod session;

use reqwest::header::{ACCEPT_LANGUAGE, HeaderValue};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Caller, TestApp, sdl};

/// The scopes of a client with all rights on training.
const WRITES: [&str; 5] = ["cadre:read", "training:read", "training:write", "quota:read", "quota:allocate"];

/// The fields of a quota that are requested after a command.
const QUOTA: &str = "id state seats allocated used remaining mode version unit { code } parent { id }";

/// The fields of a class that are requested after a command.
const CLASS: &str = "code state capacity enrolled startOn lastOn sessions version";

/// The fields of an enrolment that are requested after a command.
const ENROLMENT: &str = "id state grade year remark version sendingUnit { code } class { code enrolled }";

/// The fields of a duty that are requested after a command.
const DUTY: &str = "code name issuer { code } categories keyLeadersOnly measure amount normPercent programmes { code } \
    validFrom validTo legalBasis verified";

/// A client with all rights on the training of the whole province.
async fn office(app: &TestApp) -> Caller<'_> {
    app.caller(&WRITES, &["P"]).await
}

/// The selection of the object of a command.
fn selection(command: &str) -> String {
    match command {
        "quotaAllocate" => format!("quota {{ {QUOTA} }} child {{ {QUOTA} }}"),
        "classEnrol" => format!("enrolment {{ {ENROLMENT} }} warnings {{ code message }}"),
        command if command.starts_with("quota") => format!("quota {{ {QUOTA} }}"),
        command if command.starts_with("class") => format!("class {{ {CLASS} }}"),
        command if command.starts_with("enrolment") => format!("enrolment {{ {ENROLMENT} }}"),
        "dutyIssue" | "dutyEnd" => format!("duty {{ {DUTY} }}"),
        "dutyExempt" | "dutyExemptionEnd" => "cadre { code }".to_owned(),
        _ => "plan { id code state version documentNo }".to_owned(),
    }
}

/// A document with one command that selects its payload.
pub fn document(command: &str) -> String {
    let input = format!("{}{}Input", command[..1].to_uppercase(), &command[1..]);
    format!(
        "mutation($input: {input}!) {{ done: {command}(input: $input) {{
            {}
            userErrors {{ __typename code message field
                ... on StepError {{ state due }} ... on ConflictError {{ currentVersion }}
                ... on SeatsError {{ seats allocated used remaining }} }}
        }} }}",
        selection(command)
    )
}

/// The input with a new key, unless it has one.
pub fn with_key(mut input: Value) -> Value {
    if input.get("idempotencyKey").is_none() {
        input["idempotencyKey"] = json!(Uuid::now_v7().to_string());
    }
    input
}

/// Sends a command and returns its payload.
pub async fn payload(caller: &Caller<'_>, command: &str, input: Value) -> Value {
    caller.query_with(&document(command), json!({ "input": with_key(input) })).await["done"].take()
}

/// Sends a command that must succeed, and returns its payload.
pub async fn done(caller: &Caller<'_>, command: &str, input: Value) -> Value {
    let payload = payload(caller, command, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{command}");
    payload
}

/// Sends a command that must be refused with one error, and returns the error. Every refusal of these tests is checked
/// in both languages.
pub async fn refusal(caller: &Caller<'_>, command: &str, input: Value) -> Value {
    let mut payload = payload(caller, command, input.clone()).await;
    ensure_same_in_both_languages(caller, command, &input, &payload["userErrors"][0]).await;
    let selection = payload.as_object().expect("a payload").iter().filter(|(name, _)| *name != "userErrors");
    assert!(
        selection.clone().all(|(_, object)| object.is_null() || *object == json!([])),
        "{command} {input}: {payload:#}"
    );
    assert_eq!(payload["userErrors"].as_array().map(Vec::len), Some(1), "{command} {input}: {payload:#}");
    payload["userErrors"][0].take()
}

/// Checks that a refusal names a field of the input, and that both languages contain the same state, numbers, days and
/// advice.
async fn ensure_same_in_both_languages(caller: &Caller<'_>, command: &str, input: &Value, refused: &Value) {
    let field = refused["field"][1].as_str().expect("a field");
    let coordinate = format!("{}{}Input.{field}", command[..1].to_uppercase(), &command[1..]);
    assert!(sdl::coordinates().contains(&coordinate), "{command} has no field {field}");

    let body = json!({ "query": document(command), "variables": { "input": with_key(input.clone()) } });
    let vietnamese = [(ACCEPT_LANGUAGE, HeaderValue::from_static("vi"))].into_iter().collect();
    let answer = caller.post(&body).headers(vietnamese).send().await.expect("an answer");
    let answer: Value = answer.json().await.expect("JSON");
    let of = |error: &Value| error["message"].as_str().expect("a message").to_owned();
    let (en, vi) = (of(refused), of(&answer["data"]["done"]["userErrors"][0]));
    let numbers = |message: &str| {
        let mut runs: Vec<_> =
            message.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).map(str::to_owned).collect();
        runs.sort();
        runs
    };
    assert_eq!(numbers(&en), numbers(&vi), "{command}: {en} / {vi}");
    assert_ne!(en, vi, "{command}");
    assert!(en.is_ascii() && !vi.is_ascii(), "{command}: {en} / {vi}");
    assert!(en.contains("; ") || en.contains(", so "), "the advice: {en}");
    assert!(["; hãy ", ", hãy ", "bước được phép tiếp theo"].iter().any(|way| vi.contains(way)), "the advice: {vi}");
    for field in ["state", "currentVersion", "seats", "used"] {
        let Some(named) = refused.get(field).filter(|named| !named.is_null()) else { continue };
        let named = named.as_str().map_or_else(|| named.to_string(), str::to_owned);
        assert!(en.contains(&named) && vi.contains(&named), "{field} of {command}: {en} / {vi}");
    }
}

/// An input with some fields replaced.
pub fn with(mut input: Value, mut other: Value) -> Value {
    let fields = input.as_object_mut().expect("an object");
    fields.append(other.as_object_mut().expect("an object"));
    input
}

/// A quota of the plan of district A for the district itself.
fn quota(seats: i32) -> Value {
    json!({
        "planCode": "KH-A", "unitCode": "A", "programmeCode": "TAT_CA", "measure": "TURNS", "seats": seats,
    })
}

/// Issues a quota and returns its id.
async fn issued(caller: &Caller<'_>, input: Value) -> String {
    done(caller, "quotaIssue", input).await["quota"]["id"].as_str().expect("an id").to_owned()
}

/// Allocates seats and returns the id of the unit's quota.
async fn allocated_quota(caller: &Caller<'_>, from: &str, unit: &str, seats: i32) -> String {
    let input = json!({ "quotaId": from, "unitCode": unit, "seats": seats });
    done(caller, "quotaAllocate", input).await["child"]["id"].as_str().expect("an id").to_owned()
}

/// The numbers of a quota: seats, allocated, used, remaining, version.
fn numbers(quota: &Value) -> [i64; 5] {
    ["seats", "allocated", "used", "remaining", "version"].map(|name| quota[name].as_i64().expect(name))
}

/// The current numbers of a quota.
async fn quota_numbers(caller: &Caller<'_>, id: &str) -> [i64; 5] {
    let document = format!("query($id: ID!) {{ node(id: $id) {{ ... on Quota {{ {QUOTA} }} }} }}");
    numbers(&caller.query_with(&document, json!({ "id": id })).await["node"])
}

/// The numbers of a refusal for seats: seats, allocated, used, remaining.
fn seats(refusal: &Value) -> [i64; 4] {
    ["seats", "allocated", "used", "remaining"].map(|name| refusal[name].as_i64().expect(name))
}

/// A class of the district from 8 to 12 June, a week in the future.
fn class(code: &str) -> Value {
    json!({
        "code": code, "programmeCode": "CMNV", "organiserUnitCode": "A", "category": "WORKSHOP", "mode": "FULL_TIME",
        "startOn": "2026-06-08", "lastOn": "2026-06-12",
    })
}

/// Plans a class and advances it through states.
async fn planned_class(caller: &Caller<'_>, input: Value, states: &[&str]) {
    let code = input["code"].clone();
    done(caller, "classPlan", input).await;
    for state in states {
        done(caller, "classAdvance", json!({ "classCode": code, "to": state })).await;
    }
}

/// Enrols a person and returns the enrolment.
async fn enrolled(caller: &Caller<'_>, class: &str, cadre: &str, other: Value) -> Value {
    let input = with(json!({ "classCode": class, "cadreCode": cadre }), other);
    done(caller, "classEnrol", input).await["enrolment"].take()
}

/// The current state of a class.
async fn current_class(caller: &Caller<'_>, code: &str) -> Value {
    let document = format!("query($code: String!) {{ trainingClass(by: {{code: $code}}) {{ {CLASS} }} }}");
    caller.query_with(&document, json!({ "code": code })).await["trainingClass"].take()
}
