//! Checks the guides against the program. Every request of `docs/api.md` and `README.md` is sent and must give the
//! response printed below it. Settings, scopes, codes, columns and names of tests must be those of the code. A request
//! is a `graphql` block, or a `sh` block with a `curl` of `/graphql`. Its response is the next `json` block, optionally
//! after a `json variables` block. Words after `graphql` narrow the caller: `graphql scope=cadre:read unit=DB`;
//! `purpose=PERSONNEL` sets the header `X-Purpose`. In responses, `…` replaces a value that differs between databases.
//! As a variable, `…` is the last id of a rotation in an earlier response, `quo_…` that of a quota, and so on.
//! `UPDATE_EXPECT=1` rewrites the responses.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cadre_api::{
    config::Cli,
    demo,
    domain::refusal,
    graphql::guard::price,
    import::{self, Outcome},
};
use clap::CommandFactory;
use entity::value::{Purpose, Scope};
use sea_orm::Iterable;
use serde_json::{Map, Value, json};

use crate::support::{Caller, Kind, TestApp, postgres::setting};

/// Replaces a value that is random in every database.
const DRAWN: &str = "…";

/// The keys with random values.
const DRAWN_KEYS: [&str; 9] =
    ["id", "changeCursor", "clientName", "cursor", "startCursor", "endCursor", "requestId", "clientId", "secret"];

/// The files whose requests are sent.
const GUIDES: [&str; 2] = ["README.md", "docs/api.md"];

/// Maximum width of a line of a response.
const WIDTH: usize = 110;

/// A fenced block of a guide.
#[derive(Clone, Debug)]
pub struct Block {
    /// The line of its opening fence, from 0.
    pub line: usize,
    /// The words after the opening fence.
    pub info: String,
    pub text: String,
}

/// A request of a guide with its response.
#[derive(Debug)]
struct Example {
    document: String,
    variables: Value,
    scopes: Option<String>,
    unit: Option<String>,
    purpose: Option<String>,
    answer: Block,
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(info), None) => open = Some(Block { line: at, info: info.trim().to_owned(), text: String::new() }),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is never closed: {open:?}");
    blocks
}

/// The document of a block, if the block is a request.
fn document(block: &Block) -> Option<String> {
    match block.info.split(' ').next() {
        Some("graphql") => Some(block.text.trim_end().to_owned()),
        Some("sh") if block.text.contains("/graphql ") && block.text.contains("-d '") => {
            let body = block.text.split_once("-d '")?.1.rsplit_once('\'')?.0;
            let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
            Some(body["query"].as_str().expect("a query").to_owned())
        }
        _ => None,
    }
}

fn examples(text: &str) -> Vec<Example> {
    let blocks = blocks(text);
    let mut examples = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        let Some(document) = document(block) else { continue };
        let mut below = blocks[at + 1..].iter().peekable();
        let variables = below.next_if(|block| block.info == "json variables");
        let answer = below.next().filter(|answer| answer.info == "json");
        let answer =
            answer.unwrap_or_else(|| panic!("line {}: no response follows\n{document}", block.line + 1)).clone();
        let word = |name: &str| block.info.split(' ').find_map(|word| word.strip_prefix(name)).map(str::to_owned);
        examples.push(Example {
            document,
            variables: variables.map_or(json!({}), |block| serde_json::from_str(&block.text).expect("JSON")),
            scopes: word("scope="),
            unit: word("unit="),
            purpose: word("purpose="),
            answer,
        });
    }
    examples
}

/// The response with `…` instead of random values.
pub fn without_random_values(answer: Value) -> Value {
    match answer {
        Value::Array(items) => items.into_iter().map(without_random_values).collect(),
        Value::Object(fields) => {
            let settle = |(name, value): (String, Value)| match value {
                Value::String(_) if DRAWN_KEYS.contains(&name.as_str()) => (name, json!(DRAWN)),
                value => (name, without_random_values(value)),
            };
            Value::Object(fields.into_iter().map(settle).collect::<Map<_, _>>())
        }
        plain => plain,
    }
}

