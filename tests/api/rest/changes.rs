//! `GET /v1/changes`: events in the form of CloudEvents, long polling, and the event stream.

use futures_util::join;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use cadre_api::limit::STREAMS_PER_CLIENT;

use crate::support::{Caller, TestApp, csv, import_text, on_both, poll};

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
async fn a_client_waits_in_a_limited_number_of_requests() {
    on_both(async |app| {
        let reader = app.caller(&READ, &["A"]).await;
        let other = app.caller(&READ, &["A"]).await;
        let (query, query_of_other) =
            (format!("?after={}", cursor(&reader).await), format!("?after={}", cursor(&other).await));
        let stream = async |caller: &Caller<'_>, query: &str| {
            let request = get(app, caller, query).header("Accept", "text/event-stream");
            request.send().await.expect("an answer")
        };
        let mut open = Vec::new();
        for number in 1..=STREAMS_PER_CLIENT {
            let mut answer = stream(&reader, &query).await;
            assert_eq!(answer.status(), StatusCode::OK, "{number}");
            assert!(answer.chunk().await.expect("bytes").is_some());
            open.push(answer);
        }

        let refused = stream(&reader, &query).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.headers().contains_key("RateLimit"), "{:?}", refused.headers());
        assert_eq!(refused.headers()["Retry-After"], "25");
        let problem: Value = refused.json().await.expect("JSON");
        assert_eq!(problem["code"], "RATE_LIMITED", "{problem}");
        assert!(
            problem["detail"].as_str().expect("a text").contains("close some, or read without waiting"),
            "{problem}"
        );
        let waiting = get(app, &reader, &query).header("Prefer", "wait=1").send().await.expect("an answer");
        assert_eq!(waiting.status(), StatusCode::TOO_MANY_REQUESTS, "waiting counts too");

        let at_once = get(app, &reader, &query).send().await.expect("an answer");
        assert_eq!(at_once.status(), StatusCode::OK, "the control: the same client reads without waiting");
        assert_eq!(stream(&other, &query_of_other).await.status(), StatusCode::OK, "the control: another client");
        let news = get(app, &reader, &query).header("Prefer", "wait=25");
        record(app, "N-1").await;
        let news = news.send().await.expect("an answer");
        assert_eq!(news.status(), StatusCode::OK, "events that are there need no waiting");

        // The service notices a closed connection when it writes.
        drop(open.pop());
        let mut number = 1;
        let again = poll::until_async(async || {
            number += 1;
            record(app, &format!("N-{}", "1".repeat(number))).await;
            Some(stream(&reader, &query).await).filter(|answer| answer.status() == StatusCode::OK)
        });
        assert!(again.await.is_some(), "a closed stream counts no longer");
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
