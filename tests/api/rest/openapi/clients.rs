//! A TypeScript client with types that `openapi-typescript` generates from the description compiles (`tests/openapi`).

use std::{fs, process::Command};

use crate::support::npm;

const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("../../../openapi/package.json")),
    ("package-lock.json", include_str!("../../../openapi/package-lock.json")),
    ("client.ts", include_str!("../../../openapi/client.ts")),
];

#[test]
fn a_typescript_client_with_generated_types_compiles() {
    let installed = npm::installed("openapi", &FILES);
    let description = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let out = tempfile::tempdir_in(&installed).expect("a folder");
    fs::write(out.path().join("client.ts"), FILES[2].1).expect("written");
    let run = |tool: &str, arguments: &[&str]| {
        let path = installed.join("node_modules/.bin").join(tool);
        let output = Command::new(path).args(arguments).current_dir(out.path()).output();
        let output = output.unwrap_or_else(|error| panic!("this test needs node (Debian: nodejs): {error}"));
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    };

    let (ok, text) = run("openapi-typescript", &[description, "-o", "schema.d.ts"]);
    assert!(ok, "{text}");
    let options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--skipLibCheck", "client.ts"];
    let (ok, text) = run("tsc", &options);
    assert!(ok, "{text}");

    let broken = FILES[2].1.replace("cadre.code)", "cadre.name)");
    fs::write(out.path().join("client.ts"), broken).expect("written");
    let (ok, text) = run("tsc", &options);
    assert!(!ok && text.contains("'name' does not exist"), "the control: {text}");
}
