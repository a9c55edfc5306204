//! Apollo Client 3 and 4 with persisted queries (`tests/apollo`), run by Node against a server.

use std::process::Command;

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::support::{Caller, Kind, TestApp, npm, on_both};

const FILES: [(&str, &str); 4] = [
    ("package.json", include_str!("../apollo/package.json")),
    ("package-lock.json", include_str!("../apollo/package-lock.json")),
    ("run.mjs", include_str!("../apollo/run.mjs")),
    ("cache.mjs", include_str!("../apollo/cache.mjs")),
];

const GUIDE: &str = include_str!("../../docs/api.md");

/// What a script prints of a server: a line for each client.
async fn run(script: &'static str, environment: Vec<(&'static str, String)>) -> Vec<Value> {
    let run = move || {
        let folder = npm::installed("apollo", &FILES);
        let output = Command::new("node").arg(script).envs(environment).current_dir(folder).output();
        let output = output.unwrap_or_else(|error| panic!("this test needs node (Debian: nodejs): {error}"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
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

#[actix_web::test]
async fn apollo_clients_with_persisted_queries_fall_back_to_whole_documents() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&["cadre:read"], &["A"]).await;

    let lines = run("run.mjs", server(&app, &caller)).await;

    app.stop().await;
    let asked = |method: &str, has_query: bool| json!({ "method": method, "hasQuery": has_query });
    let expected: Vec<Value> =
        [("apollo-client-3", false), ("apollo-client-3", true), ("apollo-client-4", false), ("apollo-client-4", true)]
            .into_iter()
            .map(|(version, get)| {
                // The hash alone once; after the refusal every document is sent whole.
                let first = asked(if get { "GET" } else { "POST" }, false);
                let sent = [first, asked("POST", true), asked("POST", true)];
                json!({ "version": version, "get": get, "results": ["A", "A1"], "sent": sent })
            })
            .collect();
    assert_eq!(lines, expected);
}

#[actix_web::test]
async fn a_hash_without_a_document_is_refused_so_that_clients_send_the_document() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["A"]).await;
        let persisted = json!({ "persistedQuery": { "version": 1, "sha256Hash": "ab".repeat(32) } });
        let hash = json!({ "extensions": persisted });
        let get = |extensions: &Value| {
            let pair = form_urlencoded::Serializer::new(String::new())
                .append_pair("extensions", &extensions.to_string())
                .finish();
            app.http().get(format!("{}/graphql?{pair}", app.url)).bearer_auth(&caller.token)
        };
        let requests = [
            caller.post(&hash),
            caller.post(&json!({ "query": null, "operationName": "Unit", "variables": {}, "extensions": persisted })),
            caller.post(&hash).header("Accept", "application/graphql-response+json, application/json;q=0.9"),
            get(&persisted),
        ];
        for request in requests {
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::OK.as_u16(), "{:?}", app.kind);
            let body: Value = answer.json().await.expect("JSON");
            assert_eq!(body["errors"][0]["message"], "PersistedQueryNotSupported");
            assert_eq!(body["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_SUPPORTED");
            assert_eq!(body.get("data"), None);
        }

        let whole = json!({ "query": "{ __typename }", "extensions": persisted });
        let body: Value = caller.post(&whole).send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(body, json!({ "data": { "__typename": "Query" } }), "the control: the document beside its hash");
        for bad in [
            json!({}),
            json!({ "query": null }),
            json!({ "extensions": {} }),
            json!({ "query": 7, "extensions": persisted }),
        ] {
            let answer = caller.post(&bad).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST.as_u16(), "{:?}: {bad}", app.kind);
        }
    })
    .await;
}
