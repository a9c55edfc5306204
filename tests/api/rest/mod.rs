//! The REST API: each route is one document of the engine, so its values are those of `/graphql`. These tests cover
//! parameters, pages, problems and headers.

mod changes;
mod command;
mod docs;
mod openapi;
mod problem;
mod read;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::{Caller, TestApp};

/// A response: status, headers and JSON.
struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("text");
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        Self { status, headers, body }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value of a success.
    fn ok(self, of: &str) -> Value {
        assert_eq!(self.status, 200, "{of}: {:#}", self.body);
        self.body
    }

    /// Status and code of a problem, after checking that all members are present.
    fn problem(&self) -> (u16, &str) {
        let code = self.body["code"].as_str().unwrap_or_default();
        assert_eq!(self.header("content-type"), "application/problem+json", "{:#}", self.body);
        assert_eq!(self.header("cache-control"), "no-store", "{:#}", self.body);
        assert_eq!(self.body["status"], self.status, "{:#}", self.body);
        assert_eq!(self.body["requestId"], self.header("x-request-id"), "{:#}", self.body);
        assert!(self.body["type"].as_str().is_some_and(|url| url.ends_with(&format!("/problems#{code}"))));
        for text in ["title", "detail"] {
            assert!(self.body[text].as_str().is_some_and(|text| text.contains(' ')), "{text}: {:#}", self.body);
        }
        (self.status, code)
    }
}

/// A request of a caller, in English and with the purpose of the caller.
fn request(app: &TestApp, caller: &Caller<'_>, method: Method, path: &str) -> RequestBuilder {
    let request = app.http().request(method, format!("{}{path}", app.url));
    let request = request.bearer_auth(&caller.token).header("Accept-Language", "en");
    caller.purpose.into_iter().fold(request, |request, purpose| request.header("X-Purpose", purpose))
}

async fn get(app: &TestApp, caller: &Caller<'_>, path: &str) -> Answer {
    Answer::of(request(app, caller, Method::GET, path).send().await.expect("an answer")).await
}

/// A command with a key.
async fn post(app: &TestApp, caller: &Caller<'_>, path: &str, key: &str, body: &Value) -> Answer {
    let request = request(app, caller, Method::POST, path).header("Idempotency-Key", key).json(body);
    Answer::of(request.send().await.expect("an answer")).await
}

/// The routes of the service: method and path.
async fn routes(app: &TestApp) -> Vec<(String, String)> {
    let response = app.http().get(format!("{}/v1", app.url)).send().await.expect("an answer");
    let index: Value = response.json().await.expect("JSON");
    let routes = index["routes"].as_array().expect("routes").iter();
    let text = |route: &Value, name: &str| route[name].as_str().expect(name).to_owned();
    let routes: Vec<_> = routes.map(|route| (text(route, "method"), text(route, "path"))).collect();
    assert!(routes.len() > 60, "{routes:?}");
    routes
}

/// A path with the codes and ids of objects that the all-seeing caller can read.
async fn filled(app: &TestApp, caller: &Caller<'_>, path: &str) -> String {
    let mut path = path.to_owned();
    for (name, code) in [
        ("unit", "A1"),
        ("cadre", "A-02"),
        ("plan", "KH-P"),
        ("class", "LOP-P1"),
        ("duty", "BD-B"),
        ("document", "VB-A"),
    ] {
        path = path.replace(&format!("{{{name}Code}}"), code);
    }
    for (name, list) in [("rotation", "rotations"), ("quota", "quotas"), ("enrolment", "enrolments")] {
        let segment = format!("{{{name}Id}}");
        if path.contains(&segment) {
            let data = caller.query(&format!("{{ {list} {{ nodes {{ id }} }} }}")).await;
            path = path.replace(&segment, data[list]["nodes"][0]["id"].as_str().expect("an id"));
        }
    }
    if path.contains("{clientId}") {
        let administered = app.caller(&["clients:admin"], &["A1"]).await;
        path = path.replace("{clientId}", &administered.id);
    }
    path
}

/// The query that a path requires.
fn required(path: &str) -> &'static str {
    match path.rsplit('/').next() {
        Some("composition") => "?subject=PROFESSIONAL",
        Some("training-progress") => "?year=2025",
        Some("appraisals") if path.contains("/units/") => "?system=STATE&year=2015",
        Some("appraisals") => "?year=2015",
        Some("study-record") => "?year=2015",
        Some("good-years") => "?system=STATE",
        Some("duties" | "{dutyCode}") => "?year=2015",
        Some("rotation-flows") => "?from=2000-01-01&before=2026-01-01",
        _ => "",
    }
}

/// A transfer of A-04 from A2U to A1U, to which no legal rule applies.
fn transfer() -> Value {
    json!({
        "cadreCode": "A-04", "form": "TRANSFER", "toUnitCode": "A1U", "toTitleCode": "CC",
        "startOn": "2025-09-01", "plannedEndOn": "2028-09-01", "preparingUnitCode": "P",
    })
}
