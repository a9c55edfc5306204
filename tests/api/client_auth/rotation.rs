//! Signing keys of the service: they rotate under load, and are stored encrypted.

use std::{
    cell::Cell,
    fs,
    rc::Rc,
    sync::atomic::{AtomicI64, Ordering},
};

use cadre_api::{
    clock::Clock,
    db::Database,
    domain::{client, key},
};
use data_encoding::{BASE64, HEXLOWER};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use super::{GRANT, sent};
use crate::support::{
    KEY_ENCRYPTION_KEY, Kind, Node, clock, copy, open, poll,
    program::{self, PUBLIC_URL, Program, client as registered, printed},
    store,
};

const VIEWER: &str = "{ viewer { clientId } }";

/// State that the concurrent requests of a test share: the clock and the results.
struct Load {
    hand: &'static AtomicI64,
    form: String,
    urls: [String; 2],
    responses: Vec<Cell<u64>>,
    is_over: Cell<bool>,
}

impl Load {
    fn now(&self) -> i64 {
        self.hand.load(Ordering::SeqCst)
    }

    /// Sends requests to both nodes with one token until it expires, then gets another. Panics if a token is refused
    /// that is valid when the response arrives.
    async fn ask(self: Rc<Self>, at: usize) {
        let http = reqwest::Client::new();
        while !self.is_over.get() {
            let issued_after = self.now();
            let (status, answer) = sent(&self.urls[at % 2], "/oauth/token", self.form.clone()).await;
            assert_eq!(status, 200, "{answer}");
            let token = answer["access_token"].as_str().expect("a token").to_owned();
            for node in self.urls.iter().cycle() {
                let request = http.post(format!("{node}/graphql")).bearer_auth(&token);
                let answer = request.json(&json!({ "query": VIEWER })).send().await.expect("an answer");
                self.responses[at].set(self.responses[at].get() + 1);
                let has_ended = self.now() >= issued_after + 600;
                assert!(answer.status() == 200 || has_ended, "a valid token was refused: {}", answer.status());
                if has_ended || self.is_over.get() {
                    break;
                }
            }
        }
    }

    /// Waits until each task has a response to a request that it sent after this call.
    async fn round(&self) {
        let before: Vec<u64> = self.responses.iter().map(Cell::get).collect();
        let is_through = || self.responses.iter().zip(&before).all(|(now, before)| now.get() >= before + 2);
        poll::until_async(async || is_through().then_some(())).await.expect("the tasks still run");
    }
}

async fn load(database: &Database, hand: &'static AtomicI64, nodes: &[Node; 2]) -> Rc<Load> {
    let add = client::Add {
        name: "load".into(),
        scopes: vec!["cadre:read".parse().expect("a scope")],
        units: vec!["W".into()],
        purposes: Vec::new(),
        legal_basis: None,
        valid_from: None,
        valid_to: None,
        documents: entity::value::AllowedDocuments::Any,
    };
    let made = client::add(database, Clock::Hand(hand), add).await.expect("a client");
    Rc::new(Load {
        hand,
        form: format!("{GRANT}&client_id={}&client_secret={}", made.client_id, made.client_secret),
        urls: nodes.each_ref().map(|node| node.url.clone()),
        responses: (0..6).map(|_| Cell::new(0)).collect(),
        is_over: Cell::new(false),
    })
}

async fn kids(node: &Node) -> Vec<String> {
    let set: Value = serde_json::from_str(&node.tokens.jwks().await).expect("JSON");
    set["keys"].as_array().expect("keys").iter().map(|key| key["kid"].as_str().expect("an id").to_owned()).collect()
}

