//! Checks the guide of the REST API. Each request of `docs/rest.md` is sent to the population of the demo and must give
//! the response printed below it. `UPDATE_EXPECT=1` rewrites the responses. A request is an `http` block: the request
//! line, headers and, after an empty line, a body. Its response is the next block, `json` with the status, such as
//! `json 404`. `scope=` after `http` narrows the caller; `…` in a path is the last id of a response.

use std::{collections::BTreeMap, fs};

use reqwest::Method;
use serde_json::{Value, json};

use super::Answer;
use crate::{
    docs_examples::{
        Block, blocks, caller, demo_app, formatted, note_ids, read, rewritten, root, without_random_values,
    },
    support::{Caller, Kind, TestApp, postgres::setting},
};

const GUIDE: &str = "docs/rest.md";

/// The requests with their responses.
fn examples(text: &str) -> Vec<(Block, Block)> {
    let blocks = blocks(text);
    let requests = blocks.iter().enumerate().filter(|(_, block)| block.info.split(' ').next() == Some("http"));
    let answered = requests.map(|(at, request)| {
        let answer = blocks.get(at + 1).filter(|answer| answer.info.starts_with("json "));
        let answer = answer.unwrap_or_else(|| panic!("line {}: no response with a status", request.line + 1));
        (request.clone(), answer.clone())
    });
    answered.collect()
}

/// Sends a block. The guide omits the headers of the token and the language.
async fn send(app: &TestApp, caller: &Caller<'_>, text: &str, ids: &BTreeMap<String, String>) -> Answer {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, path) = lines.next().and_then(|line| line.split_once(' ')).expect("a request line");
    let path = ids.iter().fold(path.to_owned(), |path, (kind, id)| path.replace(&format!("{kind}_…"), id));
    let method: Method = method.parse().expect("a method");
    let mut request = app.http().request(method, format!("{}{path}", app.url)).bearer_auth(&caller.token);
    request = request.header("Accept-Language", "en");
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        request = request.header(name, value);
    }
    if !body.trim().is_empty() {
        let body: Value = serde_json::from_str(body).expect("JSON");
        request = request.json(&body);
    }
    Answer::of(request.send().await.expect("an answer")).await
}

/// The response without values that differ between databases.
fn comparable(app: &TestApp, answer: Value) -> Value {
    let text = without_random_values(answer).to_string().replace(&app.url, "https://cadre.example.vn");
    let mut value: Value = serde_json::from_str(&text).expect("JSON");
    if value["next"].is_string() {
        value["next"] = json!("…");
    }
    value
}

#[actix_web::test]
async fn every_request_of_the_guide_gives_the_printed_response() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = demo_app(kind).await;
        let text = read(GUIDE);
        let (mut answers, mut ids) = (Vec::new(), BTreeMap::new());
        let examples = examples(&text);
        assert!(examples.len() > 5);
        for (request, expected) in examples {
            let word = |name: &str| request.info.split(' ').find_map(|word| word.strip_prefix(name));
            let caller = caller(&app, word("scope="), word("unit=")).await;
            let answer = send(&app, &caller, &request.text, &ids).await;
            note_ids(&answer.body, &mut ids);
            let (status, line) = (answer.status, expected.line + 1);
            assert_eq!(expected.info, format!("json {status}"), "{GUIDE}:{line}: {:#}", answer.body);
            let answer = comparable(&app, answer.body);
            if setting("UPDATE_EXPECT").is_some() {
                answers.push((expected.line, formatted(&answer, 0, 0)));
                continue;
            }
            let written: Value = serde_json::from_str(&expected.text).expect("JSON");
            assert_eq!(answer, written, "{GUIDE}:{line}, {kind:?}; UPDATE_EXPECT=1 rewrites it");
        }
        if !answers.is_empty() {
            // Renamed in one step, because other tests read the guides at the same time.
            let (path, new) = (root().join(GUIDE), root().join(format!("{GUIDE}.new")));
            fs::write(&new, rewritten(&text, &answers)).expect("written");
            fs::rename(new, path).expect("renamed");
        }
        app.stop().await;
    }
}

/// The guide's table of routes is that of the service.
#[actix_web::test]
async fn the_guide_lists_every_route() {
    let app = TestApp::new(Kind::Sqlite).await;
    let text = read(GUIDE);
    let mut listed: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split_once('`'))
        .map(|(route, _)| route.to_owned())
        .filter(|route| route.starts_with("GET ") || route.starts_with("POST "))
        .collect();
    let mut known: Vec<String> =
        super::routes(&app).await.into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
    app.stop().await;
}
