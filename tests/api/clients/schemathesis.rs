//! Requests that schemathesis generates from the descriptions of both APIs are answered as the descriptions say.

use std::{fs, process::Command};

use entity::value::Scope;
use tokio::task::spawn_blocking;

use crate::{
    docs_examples::{demo_app, root},
    support::{Kind, TestApp, python},
};

/// Runs schemathesis on a description with a client of all scopes but one: it could revoke itself.
async fn run(app: &TestApp, description: &'static str, path: &str, options: &'static [&'static str]) {
    let scopes: Vec<String> = Scope::all().map(|scope| scope.to_string()).filter(|it| it != "clients:admin").collect();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let caller = app.caller(&scopes, &[cadre_api::demo::ROOT]).await;
    let headers = [format!("Authorization: Bearer {}", caller.token), "Accept-Language: en".to_owned()];
    let url = format!("{}{path}", app.url);
    let run = move || {
        let source = root().join("tests/clients/schemathesis");
        let programs = python::installed("schemathesis", &source.join("requirements.txt"));
        // In its folder it stores the requests of earlier runs.
        let folder = tempfile::tempdir().expect("a folder");
        for file in ["checks.py", "schemathesis.toml"] {
            fs::copy(source.join(file), folder.path().join(file)).expect("copied");
        }
        let mut command = Command::new(programs.join("schemathesis"));
        command.arg("run").arg(root().join(description));
        command.args(["--url", &url, "--phases", "fuzzing", "--continue-on-failure", "--seed", "1", "--no-color"]);
        command.args(headers.iter().flat_map(|header| ["-H", header.as_str()])).args(options);
        let output = command.current_dir(&folder).output().expect("schemathesis");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said
    };
    let said = spawn_blocking(run).await.expect("schemathesis ends");
    assert!(said.contains("generated"), "the control: {said}");
}

#[actix_web::test]
async fn generated_requests_of_rest_get_the_described_answers() {
    let app = demo_app(Kind::Postgres).await;
    run(&app, "openapi.json", "", &["--max-examples", "5"]).await;
    app.stop().await;
}

#[actix_web::test]
async fn generated_documents_of_graphql_get_data_or_refusals() {
    let app = demo_app(Kind::Postgres).await;
    run(&app, "schema.graphql", "/graphql", &["--max-examples", "10", "--checks", "errors_are_refusals"]).await;
    app.stop().await;
}