#[actix_web::test]
async fn twenty_rotations_under_load_refuse_no_valid_token() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let database = open(&url).await;
        let hand: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(clock().now().timestamp())));
        let time = Clock::Hand(hand);
        let shared = Some("http://cadre.test");
        let nodes = [Node::start_as(&database, time, shared).await, Node::start_as(&database, time, shared).await];
        let load = load(&database, hand, &nodes).await;
        let askers: Vec<_> =
            (0..load.responses.len()).map(|at| actix_web::rt::spawn(Rc::clone(&load).ask(at))).collect();
        let keys = store(&database);

        for round in 2..=21 {
            load.round().await;
            let made = join_all([0, 1].map(|_| key::rotate(&keys, time))).await;
            let made: Vec<_> = made.into_iter().flatten().collect();
            assert_eq!(made.len(), 1, "{kind:?}: one of two nodes renews the keys");
            assert_eq!(made[0].kid, format!("access-{round}"));
            // Within 5 seconds every node has loaded the new key; it signs after 10 minutes.
            for node in &nodes {
                node.tokens.refresh().await.expect("read");
                assert!(kids(node).await.contains(&made[0].kid), "published before it signs");
            }
            for _ in 0..5 {
                hand.fetch_add(120, Ordering::SeqCst);
                load.round().await;
            }
            let signing = key::list(&keys, time).await.expect("keys");
            assert_eq!(signing.last().map(|key| &key.kid), Some(&made[0].kid));
            key::destroy_ended(&keys, time).await.expect("destroyed");
        }

        load.is_over.set(true);
        for asker in join_all(askers).await {
            asker.expect("no task was refused");
        }
        assert!(load.responses.iter().map(Cell::get).sum::<u64>() > 1000, "{kind:?}: the control: requests were sent");
        hand.fetch_add(3600, Ordering::SeqCst);
        assert_eq!(
            key::destroy_ended(&keys, time).await.expect("destroyed").len(),
            2,
            "the other keys were removed meanwhile"
        );
        for node in &nodes {
            node.tokens.refresh().await.expect("read");
            assert_eq!(kids(node).await, ["access-21"], "{kind:?}");
        }
        for node in nodes {
            node.stop().await;
        }
        database.close().await.expect("closed");
    }
}

fn stop(mut program: Program) {
    program.terminate();
    assert!(program.ended().success(), "{}", program.log());
}

/// The complete content of a copy of the database, as bytes.
async fn dump(kind: Kind, url: &str) -> Vec<u8> {
    match kind {
        Kind::Sqlite => {
            let path = url.trim_start_matches("sqlite://");
            let parts = ["", "-wal"].map(|part| fs::read(format!("{path}{part}")).unwrap_or_default());
            parts.concat()
        }
        Kind::Postgres => {
            let database = open(url).await;
            let rows = "SELECT string_agg(encode(material, 'hex'), ' ') FROM signing_key";
            let row = database.writer().query_one_raw(Statement::from_string(database.backend(), rows)).await;
            let text: String = row.expect("an answer").expect("a row").try_get_by_index(0).expect("text");
            database.close().await.expect("closed");
            text.split(' ').flat_map(|hex| HEXLOWER.decode(hex.as_bytes()).expect("hex")).collect()
        }
    }
}

#[actix_web::test]
async fn no_copy_of_the_database_contains_a_private_key() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let client = registered(&url);
        let database = open(&url).await;
        // An unencrypted key, as earlier versions stored it.
        let document = aws_lc_rs::signature::EcdsaKeyPair::generate_pkcs8(
            &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            &aws_lc_rs::rand::SystemRandom::new(),
        );
        let document = document.expect("a key").as_ref().to_vec();
        // Only the middle of the document is secret.
        let secret = &document[36..68];
        let bytes = match kind {
            Kind::Sqlite => format!("x'{}'", HEXLOWER.encode(&document)),
            Kind::Postgres => format!("decode('{}', 'hex')", HEXLOWER.encode(&document)),
        };
        let plain =
            format!("UPDATE signing_key SET material = {bytes}, encryption_key_id = NULL WHERE kid = 'access-1'");
        database.writer().execute_unprepared(&plain).await.expect("plain");
        database.close().await.expect("closed");
        let holds = async || dump(kind, &url).await.windows(32).any(|window| window == secret);
        assert!(holds().await, "{kind:?}: the control: the plain key is found");

        let program = Program::serve(&url);
        let token = program.token(&client).await;
        assert_eq!(program.ask(&token, VIEWER).await.0, 200, "{kind:?}: it serves with the key");
        stop(program);

        assert!(!holds().await, "{kind:?}");
        let listing = printed(&url, &["key", "list"]);
        assert!(listing.starts_with("access-1  ACTIVE  signs from "), "{listing}");
    }
}

