//! The public GraphQL-over-HTTP audits (`tests/audit`), run by Node against a server.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::support::{Kind, TestApp};

const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("../audit/package.json")),
    ("package-lock.json", include_str!("../audit/package-lock.json")),
    ("run.mjs", include_str!("../audit/run.mjs")),
];

/// The result of the audits.
#[derive(Debug)]
pub enum Outcome {
    /// All of them are ok.
    Passed { ok: u64, total: u64 },
    /// A line for each failed audit, and other errors.
    Failed(Vec<String>),
}

/// Runs all audits against the GraphQL endpoint at `url` with `token`. Panics without Node and npm.
pub async fn run(url: &str, token: &str) -> Outcome {
    let (url, token) = (url.to_owned(), token.to_owned());
    spawn_blocking(move || run_blocking(&url, &token)).await.expect("the audits can be run")
}

/// In a copy, so that the working tree stays clean.
fn run_blocking(url: &str, token: &str) -> Outcome {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, text) in FILES {
        fs::write(folder.path().join(name), text).expect("a new file can be written");
    }

    if let Err(reason) = command(folder.path(), "node", &["--version"], &[]) {
        panic!("the audits need Node: {reason}");
    }
    let install = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--loglevel=error"];
    match command(folder.path(), "npm", &install, &[]) {
        Err(reason) => panic!("the audits need npm: {reason}"),
        Ok(output) if !output.status.success() => {
            panic!("npm ci failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(_) => {}
    }

    match command(folder.path(), "node", &["run.mjs"], &[("URL", url), ("TOKEN", token)]) {
        Err(reason) => panic!("the audits need Node: {reason}"),
        Ok(output) => judge(&output),
    }
}

fn command(folder: &Path, program: &str, args: &[&str], env: &[(&str, &str)]) -> Result<Output, String> {
    let mut command = std::process::Command::new(program);
    command.args(args).envs(env.iter().copied()).current_dir(folder).stdin(Stdio::null());
    command.output().map_err(|error| format!("{program} cannot be run: {error}"))
}

/// Checks that the printed sum agrees with the exit code.
fn judge(output: &Output) -> Outcome {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<Value> = stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let sum = lines.iter().find_map(|line| Some((line["ok"].as_u64()?, line["total"].as_u64()?)));
    if let (true, Some((ok, total))) = (output.status.success(), sum) {
        return Outcome::Passed { ok, total };
    }

    let mut failed: Vec<String> = lines.iter().filter(|line| line["status"] != "ok").map(Value::to_string).collect();
    failed.push(format!("node run.mjs: {}", output.status));
    failed.extend(String::from_utf8_lossy(&output.stderr).lines().map(str::to_owned));
    Outcome::Failed(failed)
}

/// The control: a server that always sends the same text does not pass.
#[actix_web::test]
async fn the_audits_reject_a_wrong_server() {
    use actix_web::{App, HttpResponse, HttpServer, web};

    let always =
        || async { HttpResponse::Ok().content_type("application/json").body(r#"{"data":{"__typename":"Query"}}"#) };
    let server = HttpServer::new(move || App::new().default_service(web::to(always))).workers(1);
    let server = server.disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/graphql", server.addrs()[0]);
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);

    let outcome = run(&url, "token").await;
    handle.stop(false).await;

    match outcome {
        Outcome::Passed { ok, total } => panic!("a server that always sends the same text passed {ok} of {total}"),
        Outcome::Failed(lines) => {
            let names = |id: &str| lines.iter().any(|line| line.contains(id));
            assert!(names("22EB"), "the content type is not the requested one: {lines:#?}");
            assert!(!names("2C94"), "a plain query is answered with 200: {lines:#?}");
        }
    }
}

#[actix_web::test]
async fn the_service_passes_all_public_audits() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;

    let outcome = run(&format!("{}/graphql", app.url), &caller.token).await;

    app.stop().await;
    match outcome {
        Outcome::Passed { ok, total } => assert_eq!((ok, total), (61, 61)),
        Outcome::Failed(lines) => panic!("{lines:#?}"),
    }
}
