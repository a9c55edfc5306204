//! Apollo Client 3 and 4 with persisted queries (`tests/apollo`), run by Node against a server.

use std::process::Command;

use cadre_api::{
    domain::client::document::{self, Document},
    graphql::document_check::DocumentCheck,
};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::{
    persisted::restrict,
    support::{Caller, Kind, TestApp, clock, npm, poll},
};

const FILES: [(&str, &str); 4] = [
    ("package.json", include_str!("../apollo/package.json")),
    ("package-lock.json", include_str!("../apollo/package-lock.json")),
    ("run.mjs", include_str!("../apollo/run.mjs")),
    ("cache.mjs", include_str!("../apollo/cache.mjs")),
];

const GUIDE: &str = include_str!("../../docs/api.md");

/// The results that a script prints, one line for each client.
async fn run(script: &'static str, environment: Vec<(&'static str, String)>) -> Vec<Value> {
    let run = move || {
        let folder = npm::installed("apollo", &FILES);
        let output = Command::new("node").arg(script).envs(environment).current_dir(folder).output();
        let output = output.unwrap_or_else(|error| panic!("this test needs node (Debian: nodejs): {error}"));
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
        printed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    spawn_blocking(run).await.expect("the runner does not panic")
}

fn server(app: &TestApp, caller: &Caller<'_>) -> Vec<(&'static str, String)> {
    vec![("URL", format!("{}/graphql", app.url)), ("TOKEN", caller.token.clone())]
}

/// The type policies of the guide keep two days of one person apart. Without them the cache shows the second day twice.
#[actix_web::test]
async fn the_type_policies_of_the_guide_keep_two_days_of_one_person_apart() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&["cadre:read", "rotation:read"], &["W"]).await;
    let (_, policies) = GUIDE.split_once("For Apollo Client 3 and 4:\n\n```js\n").expect("the policies");
    let (policies, _) = policies.split_once("```").expect("the end of the policies");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("policies.mjs");
    std::fs::write(&file, policies).expect("written");

    let mut environment = server(&app, &caller);
    environment.push(("POLICIES", file.display().to_string()));
    environment.extend([("CODE", "A-03".to_owned()), ("DAYS", "2011-06-01,2026-06-01".to_owned())]);
    let lines = run("cache.mjs", environment).await;

    app.stop().await;
    assert_eq!(lines.len(), 4);
    for line in lines {
        let (answered, cached) = (&line["answered"], &line["cached"]);
        assert_ne!(answered[0]["unit"]["code"], answered[1]["unit"]["code"], "the person moved");
        assert_eq!(answered == cached, line["hasPolicies"], "{line}");
    }
}

/// Both versions of the client, by POST and by GET: the results, the requests, and the texts of both documents.
async fn run_all(app: &TestApp, caller: &Caller<'_>) -> Vec<(bool, Value, Value, Vec<String>)> {
    let lines = run("run.mjs", server(app, caller)).await;
    let versions: Vec<_> = lines.iter().map(|line| (line["version"].as_str(), line["get"].as_bool())).collect();
    let (third, fourth) = (Some("apollo-client-3"), Some("apollo-client-4"));
    assert_eq!(versions, [(third, Some(false)), (third, Some(true)), (fourth, Some(false)), (fourth, Some(true))]);
    let texts = |line: &Value| serde_json::from_value(line["texts"].clone()).expect("texts");
    lines.iter().map(|line| (line["get"] == true, line["results"].clone(), line["sent"].clone(), texts(line))).collect()
}

/// Registers the first document of the script for a client, and waits until the service has loaded it.
async fn register_first(caller: &Caller<'_>, app: &TestApp, text: &str) {
    let name = DocumentCheck::default().check(text).await.expect("it is valid").names;
    let document = Document::new(text.to_owned(), name.as_deref());
    let hash = document.hash().to_string();
    document::add(&app.database, clock(), caller.id.parse().expect("an id"), &[document]).await.expect("added");
    let request = json!({ "documentId": format!("sha256:{hash}"), "variables": { "code": "A" } });
    let known = async || {
        let answer: Value = caller.post(&request).send().await.expect("an answer").json().await.expect("JSON");
        (answer["data"]["unit"]["code"] == "A").then_some(())
    };
    poll::until_async(known).await.expect("the service has loaded the document");
}

#[actix_web::test]
async fn apollo_clients_send_hashes_of_registered_documents_and_texts_of_others() {
    let app = TestApp::new(Kind::Sqlite).await;
    let without = app.caller(&["cadre:read"], &["A"]).await;
    let lines = run_all(&app, &without).await;
    let first = lines[0].3[0].clone();
    assert!(first.starts_with("query Unit("), "{first}");
    let all = json!(["A", "A1", "A", "A1"]);
    for (get, results, sent, _) in &lines {
        // The first refusal tells the client that the server knows no hashes. From then on it sends whole documents.
        let hash = if *get { "GET hash" } else { "POST hash" };
        let text = "POST text";
        assert_eq!((results, sent), (&all, &json!([hash, text, text, text, text])), "without registered documents");
    }

    let with = app.caller(&["cadre:read"], &["A"]).await;
    register_first(&with, &app, &first).await;
    for (get, results, sent, texts) in run_all(&app, &with).await {
        assert_eq!(texts[0], first);
        // Each request for the other document is repeated with its text, as if the server had not stored it.
        let hash = if get { "GET hash" } else { "POST hash" };
        let text = "POST hash text";
        assert_eq!((results, sent), (all.clone(), json!([hash, hash, hash, text, hash, text])), "with a document");
    }

    let restricted = app.caller(&["cadre:read"], &["A"]).await;
    register_first(&restricted, &app, &first).await;
    restrict(&app, &restricted).await;
    for (get, results, sent, _) in run_all(&app, &restricted).await {
        let hash = if get { "GET hash" } else { "POST hash" };
        let refused = "DOCUMENT_NOT_REGISTERED";
        let expected = (json!(["A", "A1", refused, refused]), json!([hash, hash, hash, hash]));
        assert_eq!((results, sent), expected, "to send the text would be refused too");
    }
    app.stop().await;
}
