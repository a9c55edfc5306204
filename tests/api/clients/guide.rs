//! A guide and the service that its commands call.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use cadre_api::{
    clock::Clock,
    demo,
    domain::client::{self, key},
};
use entity::value::{AllowedDocuments, Purpose, Scope};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use crate::{
    docs_examples::{Block, blocks, demo_app, read, root},
    support::{Kind, Node, postgres::setting},
};

/// The scopes of the client of the guides.
const SCOPES: [&str; 9] = [
    "cadre:read",
    "cadre.identity:read",
    "rotation:read",
    "rotation:write",
    "training:read",
    "training:write",
    "quota:read",
    "stats:read",
    "audit:read",
];

pub struct Guide {
    name: &'static str,
    blocks: Vec<Block>,
    folder: TempDir,
    programs: Vec<PathBuf>,
}

/// A command of a guide with the lines below it.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    line: usize,
    command: String,
    output: String,
}

impl Guide {
    /// A guide, with its files and the contracts of the service in a folder.
    pub fn open(name: &'static str) -> Self {
        let blocks = blocks(&read(&format!("docs/clients/{name}")));
        let folder = tempfile::tempdir().expect("a folder");
        for contract in ["schema.graphql", "openapi.json"] {
            fs::copy(root().join(contract), folder.path().join(contract)).expect("copied");
        }
        write_files(&blocks, folder.path());
        Self { name, blocks, folder, programs: Vec::new() }
    }

    /// The guide with the files of another guide.
    pub fn with_files_of(self, other: &str) -> Self {
        write_files(&blocks(&read(&format!("docs/clients/{other}"))), self.folder());
        self
    }

    /// The guide with the folders of more programs, which are installed if necessary.
    pub fn with_programs(mut self, installed: impl FnOnce() -> PathBuf) -> Self {
        self.programs.push(installed());
        self
    }

