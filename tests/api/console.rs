//! The console: files, headers, sample queries, and the page in a browser (`tests/console`) if one is installed.

use std::{io::Read, path::PathBuf, process::Command};

use cadre_api::{demo, http::console::SAMPLES, import::Outcome};
use data_encoding::HEXLOWER;
use flate2::read::GzDecoder;
use reqwest::Response;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use crate::support::{
    Kind, TestApp, copy, npm, poll, postgres,
    program::{self, Program, client},
};

const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("../console/package.json")),
    ("package-lock.json", include_str!("../console/package-lock.json")),
    ("run.mjs", include_str!("../console/run.mjs")),
];

/// Paths of the console, and their media types.
const PATHS: [(&str, &str); 7] = [
    ("/console", "text/html; charset=utf-8"),
    ("/console/console.js", "text/javascript; charset=utf-8"),
    ("/console/console.css", "text/css; charset=utf-8"),
    ("/console/graphiql.min.js", "text/javascript; charset=utf-8"),
    ("/console/graphiql.min.css", "text/css; charset=utf-8"),
    ("/console/react.production.min.js", "text/javascript; charset=utf-8"),
    ("/console/react-dom.production.min.js", "text/javascript; charset=utf-8"),
];

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().expect("ASCII"))
}

async fn get(url: &str, encoding: &str) -> Response {
    reqwest::Client::new().get(url).header("Accept-Encoding", encoding).send().await.expect("an answer")
}

