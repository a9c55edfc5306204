//! The versions of packages in the guides are those that the tests run.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::docs_examples::{blocks, read};

/// The packages that the commands of a guide install, with their versions.
fn installs(guide: &str, command: &str) -> BTreeSet<String> {
    let lines: Vec<String> = blocks(&read(&format!("docs/clients/{guide}")))
        .into_iter()
        .filter(|block| block.info == "sh")
        .flat_map(|block| block.text.replace("\\\n", " ").lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let words = lines.iter().filter_map(|line| line.strip_prefix(command)).flat_map(str::split_whitespace);
    words.filter(|word| !word.starts_with('-')).map(|word| word.replace(['\'', '"'], "")).collect()
}

#[test]
fn the_guides_install_the_tested_versions_of_python_packages() {
    let tested = read("tests/clients/python/requirements.in");
    let tested: BTreeSet<String> = tested.lines().map(str::to_owned).collect();
    let named: BTreeSet<String> =
        ["python.md", "spreadsheets.md"].iter().flat_map(|guide| installs(guide, "pip install ")).collect();
    assert_eq!(named, tested);
}

#[test]
fn the_guide_installs_the_tested_versions_of_npm_packages() {
    let tested: Value = serde_json::from_str(&read("tests/clients/typescript/package.json")).expect("JSON");
    let tested = tested["devDependencies"].as_object().expect("packages");
    let tested: BTreeSet<String> =
        tested.iter().map(|(name, version)| format!("{name}@{}", version.as_str().expect("a version"))).collect();
    assert_eq!(installs("typescript.md", "npm install "), tested);
}
