//! The stream: one snapshot, in pages; it can be resumed, is bounded for each client, and breaks off recognisably.

use std::{collections::BTreeSet, fmt::Write, sync::Arc};

use cadre_api::{
    app_state::AppState,
    auth::Tokens,
    authz::Access,
    domain::{
        client,
        export::{Export, ExportType, Form},
    },
    limit::Limits,
};
use entity::{access_entry, cadre};
use reqwest::Response;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use super::{ndjson, text, whole};
use crate::support::{Caller, TestApp, clock, csv, on_both, poll, store};

/// More people than a page has.
const PEOPLE: usize = 1_100;

/// Adds people with a post in a unit.
async fn crowd(app: &TestApp) {
    let (mut people, mut posts) = (String::new(), String::new());
    for nth in 0..PEOPLE {
        writeln!(people, "N-{nth:04},Nguyễn Văn Mới,2001-01-01").expect("written");
        writeln!(posts, "N-{nth:04},A2U").expect("written");
    }
    let files = [
        ("cadres.csv", csv::cadres("code,full_name,joined_party_on", &people)),
        ("assignments.csv", csv::assignments("cadre_code,unit_code", &posts)),
    ];
    app.import_text(&files.each_ref().map(|(name, text)| (*name, text.as_str()))).await;
}

/// Adds so many titles that a connection whose client reads nothing cannot take them.
async fn long_list(app: &TestApp) {
    let mut titles = String::new();
    for nth in 0..10_000 {
        writeln!(titles, "L-{nth:05},{}", "ề".repeat(499)).expect("written");
    }
    app.import_text(&[("titles.csv", &csv::titles("code,name", &titles))]).await;
}

async fn begun(caller: &Caller<'_>, of: &str) -> Response {
    caller.get(&format!("/v1/export/{of}")).send().await.expect("an answer")
}

/// The rest of a body, and whether it came to its end.
async fn rest(mut answer: Response) -> (String, bool) {
    let mut bytes = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return (String::from_utf8_lossy(&bytes).into_owned(), true),
            Err(_) => return (String::from_utf8_lossy(&bytes).into_owned(), false),
        }
    }
}

#[actix_web::test]
async fn an_export_continues_after_the_last_line_received() {
    on_both(async |app| {
        crowd(app).await;
        let caller = app.all_seeing().await;
        for (of, key) in [
            ("cadres", "/id"),
            ("assignments", "/id"),
            ("qualifications", "/id"),
            ("titles", "/code"),
            ("sessions", "/classId"),
        ] {
            let whole = ndjson(&caller, of).await;
            let ids = whole.texts(key);
            assert!(of != "cadres" || ids.len() == PEOPLE + 11, "{of}: {}", ids.len());
            for at in [0, ids.len() / 2, ids.len() - 1] {
                let rest = ndjson(&caller, &format!("{of}?after={}", ids[at])).await;
                assert_eq!(rest.lines, whole.lines[at + 1..], "{of} after {at}");
                assert_eq!(rest.head["after"], ids[at].as_str());
            }
        }
        let card = ndjson(&caller, "cadres").await.texts("/id").remove(0);
        let other = begun(&caller, &format!("assignments?after={card}")).await;
        assert_eq!(other.status(), 400, "the id of another type");
    })
    .await;
}

#[actix_web::test]
async fn a_copy_continues_with_the_change_feed_from_the_cursor_of_its_first_line() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let head = ndjson(&caller, "cadres").await.head;
        let cursor = head["cursor"].as_str().expect("a cursor");
        let changes = async |after: &str| {
            let answer = caller.get(&format!("/v1/changes?after={after}")).send().await.expect("an answer");
            assert_eq!(answer.status(), 200);
            let events: Vec<Value> = answer.json().await.expect("JSON");
            events
        };
        assert_eq!(changes(cursor).await, Vec::<Value>::new());

        app.import_text(&[
            ("cadres.csv", &csv::cadres("code,full_name", "Z-02,Phạm Thị Tiếp")),
            ("assignments.csv", &csv::assignments("cadre_code,unit_code", "Z-02,A2U")),
        ])
        .await;
        let after = changes(cursor).await;
        let subjects: BTreeSet<&str> = after.iter().filter_map(|event| event["subject"].as_str()).collect();
        assert_eq!(subjects, BTreeSet::from(["Z-02"]), "{after:?}");
    })
    .await;
}

