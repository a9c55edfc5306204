//! The guides of `docs/clients` are true: their files and commands run against a service with the population of the demo.
//!
//! A block with a file name, such as `python session.py`, is written to a folder. A `console` block has commands, each after
//! `$ `, and below each its output, in which `…` is any text; without lines below it, the output is not compared. All
//! commands of a guide run in the folder, in their order. Commands in `sh` blocks are not run.

mod guide;
mod schemathesis;
mod versions;

use std::path::PathBuf;

use guide::Guide;

use crate::{
    docs_examples::root,
    support::{npm, python},
};

/// The programs of the Python packages of the guides.
fn python_programs() -> PathBuf {
    python::installed("clients", &root().join("tests/clients/python/requirements.txt"))
}

/// The folder of the npm packages of the guides.
fn npm_packages() -> PathBuf {
    let files = [
        ("package.json", include_str!("../../clients/typescript/package.json")),
        ("package-lock.json", include_str!("../../clients/typescript/package-lock.json")),
    ];
    npm::installed("clients", &files).join("node_modules")
}

#[actix_web::test]
async fn the_commands_of_the_python_guide_print_what_it_says() {
    Guide::open("python.md").with_programs(python_programs).run().await;
}

#[actix_web::test]
async fn the_commands_of_the_typescript_guide_print_what_it_says() {
    let packages = npm_packages();
    Guide::open("typescript.md").with_packages(&packages).with_programs(|| packages.join(".bin")).run().await;
}

#[actix_web::test]
async fn the_commands_of_the_curl_guide_print_what_it_says() {
    Guide::open("curl.md").run().await;
}

#[actix_web::test]
async fn the_commands_of_the_guide_for_spreadsheets_print_what_it_says() {
    Guide::open("spreadsheets.md").with_programs(python_programs).run().await;
}

#[actix_web::test]
async fn the_commands_of_the_guide_for_nightly_copies_print_what_it_says() {
    Guide::open("nightly-sync.md").with_files_of("python.md").with_programs(python_programs).run().await;
}
