//! Apollo Client 3 and 4 with persisted queries (`tests/apollo`), run by Node against a server.

use std::process::Command;

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::world::{Kind, World, npm, on_both};

const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("../apollo/package.json")),
    ("package-lock.json", include_str!("../apollo/package-lock.json")),
    ("run.mjs", include_str!("../apollo/run.mjs")),
];

/// What the clients say of a server: a line each.
async fn run(url: String, token: String) -> Vec<Value> {
    let run = move || {
        let folder = npm::installed("apollo", &FILES);
        let output =
            Command::new("node").arg("run.mjs").env("URL", url).env("TOKEN", token).current_dir(folder).output();
        let output = output.unwrap_or_else(|error| panic!("this test needs node (Debian: nodejs): {error}"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    spawn_blocking(run).await.expect("the runner does not panic")
}

#[actix_web::test]
async fn apollo_clients_with_persisted_queries_fall_back_to_whole_documents() {
    let world = World::new(Kind::Sqlite).await;
    let caller = world.caller(&["cadre:read"], &["A"]).await;

    let lines = run(format!("{}/graphql", world.url), caller.token.clone()).await;

    world.stop().await;
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
    on_both(async |world| {
        let caller = world.caller(&["cadre:read"], &["A"]).await;
        let persisted = json!({ "persistedQuery": { "version": 1, "sha256Hash": "ab".repeat(32) } });
        let hash = json!({ "extensions": persisted });
        let get = |extensions: &Value| {
            let pair = form_urlencoded::Serializer::new(String::new())
                .append_pair("extensions", &extensions.to_string())
                .finish();
            world.http().get(format!("{}/graphql?{pair}", world.url)).bearer_auth(&caller.token)
        };
        let requests = [
            caller.post(&hash),
            caller.post(&json!({ "query": null, "operationName": "Unit", "variables": {}, "extensions": persisted })),
            caller.post(&hash).header("Accept", "application/graphql-response+json, application/json;q=0.9"),
            get(&persisted),
        ];
        for request in requests {
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::OK.as_u16(), "{:?}", world.kind);
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
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST.as_u16(), "{:?}: {bad}", world.kind);
        }
    })
    .await;
}
