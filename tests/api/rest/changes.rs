//! `GET /v1/changes`: events in the form of CloudEvents, long polling, and the event stream.

use futures_util::join;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::{Caller, TestApp, csv, import_text, on_both};

const READ: [&str; 2] = ["cadre:read", "rotation:read"];

fn get(app: &TestApp, caller: &Caller<'_>, query: &str) -> RequestBuilder {
    app.http().get(format!("{}/v1/changes{query}", app.url)).bearer_auth(&caller.token).header("Accept-Language", "en")
}

async fn cursor(caller: &Caller<'_>) -> String {
    caller.query("{ changeCursor }").await["changeCursor"].as_str().expect("a cursor").to_owned()
}

/// Records a person of the district, and lets the service notice it.
async fn record(app: &TestApp, code: &str) {
    let cadre = format!("{code},9990007{:05},Lê Văn Mới", code.len());
    let post = format!("{code},A1U,CC,2020-01-01");
    import_text(
        &app.database,
        &[
            ("cadres.csv", &csv::cadres("code,national_id,full_name", &cadre)),
            ("assignments.csv", &csv::assignments("cadre_code,unit_code,title_code,start_on", &post)),
        ],
    )
    .await;
    app.app_state.refresh().await.expect("refreshed");
}

#[actix_web::test]
async fn events_are_cloud_events_and_the_link_continues() {
    on_both(async |app| {
        let reader = app.caller(&READ, &["A"]).await;
        let after = cursor(&reader).await;
        record(app, "N-1").await;

        let answer = get(app, &reader, &format!("?after={after}&types=CADRE")).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["Content-Type"], "application/cloudevents-batch+json");
        assert_eq!(answer.headers()["X-Has-More"], "false");
        let link = answer.headers()["Link"].to_str().expect("text").to_owned();
        let events: Value = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
        let event = &events[0];
        assert_eq!(events.as_array().map(Vec::len), Some(1), "{events}");
        assert_eq!(
            (&event["specversion"], &event["type"], &event["subject"], &event["source"]),
            (&json!("1.0"), &json!("vn.cadre.cadre.created"), &json!("N-1"), &json!(app.url))
        );
        assert_eq!((&event["data"]["operation"], &event["data"]["code"]), (&json!("CREATED"), &json!("N-1")));

        let next = link.trim_start_matches('<').split('>').next().expect("a URL");
        assert!(next.contains("types=CADRE"), "{link}");
        let next = app.http().get(next).bearer_auth(&reader.token).send().await.expect("an answer");
        assert_eq!(next.text().await.expect("text"), "[]", "no event twice");
    })
    .await;
}

#[actix_web::test]
async fn a_request_waits_for_the_next_change() {
    on_both(async |app| {
        let reader = app.caller(&READ, &["A"]).await;
        let after = cursor(&reader).await;
        let waiting = get(app, &reader, &format!("?after={after}")).header("Prefer", "wait=25").send();
        let (answer, ()) = join!(waiting, record(app, "N-1"));
        let answer = answer.expect("an answer");
        assert_eq!(
            (answer.status(), &answer.headers()["Preference-Applied"]),
            (StatusCode::OK, &"wait=25".parse().expect("a value"))
        );
        assert!(answer.text().await.expect("text").contains("\"subject\":\"N-1\""));

        let after = cursor(&reader).await;
        let waiting = get(app, &reader, &format!("?after={after}")).header("Prefer", "wait=1");
        let answer = waiting.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "no event arrived");
        assert!(answer.headers().contains_key("Link"));
    })
    .await;
}

#[actix_web::test]
async fn a_stream_sends_events_and_resumes_after_the_last() {
    on_both(async |app| {
        let reader = app.caller(&READ, &["A"]).await;
        let after = cursor(&reader).await;
        record(app, "N-1").await;
        let open = async |request: RequestBuilder| {
            let answer = request.header("Accept", "text/event-stream").send().await.expect("an answer");
            assert_eq!(answer.headers()["Content-Type"], "text/event-stream");
            answer
        };
        let mut stream = open(get(app, &reader, &format!("?after={after}"))).await;
        let mut text = String::new();
        while !text.contains("\"subject\":\"N-1\"") {
            text += &String::from_utf8_lossy(&stream.chunk().await.expect("bytes").expect("open"));
        }
        let (chunk, ()) = join!(
            async {
                let mut text = String::new();
                while !text.contains("\"subject\":\"N-12\"") {
                    text += &String::from_utf8_lossy(&stream.chunk().await.expect("bytes").expect("open"));
                }
                text
            },
            record(app, "N-12")
        );
        assert!(!chunk.contains("\"subject\":\"N-1\""), "each event once");

        let last = text.lines().rev().find_map(|line| line.strip_prefix("id: ")).expect("an id");
        let mut resumed = open(get(app, &reader, "").header("Last-Event-ID", last)).await;
        let mut text = String::new();
        while !text.contains("\"subject\":\"N-12\"") {
            text += &String::from_utf8_lossy(&resumed.chunk().await.expect("bytes").expect("open"));
        }
        assert!(!text.contains("\"subject\":\"N-1\""), "it continues after the last event");
    })
    .await;
}

#[actix_web::test]
async fn requests_that_cannot_be_answered_get_problems() {
    on_both(async |app| {
        let reader = app.caller(&READ, &["A"]).await;
        for (query, status, code) in [
            ("", StatusCode::GONE, "RESYNC"),
            ("?after=x", StatusCode::BAD_REQUEST, "INVALID"),
            ("?first=0", StatusCode::BAD_REQUEST, "INVALID"),
            ("?first=x", StatusCode::BAD_REQUEST, "BAD_PARAMETER"),
            ("?since=1", StatusCode::BAD_REQUEST, "BAD_PARAMETER"),
            ("?types=QUOTA", StatusCode::FORBIDDEN, "FORBIDDEN"),
        ] {
            let answer = get(app, &reader, query).send().await.expect("an answer");
            assert_eq!(
                (answer.status(), &answer.headers()["Content-Type"]),
                (status, &"application/problem+json".parse().expect("a value")),
                "{query}"
            );
            let problem: Value = answer.json().await.expect("JSON");
            assert_eq!(problem["code"], code, "{query}: {problem}");
        }
        let unacceptable = get(app, &reader, "").header("Accept", "text/csv").send().await.expect("an answer");
        assert_eq!(unacceptable.status(), StatusCode::NOT_ACCEPTABLE);
    })
    .await;
}