/// The variables with ids of earlier responses instead of `…`.
fn with_ids(variables: Value, last: &BTreeMap<String, String>) -> Value {
    match variables {
        Value::String(text) if text.ends_with(DRAWN) => {
            let kind = text.trim_end_matches(DRAWN).trim_end_matches('_');
            let kind = if kind.is_empty() { "rot" } else { kind };
            json!(last.get(kind).unwrap_or_else(|| panic!("no earlier response contains an id of {kind}")))
        }
        Value::Array(items) => items.into_iter().map(|item| with_ids(item, last)).collect(),
        Value::Object(fields) => {
            let fill = |(name, value)| (name, with_ids(value, last));
            Value::Object(fields.into_iter().map(fill).collect::<Map<_, _>>())
        }
        plain => plain,
    }
}

/// Remembers the last id of each kind in a response.
pub fn note_ids(answer: &Value, last: &mut BTreeMap<String, String>) {
    match answer {
        Value::String(text) => match text.split_once('_') {
            Some((kind, digits)) if kind.len() == 3 && digits.len() == 26 => {
                last.insert(kind.to_owned(), text.clone());
            }
            _ => {}
        },
        Value::Array(items) => items.iter().for_each(|item| note_ids(item, last)),
        Value::Object(fields) => fields.values().for_each(|value| note_ids(value, last)),
        _ => {}
    }
}

/// JSON as the guides print it: on one line if it fits, otherwise one line per member.
pub fn formatted(value: &Value, indent: usize, taken: usize) -> String {
    let line = one_line(value);
    if indent + taken + line.chars().count() <= WIDTH {
        return line;
    }
    let pad = " ".repeat(indent + 2);
    let lines: Vec<String> = match value {
        Value::Array(items) => items.iter().map(|item| format!("{pad}{}", formatted(item, indent + 2, 1))).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{pad}{}: {}", json!(name), formatted(value, indent + 2, name.len() + 5)))
            .collect(),
        _ => return line,
    };
    let (open, close) = if value.is_array() { ('[', ']') } else { ('{', '}') };
    format!("{open}\n{}\n{}{close}", lines.join(",\n"), " ".repeat(indent))
}

fn one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(one_line).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let member = |(name, value): (&String, &Value)| format!("{}: {}", json!(name), one_line(value));
            format!("{{{}}}", fields.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

/// A guide with new responses.
pub fn rewritten(text: &str, answers: &[(usize, String)]) -> String {
    let answers: BTreeMap<usize, &String> = answers.iter().map(|(line, answer)| (*line, answer)).collect();
    let (mut out, mut inside) = (String::new(), false);
    for (at, line) in text.lines().enumerate() {
        if inside && line.starts_with("```") {
            inside = false;
        }
        if !inside {
            out.push_str(line);
            out.push('\n');
        }
        if let Some(answer) = answers.get(&at) {
            out.push_str(answer);
            out.push('\n');
            inside = true;
        }
    }
    out
}

/// The application with the demo's population.
pub async fn demo_app(kind: Kind) -> TestApp {
    let app = TestApp::empty(kind).await;
    let bundle = tempfile::tempdir().expect("a folder");
    demo::write_bundle(bundle.path()).expect("written");
    assert_eq!(app.import(bundle.path()).await.outcome, Outcome::Loaded);
    app
}

/// A caller that states no purpose by default.
pub async fn caller<'a>(app: &'a TestApp, scopes: Option<&str>, unit: Option<&str>) -> Caller<'a> {
    let reading: Vec<String> = Scope::all().map(|scope| scope.to_string()).filter(|s| s.ends_with(":read")).collect();
    let scopes: Vec<&str> = match scopes {
        Some(scopes) => scopes.split(',').collect(),
        None => reading.iter().map(String::as_str).collect(),
    };
    app.caller_for(&[Purpose::Personnel, Purpose::Training], &scopes, &[unit.unwrap_or(demo::ROOT)]).await
}