    /// The guide with npm packages.
    pub fn with_packages(self, packages: &Path) -> Self {
        std::os::unix::fs::symlink(packages, self.folder().join("node_modules")).expect("a link");
        self
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the commands of the guide and compares their output.
    pub async fn run(self) {
        let app = demo_app(Kind::Sqlite).await;
        // Clients sign assertions by the clock of the machine.
        let node = Node::start_as(&app.service, Clock::System, None).await;
        let client = self.register(&app.database).await;
        let steps: Vec<Step> = self.blocks.iter().filter(|block| block.info == "console").flat_map(steps).collect();
        assert!(!steps.is_empty(), "{} has no command", self.name);
        let url = node.url.clone();
        let failures = spawn_blocking(move || {
            let failures = steps.iter().filter_map(|step| self.failure(step, &url, &client));
            failures.collect::<Vec<String>>()
        });
        let failures = failures.await.expect("the commands end");
        assert!(failures.is_empty(), "{}", failures.join("\n"));
        node.stop().await;
        app.stop().await;
    }

    /// Registers the client of the guide, with a secret and with a key: its settings.
    async fn register(&self, database: &cadre_api::db::Database) -> Vec<(&'static str, String)> {
        let add = client::Add {
            name: self.name.to_owned(),
            scopes: SCOPES.iter().map(|scope| scope.parse::<Scope>().expect("a scope")).collect(),
            units: vec![demo::ROOT.to_owned()],
            purposes: Purpose::all().collect(),
            valid_from: None,
            valid_to: None,
            legal_basis: None,
            documents: AllowedDocuments::Any,
        };
        let made = client::add(database, Clock::System, add).await.expect("a client");
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("DER");
        let private = pair.to_pkcs8v1().expect("DER");
        let client = made.client_id;
        let text = pem("PUBLIC KEY", public.as_ref());
        let add = key::Add { client, text, kid: Some("key-1".into()), algorithm: None };
        key::add(database, Clock::System, add).await.expect("a key");
        let file = self.folder().join("client-key.pem");
        fs::write(&file, pem("PRIVATE KEY", private.as_ref())).expect("written");
        vec![
            ("CLIENT_ID", client.to_string()),
            ("CLIENT_SECRET", made.client_secret),
            ("CLIENT_KEY", file.display().to_string()),
            ("CLIENT_KEY_ID", "key-1".to_owned()),
        ]
    }

    /// Runs a command: how its output differs from the guide.
    fn failure(&self, step: &Step, url: &str, client: &[(&str, String)]) -> Option<String> {
        let path = setting("PATH").unwrap_or_default();
        let programs = self.programs.iter().cloned().chain(env::split_paths(&path));
        let mut command = Command::new("bash");
        command.arg("-c").arg(&step.command).current_dir(self.folder()).stdin(Stdio::null());
        command.env("PATH", env::join_paths(programs).expect("a path")).env("CADRE_URL", url);
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUTF8", "1");
        command.envs(client.iter().map(|(name, value)| (*name, value)));
        let output = command.output().unwrap_or_else(|error| panic!("this test needs bash: {error}"));
        let printed = String::from_utf8_lossy(&output.stdout);
        let is_right = output.status.success() && (step.output.is_empty() || matches(&step.output, &printed));
        let place = format!("docs/clients/{}:{}: {}", self.name, step.line, step.command);
        let said = String::from_utf8_lossy(&output.stderr);
        (!is_right).then(|| format!("{place}\nprints ({})\n{printed}{said}", output.status))
    }
}

fn write_files(blocks: &[Block], folder: &Path) {
    for (name, text) in blocks.iter().filter_map(|block| Some((file_name(block)?, &block.text))) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", data_encoding::BASE64.encode(der))
}

/// The file that a block is.
fn file_name(block: &Block) -> Option<&str> {
    block.info.split(' ').nth(1).filter(|word| word.contains('.') && !word.contains('='))
}

/// The commands of a block.
fn steps(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut continues = false;
    for (at, line) in block.text.lines().enumerate() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => {
                steps.push(Step { line: block.line + 2 + at, command: command.to_owned(), output: String::new() });
                continues = command.ends_with('\\');
            }
            (None, Some(step)) if continues => {
                step.command.push('\n');
                step.command.push_str(line);
                continues = line.ends_with('\\');
            }
            (None, Some(step)) => {
                step.output.push_str(line);
                step.output.push('\n');
            }
            (None, None) => panic!("line {}: output without a command", block.line + 2 + at),
        }
    }
    steps
}

/// Whether a text is that of the guide, in which `…` is any text within a line.
fn matches(expected: &str, printed: &str) -> bool {
    let (expected, printed): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), printed.lines().collect());
    expected.len() == printed.len()
        && expected.iter().zip(printed).all(|(expected, printed)| line_matches(expected, printed))
}

fn line_matches(expected: &str, printed: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = parts.next().and_then(|first| printed.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[test]
fn a_command_has_the_lines_below_it() {
    let block = Block { line: 4, info: "console".into(), text: "$ a \\\n  b\nx\n$ c\n".into() };
    let step = |line, command: &str, output: &str| Step { line, command: command.into(), output: output.into() };
    assert_eq!(steps(&block), [step(6, "a \\\n  b", "x\n"), step(9, "c", "")]);
}

#[test]
fn a_mark_in_an_output_is_any_text_of_its_line() {
    for (expected, printed, is_equal) in [
        ("a\nb\n", "a\nb\n", true),
        ("a\n", "a\nb\n", false),
        ("a\n", "ab\n", false),
        ("a…c\n", "abc\n", true),
        ("a…c\n", "abd\n", false),
        ("…b…\n", "abc\n", true),
        ("…b…\n", "ac\n", false),
        ("id …\n", "id cad_1\n", true),
        ("…\n", "\n", true),
        ("a…\n", "b\n", false),
    ] {
        assert_eq!(matches(expected, printed), is_equal, "{expected:?} {printed:?}");
    }
}