#[actix_web::test]
async fn keys_are_listed_and_renewed_at_the_command_line() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        assert!(printed(&url, &["key", "rotate"]).starts_with("access-2 signs from "));
        let listing = printed(&url, &["key", "list"]);
        let lines: Vec<_> = listing.lines().map(|line| line.split("  signs").next().unwrap_or_default()).collect();
        assert_eq!(lines, ["access-1  ACTIVE", "access-2  NEXT"], "{kind:?}");
        assert!(program::refused(&url, &["key", "rotate"]).contains("the next key already exists"));
        let program = Program::serve(&url);
        let (_, set) = program.get("/oauth/jwks.json").await;
        assert!(set.contains("access-1") && set.contains("access-2"), "{kind:?}: {set}");

        let client = registered(&url);
        let token = program.token(&client).await;
        assert_eq!(program.ask(&token, VIEWER).await.0, 200, "{kind:?}");
        assert!(printed(&url, &["key", "rotate", "--leaked"]).starts_with("access-3 signs from "));
        let refused = poll::until_async(async || (program.ask(&token, VIEWER).await.0 == 401).then_some(())).await;
        refused.expect("a token signed with the old key is rejected");
        let token = program.token(&client).await;
        assert_eq!(program.ask(&token, VIEWER).await.0, 200, "{kind:?}: the new key signs");
    }
}

#[actix_web::test]
async fn a_start_without_the_right_key_fails_with_advice() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let files = tempfile::tempdir().expect("a folder");
        let good = files.path().join("good.key");
        fs::write(&good, format!("{KEY_ENCRYPTION_KEY}\n")).expect("written");
        let bad = files.path().join("bad.key");
        fs::write(&bad, "no key").expect("written");
        let other = BASE64.encode(&[8; 32]);
        let of_file = |name: &str| files.path().join(name).display().to_string();
        let none = match kind {
            Kind::Sqlite => "cadre.db.key is missing, and the keys in the database are encrypted with it",
            Kind::Postgres => "CADRE_KEY_ENCRYPTION_KEY_FILE is not set",
        };

        for (text, file, expected) in [
            ("", String::new(), none),
            (other.as_str(), String::new(), "encrypted with another key encryption key (id "),
            ("c2hvcnQ=", String::new(), "CADRE_KEY_ENCRYPTION_KEY is invalid; it must be 32 bytes in base64"),
            (KEY_ENCRYPTION_KEY, of_file("good.key"), "not both"),
            ("", of_file("bad.key"), "it must contain 32 bytes in base64"),
            ("", of_file("none.key"), "none.key cannot be read"),
        ] {
            let args = ["serve", "--listen", "127.0.0.1:0", "--database-url", &url, "--public-url", PUBLIC_URL];
            let mut command = program::command(files.path(), &args);
            command.env("CADRE_KEY_ENCRYPTION_KEY", text).env("CADRE_KEY_ENCRYPTION_KEY_FILE", file);
            let output = command.output().expect("run");
            let listing = String::from_utf8(output.stderr).expect("text");
            assert!(!output.status.success() && listing.contains(expected), "{kind:?} {expected}: {listing}");
            assert!(!listing.contains(KEY_ENCRYPTION_KEY) && !listing.contains(&other), "{listing}");
        }
        let args = ["key", "list", "--database-url", &url];
        let mut command = program::command(files.path(), &args);
        command.env_remove("CADRE_KEY_ENCRYPTION_KEY").env("CADRE_KEY_ENCRYPTION_KEY_FILE", &good);
        assert!(command.output().expect("run").status.success(), "{kind:?}: the control");
    }
}

#[actix_web::test]
async fn an_embedded_database_gets_a_key_file_that_only_its_owner_can_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = || {
        let mut command = program::command(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
        command.env_remove("CADRE_KEY_ENCRYPTION_KEY");
        Program::start(command)
    };

    stop(start());

    let file = folder.path().join("cadre.db.key");
    let text = fs::read_to_string(&file).expect("a key");
    assert_eq!(BASE64.decode(text.trim().as_bytes()).map(|bits| bits.len()), Ok(32));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    }
    let keys = |program: Program| async move { program.get("/oauth/jwks.json").await };
    let before = keys(start()).await;
    assert_eq!(keys(start()).await, before, "the same key serves again");
    assert_eq!(fs::read_to_string(&file).expect("a key"), text);
}