#[actix_web::test]
async fn every_request_of_the_guides_gives_the_printed_response() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = demo_app(kind).await;
        for guide in GUIDES {
            let text = read(guide);
            let (mut answers, mut ids) = (Vec::new(), BTreeMap::new());
            for example in examples(&text) {
                let mut caller = caller(&app, example.scopes.as_deref(), example.unit.as_deref()).await;
                caller.purpose = example.purpose.as_deref();
                let answer = caller.ask(&example.document, with_ids(example.variables, &ids)).await;
                note_ids(&answer, &mut ids);
                let answer = without_random_values(answer);
                if setting("UPDATE_EXPECT").is_some() {
                    answers.push((example.answer.line, formatted(&answer, 0, 0)));
                    continue;
                }
                let line = example.answer.line + 1;
                let written: Value = serde_json::from_str(&example.answer.text).expect("JSON");
                assert_eq!(answer, written, "{guide}:{line}, {kind:?}; UPDATE_EXPECT=1 rewrites it");
            }
            if !answers.is_empty() {
                // Renamed in one step, because other tests read the guides at the same time.
                let (path, new) = (root().join(guide), root().join(format!("{guide}.new")));
                fs::write(&new, rewritten(&text, &answers)).expect("written");
                fs::rename(new, path).expect("renamed");
            }
        }
        app.stop().await;
    }
}

#[actix_web::test]
async fn the_loop_of_the_guide_reaches_every_row_once() {
    let text = read("docs/api.md");
    let page = examples(&text).into_iter().find(|example| example.document.contains("query Page("));
    let document = page.expect("the loop").document;
    let app = demo_app(Kind::Sqlite).await;
    let caller = caller(&app, None, None).await;

    let (mut after, mut codes) = (Value::Null, Vec::new());
    loop {
        let data = caller.query_with(&document, json!({ "first": 30, "after": after })).await;
        let list = &data["cadres"];
        codes.extend(list["nodes"].as_array().expect("nodes").iter().map(|node| node["code"].to_string()));
        if list["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        after = list["pageInfo"]["endCursor"].clone();
    }

    assert_eq!(codes.len(), 75);
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 75);
    app.stop().await;
}

#[test]
fn a_request_without_a_response_fails() {
    for (text, good) in [
        ("```graphql\n{ a }\n```\n```json\n{}\n```\n", true),
        ("```graphql\n{ a }\n```\n```json variables\n{}\n```\n```json\n{}\n```\n", true),
        ("```sh\ncurl -s x/graphql -d '{\"query\":\"{ a }\"}'\n```\n```json\n{}\n```\n", true),
        ("```graphql\n{ a }\n```\n", false),
        ("```graphql\n{ a }\n```\n```json variables\n{}\n```\n", false),
        ("```graphql\n{ a }\n```\n```graphql\n{ b }\n```\n```json\n{}\n```\n", false),
        ("```sh\ncurl -s x/graphql -d '{\"query\":\"{ a }\"}'\n```\n", false),
    ] {
        let found = std::panic::catch_unwind(|| examples(text));
        assert_eq!(found.as_ref().map(Vec::len).ok(), good.then_some(1), "{text}");
    }
}

#[test]
fn a_response_is_rewritten_in_its_place() {
    let text = "a\n```graphql\n{ a }\n```\n```json\nold\nold\n```\nb\n";
    let line = examples(text)[0].answer.line;
    assert_eq!(rewritten(text, &[(line, "new".to_owned())]), "a\n```graphql\n{ a }\n```\n```json\nnew\n```\nb\n");
}

/// The cells, without backticks, of the rows that a predicate selects by their first cell.
fn rows(text: &str, is_row: impl Fn(&str) -> bool) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|').to_owned();
        inner.split(" | ").map(|cell| cell.trim().replace('`', "")).collect::<Vec<_>>()
    };
    text.lines().filter(|line| line.starts_with("| `")).map(cells).filter(|cells| is_row(&cells[0])).collect()
}

#[test]
fn the_settings_are_those_of_the_command_line() {
    let command = Cli::command();
    let known: BTreeSet<Vec<String>> = command
        .get_arguments()
        .filter_map(|argument| {
            let setting = argument.get_env()?.to_str()?.to_owned();
            let default: Vec<_> = argument.get_default_values().iter().filter_map(|value| value.to_str()).collect();
            Some(vec![setting, format!("--{}", argument.get_long()?), default.join(" ")])
        })
        .collect();

    // Their defaults depend on other settings, so the command line has none.
    let made =
        ["CADRE_PUBLIC_URL", "CADRE_KEY_ENCRYPTION_KEY", "CADRE_KEY_ENCRYPTION_KEY_FILE", "CADRE_ISSUERS", "CADRE_LOG"];
    let documented: BTreeSet<Vec<String>> = rows(&read("docs/operations.md"), |first| first.starts_with("CADRE_"))
        .into_iter()
        .map(|row| {
            let default = if made.contains(&row[0].as_str()) { String::new() } else { row[2].clone() };
            vec![row[0].clone(), row[1].clone(), default]
        })
        .collect();
    assert_eq!(documented, known);
}