#[actix_web::test]
async fn the_console_is_served_only_if_it_is_on() {
    let (url, _folder) = copy(Kind::Sqlite).await;
    for (flags, status) in [(&[][..], 404), (&["--console", "off"], 404), (&["--console", "on"], 200)] {
        let program = Program::serve_with(&url, flags);
        for (path, _) in PATHS {
            let answer = get(&format!("{}{path}", program.url), "gzip").await;
            assert_eq!(answer.status().as_u16(), status, "{flags:?} {path}");
        }
        let (_, root) = program.get("/").await;
        let root: Value = serde_json::from_str(&root).expect("JSON");
        assert_eq!(root["console"], if status == 200 { json!("/console") } else { Value::Null }, "{flags:?}");
        let page = reqwest::Client::new().get(&program.url).header("Accept", "text/html").send().await;
        let page = page.expect("an answer").text().await.expect("text");
        assert_eq!(page.matches(r#"href="console""#).count(), if status == 200 { 2 } else { 0 }, "{flags:?} {page}");
        assert_eq!(page.matches(r#"href="schema.graphql""#).count(), 2, "{flags:?} {page}");
    }
}

#[actix_web::test]
async fn the_files_of_the_console_load_nothing_from_other_hosts() {
    let (url, _folder) = copy(Kind::Sqlite).await;
    let program = Program::serve_with(&url, &["--console", "on"]);
    for (path, kind) in PATHS {
        let plain = get(&format!("{}{path}", program.url), "identity").await;
        assert_eq!((header(&plain, "content-type"), header(&plain, "content-encoding")), (kind, ""), "{path}");
        let policy = header(&plain, "content-security-policy").to_owned();
        for rule in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.split("; ").any(|found| found == rule), "{path}: {rule}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("://"), "{path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(header(&plain, name), value, "{path}");
        }
        let tag = header(&plain, "etag").to_owned();
        let plain = plain.bytes().await.expect("bytes");
        let compressed = get(&format!("{}{path}", program.url), "gzip").await;
        assert_eq!(
            (header(&compressed, "content-encoding"), header(&compressed, "etag")),
            ("gzip", tag.as_str()),
            "{path}"
        );
        let mut inflated = Vec::new();
        GzDecoder::new(&compressed.bytes().await.expect("bytes")[..]).read_to_end(&mut inflated).expect("gzip");
        assert!(inflated == plain, "{path}");
        let request = reqwest::Client::new().get(format!("{}{path}", program.url)).header("If-None-Match", &tag);
        assert_eq!(request.send().await.expect("an answer").status(), 304, "{path}");
    }
    let (_, page) = program.get("/console").await;
    assert!(!page.contains("://") && !page.contains("<script>") && !page.contains("style="), "{page}");
    assert!(
        !page.contains("client_secret") && !page.contains(r#"id="secret""#),
        "the page contains a secret only for the demo: {page}"
    );
}

/// The third-party files have the hashes that `third_party/console.md` lists.
#[test]
fn the_third_party_files_are_those_of_their_packages() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("third_party");
    let list = std::fs::read_to_string(folder.join("console.md")).expect("the list");
    let mut count = 0;
    for entry in std::fs::read_dir(folder.join("console")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "gz") {
            continue;
        }
        let mut plain = Vec::new();
        GzDecoder::new(std::fs::File::open(&path).expect("a file")).read_to_end(&mut plain).expect("gzip");
        let name = path.file_stem().expect("a name").to_str().expect("UTF-8");
        let digest = HEXLOWER.encode(&Sha256::digest(&plain));
        assert!(list.lines().any(|line| line.contains(name) && line.contains(&digest)), "{name} {digest}");
        count += 1;
    }
    assert_eq!(count, 4);
}

#[actix_web::test]
async fn the_sample_queries_of_the_console_find_rows_in_the_demo() {
    let app = TestApp::empty(Kind::Sqlite).await;
    let bundle = tempfile::tempdir().expect("a folder");
    demo::write_bundle(bundle.path()).expect("written");
    assert_eq!(app.import(bundle.path()).await.outcome, Outcome::Loaded);
    let scopes = ["cadre:read", "cadre.identity:read", "stats:read"];
    let purposes: Vec<_> = SAMPLES.iter().filter_map(|sample| sample.purpose).collect();
    let stated: Vec<_> = SAMPLES.iter().map(|sample| sample.purpose.map(|purpose| purpose.to_string())).collect();
    let mut caller = app.caller_for(&purposes, &scopes, &[demo::ROOT]).await;

    for (sample, purpose) in SAMPLES.iter().zip(&stated) {
        caller.purpose = purpose.as_deref();
        let data = caller.query(sample.document).await;
        let values: Vec<&Value> = data.as_object().expect("an object").values().collect();
        assert!(values.iter().all(|value| !value.is_null()), "{}: {data}", sample.title);
    }
    app.stop().await;
}

/// An installed browser: from the environment, or found in `PATH`.
fn browser() -> Option<PathBuf> {
    if let Some(named) = postgres::setting("CADRE_TEST_BROWSER") {
        return Some(PathBuf::from(named));
    }
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    let path = postgres::setting("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
}

/// The findings of the script about the console of a server.
async fn visit_console(browser: PathBuf, url: &str, pass: (&'static str, String)) -> Value {
    let is_demo = pass.0 == "CREDENTIALS";
    let environment = [("URL", url.to_owned()), ("BROWSER", browser.display().to_string()), pass];
    let run = move || {
        let folder = npm::installed("console", &FILES);
        let mut node = Command::new("node");
        node.arg("run.mjs").envs(environment).current_dir(folder);
        if let Some(file) = postgres::setting("CADRE_TEST_SCREENSHOT").filter(|_| is_demo) {
            node.env("SCREENSHOT", file);
        }
        let output = node.output().unwrap_or_else(|error| panic!("this test needs node (Debian: nodejs): {error}"));
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&printed).expect("JSON")
    };
    spawn_blocking(run).await.expect("the runner does not panic")
}

/// The page stores nothing in the browser, contacts no other host and reports no error.
fn assert_clean(found: &Value) {
    assert_eq!(found["status"], 200, "{found:#}");
    assert_eq!(found["hadEditorBeforeToken"], false, "{found:#}");
    assert!(found["documentation"].as_str().is_some_and(|text| text.contains("Query")), "{found:#}");
    for name in
        ["consoleMessages", "otherHosts", "violations", "localStorage", "sessionStorage", "databases", "cacheNames"]
    {
        assert_eq!(found[name], json!([]), "{name}: {found:#}");
    }
    assert_eq!((&found["cookies"], &found["fields"]), (&json!(""), &json!(["", ""])), "{found:#}");
    assert_eq!(found["control"], json!({ "inlineStyle": true, "inlineScript": true, "otherHost": true }), "{found:#}");
}

#[actix_web::test]
async fn the_console_works_in_a_browser() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no browser (Debian: chromium); CADRE_TEST_BROWSER names one");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(program::command(folder.path(), &["serve", "--demo", "--listen", "127.0.0.1:0"]));
    let prefix = "Client id and secret, for new tokens: ";
    let credentials =
        poll::until(|| program.output().lines().find_map(|line| line.strip_prefix(prefix).map(str::to_owned)));

    let found = visit_console(browser.clone(), &program.url, ("CREDENTIALS", credentials.expect("a client"))).await;

    assert_clean(&found);
    assert_eq!(found["hasCredentials"], true);
    let samples = found["samples"].as_array().expect("samples");
    assert_eq!(samples.len(), SAMPLES.len(), "{found:#}");
    for sample in samples {
        let outcome = (&sample["status"], &sample["hasValue"], &sample["errors"]);
        assert_eq!(outcome, (&json!(200), &json!(true), &json!([])), "{sample:#}");
    }
    let requests = found["asked"].as_array().expect("requests");
    assert!(requests.iter().any(|request| request["isIntrospection"] == true), "{found:#}");
    assert!(requests.iter().any(|request| request["purpose"] == "PERSONNEL"), "{found:#}");
    assert_eq!(requests.last().map(|request| &request["language"]), Some(&json!("en")), "{found:#}");
    assert!(found["shown"].as_str().is_some_and(|shown| shown.starts_with("200 · X-Request-Id: ")), "{found:#}");

    let (url, _folder) = copy(Kind::Sqlite).await;
    let credentials = client(&url);
    let program = Program::serve_with(&url, &["--console", "on"]);
    let token = program.token(&credentials).await;
    let found = visit_console(browser, &program.url, ("TOKEN", token)).await;
    assert_clean(&found);
    assert_eq!(found["hasCredentials"], false, "{found:#}");
    assert_eq!(found["samples"].as_array().map(Vec::len), Some(2), "{found:#}");
}