#[actix_web::test]
async fn a_change_during_an_export_is_not_in_it_and_comes_after_its_cursor() {
    on_both(async |app| {
        crowd(app).await;
        let caller = app.all_seeing().await;
        let app_state = Arc::new(AppState::open(store(&app.service), clock()).await.expect("a state"));
        let tokens = Tokens::load(store(&app.service), clock(), &app.url).await.expect("keys");
        let begin = async || {
            let who = tokens.verifier.verify(&caller.token, clock().now()).await.expect("a caller");
            let access = Access::of(who, None, Arc::clone(&app_state), Limits::default()).expect("no purpose");
            Export::begin(&access, ExportType::Cadres, Form::Ndjson, None).expect("the scope")
        };
        let mut export = begin().await;
        let first = export.next().await.expect("read").expect("a chunk").lines.audit().await.expect("logged");

        app.import_text(&[
            ("cadres.csv", &csv::cadres("code,full_name", "Z-01,Phạm Thị Sau")),
            ("assignments.csv", &csv::assignments("cadre_code,unit_code", "Z-01,A2U")),
        ])
        .await;

        let mut text = String::from_utf8(first).expect("text");
        while let Some(chunk) = export.next().await.expect("read") {
            text += &String::from_utf8(chunk.lines.audit().await.expect("logged")).expect("text");
        }
        let export = whole(&text).expect("complete");
        let codes: BTreeSet<String> = export.texts("/code").into_iter().collect();
        assert_eq!(codes.len(), PEOPLE + 11);
        assert!(!codes.contains("Z-01"), "it was committed after the snapshot");
        let document =
            "query($after: String) { changes(after: $after) { nodes: edges { node { type code operation } } } }";
        let data = caller.query_with(document, json!({ "after": export.head["cursor"] })).await;
        let nodes = data["changes"]["nodes"].as_array().expect("changes").clone();
        assert!(
            nodes.iter().any(|edge| edge["node"] == json!({ "type": "CADRE", "code": "Z-01", "operation": "CREATED" })),
            "{nodes:?}"
        );

        let codes = ndjson(&caller, "cadres").await.texts("/code");
        assert!(codes.contains(&"Z-01".to_owned()), "the control: a later export has it");
    })
    .await;
}

#[actix_web::test]
async fn readings_are_logged_even_if_the_client_leaves_after_the_first_bytes() {
    on_both(async |app| {
        crowd(app).await;
        let caller = app.all_seeing().await;
        let mut answer = begun(&caller, "cadres").await;
        let first = answer.chunk().await.expect("read").expect("bytes");
        drop(answer);

        let text = String::from_utf8_lossy(&first).into_owned();
        let lines = text.lines().skip(1).filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let codes: BTreeSet<String> = lines.filter_map(|card| card["code"].as_str().map(str::to_owned)).collect();
        assert!(!codes.is_empty(), "the control: persons were received");
        let rows = access_entry::Entity::find().find_also_related(cadre::Entity).all(app.database.reader()).await;
        let logged: BTreeSet<String> =
            rows.expect("read").into_iter().filter_map(|(_, person)| Some(person?.code.to_string())).collect();
        assert!(codes.is_subset(&logged), "each of them is in the log: {} of {}", logged.len(), codes.len());
    })
    .await;
}

#[actix_web::test]
async fn a_client_runs_one_export_at_once_and_all_clients_two() {
    on_both(async |app| {
        long_list(app).await;
        let mut callers = Vec::new();
        for _ in 0..3 {
            callers.push(app.caller(&["cadre:read"], &["W"]).await);
        }
        let slow = [begun(&callers[0], "titles").await, begun(&callers[1], "titles").await];
        assert!(slow.iter().all(|answer| answer.status() == 200));

        let second = begun(&callers[0], "units").await;
        assert_eq!((second.status().as_u16(), second.headers()["retry-after"].to_str().ok()), (429, Some("10")));
        let third = begun(&callers[2], "units").await;
        assert_eq!((third.status().as_u16(), third.headers()["retry-after"].to_str().ok()), (503, Some("10")));

        let [one, other] = slow;
        drop(other);
        let free = async || (begun(&callers[2], "units").await.status() == 200).then_some(());
        poll::until_async(free).await.expect("the place of a client that left is free again");
        let (text, is_ended) = rest(one).await;
        assert!(is_ended && whole(&text).is_some(), "the control: a slow client gets everything");
        let free = async || (begun(&callers[0], "units").await.status() == 200).then_some(());
        poll::until_async(free).await.expect("an export that has ended frees its place");
    })
    .await;
}

#[actix_web::test]
async fn an_export_whose_client_loses_its_rights_breaks_off_recognisably() {
    on_both(async |app| {
        long_list(app).await;
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        for media in ["application/x-ndjson", "text/csv"] {
            let caller = match media {
                "text/csv" => &app.caller(&["cadre:read"], &["W"]).await,
                _ => &caller,
            };
            let request = caller.get("/v1/export/titles").header("Accept", media);
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), 200);
            let id = caller.id.parse().expect("an id");
            client::revoke(&app.database, clock(), id).await.expect("revoked");
            let refused = async || (begun(caller, "units").await.status() == 401).then_some(());
            poll::until_async(refused).await.expect("the service sees the revocation");

            let (text, is_ended) = rest(answer).await;
            assert!(!text.is_empty() && !is_ended, "{media}: the body has no end");
            assert!(whole(&text).is_none(), "{media}: nor has the text");
        }
        let other = app.caller(&["cadre:read"], &["W"]).await;
        assert!(
            text(&other, "titles", "text/csv").await.lines().count() > 10_000,
            "the control: others get everything"
        );
    })
    .await;
}