/// The text below a heading, up to the next heading of the same level.
fn section(text: &str, heading: &str) -> String {
    let (_, below) = text.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section {heading}"));
    below.split("\n## ").next().unwrap_or_default().to_owned()
}

#[test]
fn the_scopes_are_those_of_the_code() {
    let known: BTreeSet<String> = Scope::all().map(|scope| scope.to_string()).collect();
    let table = rows(&section(&read("docs/api.md"), "Rights"), |_| true);
    let documented: Vec<String> =
        table.iter().flat_map(|row| row[0].split(", ").map(str::to_owned).collect::<Vec<_>>()).collect();
    assert_eq!(documented.len(), known.len(), "each scope once");
    assert_eq!(documented.into_iter().collect::<BTreeSet<_>>(), known);

    for guide in GUIDES.into_iter().chain(["CHANGELOG.md", "docs/decisions/0006-not-enforced-yet.md"]) {
        let text = read(guide);
        let verbs = ["read", "write", "allocate", "admin"];
        let words = text.split(|c: char| !(c.is_ascii_lowercase() || ".:".contains(c)));
        for word in words.filter(|word| word.split_once(':').is_some_and(|(_, verb)| verbs.contains(&verb))) {
            assert!(known.contains(word), "{guide} names the scope {word}");
        }
    }
}

/// Codes in string literals, from the sources that create errors.
fn codes_of_the_code() -> BTreeSet<String> {
    let mut sources = vec!["src/graphql/error.rs".to_owned(), "src/graphql/guard/rejection.rs".to_owned()];
    for entry in fs::read_dir(root().join("src/http")).expect("src/http") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        sources.extend(name.ends_with(".rs").then(|| format!("src/http/{name}")));
    }
    let is_code = |text: &&str| text.len() > 4 && text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let quoted = |path: &String| {
        let text = read(path);
        text.lines()
            .flat_map(|line| line.split('"').skip(1).step_by(2))
            .filter(is_code)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    sources.iter().flat_map(quoted).collect()
}

/// Each price in the guide is in the row of its amount in the code.
#[test]
fn the_prices_are_those_of_the_code() {
    let guide = read("docs/api.md");
    let amount = |text: &str| text.replace(',', "").parse::<u64>().ok();
    let rows = guide.lines().filter_map(|line| {
        let mut cells = line.trim_matches('|').split(" | ");
        Some((amount(cells.next()?.trim())?, cells.next()?))
    });
    let documented: BTreeSet<(String, u64)> = rows
        .flat_map(|(price, of)| of.split('`').skip(1).step_by(2).map(move |place| (place.to_owned(), price)))
        .filter(|(place, _)| place.contains('.'))
        .collect();

    let prices = price::PRICES.iter().chain(&price::PRICES_WITH_DAY);
    let prices: BTreeSet<_> = prices.map(|(place, price)| ((*place).to_owned(), *price)).collect();
    assert_eq!(documented, prices);
}

#[test]
fn the_codes_of_errors_are_those_of_the_code() {
    let errors = section(&read("docs/api.md"), "Errors");
    let documented: Vec<String> = rows(&errors, |_| true).into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(documented.iter().collect::<BTreeSet<_>>().len(), documented.len(), "each code once");
    assert_eq!(documented.into_iter().collect::<BTreeSet<_>>(), codes_of_the_code());
}

#[test]
fn the_codes_of_refusals_are_those_of_the_code() {
    let guide = read("docs/api.md");
    let refusals = ["Commands on rotations", "Commands on training", "Commands on appraisals", "Clients"]
        .map(|name| rows(&section(&guide, name), |_| true));
    let table = refusals.concat();
    let documented: Vec<String> =
        table.iter().flat_map(|row| row[0].split(", ").map(str::to_owned).collect::<Vec<_>>()).collect();
    let known: BTreeSet<String> = refusal::Code::iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(documented.len(), known.len(), "each code once");
    assert_eq!(documented.into_iter().collect::<BTreeSet<_>>(), known);
}

