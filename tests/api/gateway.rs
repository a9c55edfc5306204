//! Requests through an X-Road security server: what the access log records, and under which conditions.

use std::ops::ControlFlow;

use cadre_api::audit::{self, Fault, Line, verify_chain};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    export::whole,
    support::{
        Caller, Kind, TestApp, copy, on_both,
        program::{Program, printed},
    },
};

const READING: &str = r#"{ cadre(by: {code: "A-02"}) { identity { birthOn } } }"#;
const LOG: &str = r#"{ cadre(by: {code: "A-02"}) { accessLog(first: 1) { nodes {
    gateway { client requestId userId issue } } } } }"#;

/// Reads protected data with these headers, and returns the gateway of the new log entry.
async fn read(caller: &Caller<'_>, headers: &[(&str, &str)]) -> Value {
    let request = caller.post(&json!({ "query": READING }));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert!(answer["data"]["cadre"]["identity"]["birthOn"].is_string(), "{answer}");
    caller.query(LOG).await["cadre"]["accessLog"]["nodes"][0]["gateway"].clone()
}

/// The exported log.
async fn exported(app: &TestApp) -> Vec<Line> {
    let mut lines = Vec::new();
    let take = |line: &Line| {
        lines.push(line.clone());
        ControlFlow::Continue(())
    };
    audit::each(&app.database, None, take).await.expect("read");
    lines
}

#[actix_web::test]
async fn the_log_records_the_request_of_a_security_server() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        assert_eq!(read(&caller, &[]).await, Value::Null);
        let headers = [
            ("X-Road-Client", "VN/GOV/T90/portal"),
            ("X-Road-Id", "4894e35d-bf0f-44a6-867a-8e51f1daa7e0"),
            ("X-Road-UserId", "VN12345"),
            ("X-Road-Issue", "01/HS"),
        ];
        let whole = json!({
            "client": "VN/GOV/T90/portal", "requestId": "4894e35d-bf0f-44a6-867a-8e51f1daa7e0",
            "userId": "VN12345", "issue": "01/HS",
        });
        assert_eq!(read(&caller, &headers).await, whole);
        let part = json!({ "client": "VN/GOV/T90/portal", "requestId": null, "userId": null, "issue": null });
        assert_eq!(read(&caller, &[headers[0], ("X-Road-Issue", " ")]).await, part);

        let lines = exported(app).await;
        let clients: Vec<_> = lines.iter().map(|line| line.gateway_client.as_deref()).collect();
        assert_eq!(clients, [None, Some("VN/GOV/T90/portal"), Some("VN/GOV/T90/portal")]);
        assert_eq!(lines[1].gateway_user.as_deref(), Some("VN12345"));
        assert_eq!(lines[1].gateway_issue.as_deref(), Some("01/HS"));
        assert_eq!(lines[2].gateway_request, None);
    })
    .await;
}

#[actix_web::test]
async fn the_log_records_the_request_of_a_security_server_for_an_export() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let log = r#"{ cadre(by: {code: "A-02"}) { accessLog(first: 1) { nodes {
            gateway { client requestId userId issue } } } } }"#;
        for (headers, recorded) in [
            (
                &[("X-Road-Client", "VN/GOV/T90/sync"), ("X-Road-Id", "4894e35d"), ("X-Road-UserId", "VN12345")][..],
                json!({ "client": "VN/GOV/T90/sync", "requestId": "4894e35d", "userId": "VN12345", "issue": null }),
            ),
            (&[], Value::Null),
        ] {
            let request = caller.get("/v1/export/cadres").header("Accept", "application/x-ndjson");
            let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), 200);
            let text = answer.text().await.expect("text");
            assert!(whole(&text).is_some(), "{:?}: {text}", app.kind);
            let entry = &caller.query(log).await["cadre"]["accessLog"]["nodes"][0];
            assert_eq!(entry, &json!({ "gateway": recorded }), "{:?}", app.kind);
        }
        let lines = exported(app).await;
        assert!(lines.iter().all(|line| line.operation == "export/cadres"), "{:?}", app.kind);
        let of_person = lines.iter().filter(|line| line.gateway_client.is_some()).count();
        assert_eq!(of_person * 2, lines.len(), "{:?}: every person of the first export, none of the second", app.kind);
    })
    .await;
}

#[actix_web::test]
async fn the_chain_covers_the_gateway() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        read(&caller, &[]).await;
        let sent = [("X-Road-Client", "a"), ("X-Road-Id", "b"), ("X-Road-UserId", "c"), ("X-Road-Issue", "d")];
        read(&caller, &sent).await;
        assert!(verify(app, None).await.is_none(), "both entries are intact");
        for column in ["gateway_client", "gateway_request", "gateway_user", "gateway_issue"] {
            for value in ["NULL", "''", "'x'"] {
                let changed = format!("UPDATE access_entry SET {column} = {value}");
                assert!(verify(app, Some(&changed)).await.is_some(), "{:?}: {changed}", app.kind);
            }
        }
        let all = "UPDATE access_entry SET gateway_client = NULL, gateway_request = NULL, gateway_user = NULL, gateway_issue = NULL";
        assert!(verify(app, Some(all)).await.is_some(), "{:?}", app.kind);
    })
    .await;
}

/// The first fault of the chain after a change, which is rolled back.
async fn verify(app: &TestApp, change: Option<&str>) -> Option<Fault> {
    let inner = app.database.begin().await.expect("begun");
    if let Some(change) = change {
        match app.kind {
            Kind::Sqlite => inner.execute_unprepared("DROP TRIGGER access_entry_no_update").await,
            Kind::Postgres => inner.execute_unprepared("SET LOCAL session_replication_role = replica").await,
        }
        .expect("the triggers are dropped");
        inner.execute_unprepared(change).await.expect(change);
    }
    let fault = verify_chain(&inner, &[]).await.expect("verified").err();
    inner.rollback().await.expect("rolled back");
    fault
}

#[actix_web::test]
async fn headers_count_only_from_a_server_that_the_operator_names() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for (flags, recorded) in [
            (&[][..], Value::Null),
            (&["--security-servers", "10.0.0.1"], Value::Null),
            (&["--security-servers", "10.0.0.1,127.0.0.1"], json!("VN/GOV/T90")),
        ] {
            let (url, _folder) = copy(kind).await;
            let program = Program::serve_with(&url, flags);
            let scopes = ["--scope", "cadre:read", "cadre.identity:read", "--purpose", "TRAINING", "--json"];
            let add = [&["client", "add", "--name", "x", "--unit", "W"][..], &scopes].concat();
            let made: Value = serde_json::from_str(&printed(&url, &add)).expect("JSON");
            let word = |name: &str| made[name].as_str().expect("a word").to_owned();
            let token = program.token(&(word("client_id"), word("client_secret"))).await;
            let request = reqwest::Client::new().post(format!("{}/graphql", program.url)).bearer_auth(token);
            let request = request.header("X-Purpose", "TRAINING").header("X-Road-Client", "VN/GOV/T90");
            let answer = request.json(&json!({ "query": READING })).send().await.expect("an answer");
            assert_eq!(answer.status(), 200);

            let listed = printed(&url, &["audit", "list", "--json"]);
            let line: Value = serde_json::from_str(listed.lines().last().expect("an entry")).expect("JSON");
            assert_eq!(line["gateway_client"], recorded, "{kind:?} {flags:?}");
            let listed = printed(&url, &["audit", "list"]);
            assert_eq!(listed.contains("through VN/GOV/T90"), !recorded.is_null(), "{kind:?} {flags:?}: {listed}");
        }
    }
}