#[test]
fn the_documented_columns_are_those_of_a_valid_bundle() {
    let list = |columns: &[&str]| if columns.is_empty() { "none".to_owned() } else { columns.join(", ") };
    let known: BTreeMap<String, [String; 2]> =
        import::FILES.iter().map(|file| (file.name.to_owned(), [list(file.columns), list(file.optional)])).collect();
    let documented: BTreeMap<String, [String; 2]> = rows(&read("docs/import.md"), |first| first.ends_with(".csv"))
        .into_iter()
        .map(|row| (row[0].clone(), [row[1].clone(), row[2].clone()]))
        .collect();
    assert_eq!(documented, known);

    // The bundle of the tests has these columns; it may lack optional ones.
    for file in import::FILES {
        let text = read(&format!("tests/api/support/bundle/{}", file.name));
        let header: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
        assert!(header.iter().all(|column| file.columns.contains(column)), "{}: {header:?}", file.name);
        let is_present = |column: &&str| file.optional.contains(column) || header.contains(column);
        assert!(file.columns.iter().all(is_present), "{}: {header:?}", file.name);
    }
    let folder = root().join("tests/api/support/bundle");
    let files = fs::read_dir(folder).expect("a bundle").map(|entry| entry.expect("an entry").file_name());
    assert_eq!(files.count(), import::FILES.len());
}

#[test]
fn the_codes_of_findings_are_those_of_the_code() {
    let source = read("src/import/finding.rs");
    let (_, severities) = source.split_once("fn severity").expect("severities");
    let (severities, _) = severities.split_once("\nimpl ").expect("an end");
    let variants = severities
        .split("Self::")
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next().expect("a name"));
    let screaming = |name: &str| {
        name.chars().enumerate().fold(String::new(), |out, (at, c)| {
            let bar = if at > 0 && c.is_ascii_uppercase() { "_" } else { "" };
            format!("{out}{bar}{}", c.to_ascii_uppercase())
        })
    };
    let known: BTreeSet<String> = variants.map(screaming).collect();
    let documented: BTreeSet<String> =
        rows(&read("docs/import.md"), |first| known.contains(first) || first.contains('_'))
            .into_iter()
            .map(|row| row[0].clone())
            .filter(|code| code.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
            .collect();
    assert_eq!(documented, known);
}

/// Every `.rs` file below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_tests_that_the_documents_name_exist() {
    let mut files = Vec::new();
    for folder in ["src", "entity/src", "migration/src", "tests/api"] {
        sources(&root().join(folder), &mut files);
    }
    let code: String = files.iter().map(|path| fs::read_to_string(path).expect("text")).collect();
    let text = read("docs/invariants.md") + &read("ARCHITECTURE.md");
    let is_test = |word: &&str| {
        word.split('_').count() > 3 && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let named: Vec<&str> = text.split('`').skip(1).step_by(2).filter(is_test).collect();
    assert!(named.len() > 10, "{named:?}");
    for name in named {
        assert!(code.contains(&format!("fn {name}()")), "no test has the name {name}");
    }
}

/// The anchors of the headings of a document, as GitHub forms them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let shown = heading.trim_start_matches('#').trim().to_lowercase();
        let part = |c: char| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c => c.is_alphanumeric().then_some(c),
        };
        shown.chars().filter_map(part).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut guides = vec!["README.md".to_owned(), "ARCHITECTURE.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    for folder in ["docs", "docs/clients", "docs/decisions"] {
        for entry in fs::read_dir(root().join(folder)).expect("a folder") {
            let name = entry.expect("an entry").file_name().into_string().expect("a name");
            guides.extend(name.ends_with(".md").then(|| format!("{folder}/{name}")));
        }
    }
    for guide in guides {
        let text = read(&guide);
        let folder = root().join(&guide).parent().expect("a folder").to_owned();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { root().join(&guide) } else { folder.join(file) };
            assert!(path.exists(), "{guide} links to {target}");
            let has_anchor = || anchors(&fs::read_to_string(&path).expect("a document")).contains(anchor);
            assert!(anchor.is_empty() || has_anchor(), "{guide} links to {target}, which is no heading");
        }
    }
}
