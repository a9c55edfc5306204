//! Webhooks: the service announces that there may be changes, to endpoints that verify it, and nothing else.

mod receiver;
mod visible;

use std::{
    process::Command,
    sync::atomic::{AtomicI64, Ordering},
};

use cadre_api::{
    auth::KeyStore,
    clock::Clock,
    domain::webhook::{self, Attempt, Destinations, Sender},
};
use chrono::TimeDelta;
use entity::value::ClientId;
use receiver::{Received, Receiver, SILENCE};
use sea_orm::EntityTrait;
use serde_json::Value;

use crate::{
    embargo,
    support::{
        TestApp, on_both, open, poll,
        program::{self, Program},
        store,
    },
};

/// Moment of the first step.
const START: i64 = 1_780_290_000;

/// A client with an endpoint, and the steps of one process at given moments.
struct Announcing<'a> {
    app: &'a TestApp,
    store: KeyStore,
    sender: Sender,
    seconds: &'static AtomicI64,
    client: ClientId,
    secret: String,
    public_key: String,
    changes: u32,
}

impl<'a> Announcing<'a> {
    async fn new(app: &'a TestApp, receiver: &Receiver) -> Self {
        let seconds: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(START)));
        let client = app.caller(&["cadre:read"], &["P"]).await.id.parse().expect("an id");
        let (store, sender) = (store(&app.service), sender(&[receiver.host()], true));
        let added = webhook::add(&store, &sender, Clock::Hand(seconds), (client, &receiver.url())).await;
        let added = added.expect("a webhook");
        let (secret, public_key) = (added.secret, added.public_key);
        Self { app, store, sender, seconds, client, secret, public_key, changes: 0 }
    }

    fn clock(&self) -> Clock {
        Clock::Hand(self.seconds)
    }

    /// Commits a change that every client sees.
    async fn change(&mut self) {
        self.changes += 1;
        let title =
            format!("code,name,category,tier,is_key_leader\nW{},Chuyên viên,CADRE,COMMUNE,false\n", self.changes);
        self.app.import_text(&[("titles.csv", &title)]).await;
    }

    /// The step of the process after some seconds.
    async fn after(&self, seconds: i64) -> Vec<Attempt> {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
        webhook::deliver_due(&self.store, &self.sender, self.clock()).await.expect("a step")
    }

    fn delivered(&self) -> Vec<Attempt> {
        vec![Attempt { client: self.client, failure: None, is_disabled: false }]
    }

    fn failed(&self, failure: &str) -> Vec<Attempt> {
        vec![Attempt { client: self.client, failure: Some(failure.to_owned()), is_disabled: false }]
    }

    fn disabled(&self, failure: &str) -> Vec<Attempt> {
        vec![Attempt { client: self.client, failure: Some(failure.to_owned()), is_disabled: true }]
    }

    async fn row(&self) -> entity::webhook::Model {
        let row = entity::webhook::Entity::find_by_id(self.client).one(self.app.database.reader()).await;
        row.expect("read").expect("a webhook")
    }
}

fn sender(hosts: &[String], allows_private: bool) -> Sender {
    Sender::new(Destinations::new(hosts.iter().cloned(), allows_private)).expect("a sender")
}

/// The signatures of a request of one version, such as `v1`.
fn signatures(request: &Received, version: &str) -> Vec<String> {
    let all = request.header("webhook-signature").split(' ').filter_map(|one| one.split_once(','));
    all.filter(|(of, _)| *of == version).map(|(_, signature)| signature.to_owned()).collect()
}

/// The signature that the library of the specification computes for a request.
fn expected(secret: &str, request: &Received) -> String {
    let at = request.header("webhook-timestamp").parse().expect("seconds");
    let library = standardwebhooks::Webhook::new(secret).expect("a secret");
    let signed = library.sign(request.header("webhook-id"), at, request.body.as_bytes()).expect("a signature");
    signed.strip_prefix("v1,").expect("version 1").to_owned()
}

/// Whether Node verifies an Ed25519 signature over a message.
fn node_verifies(public_key: &str, message: &str, signature: &str) -> bool {
    const VERIFY: &str = "const [key, message, signature] = process.argv.slice(1);
        const x = Buffer.from(key.replace('whpk_', ''), 'base64').toString('base64url');
        const crypto = require('node:crypto');
        const jwk = crypto.createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
        process.exit(crypto.verify(null, Buffer.from(message), jwk, Buffer.from(signature, 'base64')) ? 0 : 9)";
    let node = Command::new("node").args(["-e", VERIFY, public_key, message, signature]).output();
    let node = node.expect("this test needs node");
    match node.status.code() {
        Some(0) => true,
        Some(9) => false,
        _ => panic!("{}", String::from_utf8_lossy(&node.stderr)),
    }
}

#[actix_web::test]
async fn an_announcement_is_signed_and_contains_no_data() {
    on_both(async |app| {
        let receiver = Receiver::start();
        let mut of = Announcing::new(app, &receiver).await;
        assert_eq!(of.after(0).await, [], "nothing has changed");
        app.caller(&["cadre:read"], &["P"]).await;
        assert_eq!(of.after(1).await, [], "a new client is no change of the feed");

        of.change().await;
        assert_eq!(of.after(1).await, of.delivered());
        assert_eq!(of.after(1).await, [], "announced once");

        let [request] = &receiver.received()[..] else { panic!("one request") };
        let body: Value = serde_json::from_str(&request.body).expect("JSON");
        assert_eq!(body["type"], "vn.cadre.changes");
        assert_eq!(body["data"], serde_json::json!({}));
        assert_eq!(body.as_object().expect("an object").len(), 3, "{body}");
        assert_eq!(request.header("content-type"), "application/json");
        assert_eq!(request.header("webhook-timestamp"), (START + 2).to_string());
        assert_eq!(signatures(request, "v1"), [expected(&of.secret, request)]);

        let [own] = &signatures(request, "v1a")[..] else { panic!("one signature") };
        let (id, at) = (request.header("webhook-id"), request.header("webhook-timestamp"));
        let message = format!("{id}.{at}.{}", request.body);
        assert!(node_verifies(&of.public_key, &message, own));
        assert!(!node_verifies(&of.public_key, &format!("{message} "), own), "the control: another message");
    })
    .await;
}

#[actix_web::test]
async fn both_secrets_sign_during_a_rotation() {
    on_both(async |app| {
        let receiver = Receiver::start();
        let mut of = Announcing::new(app, &receiver).await;
        let overlap = TimeDelta::seconds(100);
        let second = webhook::rotate_secret(&of.store, of.clock(), of.client, overlap).await.expect("a secret");
        for _ in 0..2 {
            of.change().await;
            assert_eq!(of.after(60).await, of.delivered());
        }

        let [during, after] = &receiver.received()[..] else { panic!("two requests") };
        assert_eq!(signatures(during, "v1"), [expected(&second, during), expected(&of.secret, during)]);
        assert_eq!(signatures(after, "v1"), [expected(&second, after)], "the old secret has ended");
        assert_ne!(during.header("webhook-id"), after.header("webhook-id"));
        for stored in [of.row().await.secret, of.row().await.previous_secret.expect("a secret")] {
            assert!(stored.len() > 32, "encrypted, with nonce and tag");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_failed_announcement_is_repeated_with_increasing_pauses() {
    on_both(async |app| {
        let receiver = Receiver::start();
        let elsewhere = Receiver::start();
        let mut of = Announcing::new(app, &receiver).await;
        let redirect = format!("302 Found\r\nlocation: {}", elsewhere.url());
        receiver.answer(&["500 Broken", &redirect, "429 Slow"]);
        of.change().await;

        assert_eq!(of.after(1).await, of.failed("500"));
        assert_eq!(of.after(4).await, [], "5 seconds after the first failure");
        of.change().await;
        assert_eq!(of.after(1).await, of.failed("302"), "a redirect is not followed");
        assert_eq!(elsewhere.connections(), 0);
        assert_eq!(of.after(299).await, [], "5 minutes after the second failure");
        assert_eq!(of.after(1).await, of.failed("429"));
        assert_eq!(of.after(1_799).await, [], "30 minutes after the third failure");
        assert_eq!(of.after(1).await, of.delivered());

        let requests = receiver.received();
        let ids: Vec<&str> = requests.iter().map(|request| request.header("webhook-id")).collect();
        assert_eq!(ids, [ids[0]; 4], "one announcement");
        assert!(requests.iter().all(|request| request.body == requests[0].body));
        for request in &requests {
            assert_eq!(signatures(request, "v1"), [expected(&of.secret, request)]);
        }
        assert_eq!(of.after(1).await, of.delivered(), "the change in between is announced too");
        let row = of.row().await;
        assert_eq!((row.failures, row.failing_since, row.pending_id), (0, None, None));
        assert_eq!(row.last_failure.as_deref(), Some("429"));
    })
    .await;
}

#[actix_web::test]
async fn an_endpoint_that_is_gone_or_fails_for_three_days_is_disabled() {
    on_both(async |app| {
        let receiver = Receiver::start();
        let mut of = Announcing::new(app, &receiver).await;
        receiver.answer(&["410 Gone"]);
        of.change().await;
        assert_eq!(of.after(1).await, of.disabled("410"));
        assert_eq!(of.after(1_000_000).await, [], "nothing is sent");
        assert!(webhook::replay(&of.store, of.clock(), of.client).await.is_err());

        webhook::enable(&of.store, of.clock(), of.client).await.expect("enabled");
        assert!(webhook::enable(&of.store, of.clock(), of.client).await.is_err());
        assert_eq!(of.after(0).await, of.delivered(), "the pending announcement");

        receiver.answer(&["500 Broken"; 20]);
        of.change().await;
        let (mut waited, mut attempts) = (0, 0);
        let last = loop {
            let attempted = of.after(1_800).await;
            waited += 1_800;
            attempts += attempted.len();
            if attempted.iter().any(|attempt| attempt.is_disabled) {
                break attempted;
            }
        };
        assert_eq!(last, of.disabled("500"));
        assert!((259_200..259_200 + 40_000).contains(&waited), "three days, and one pause at most: {waited}");
        assert!((5..15).contains(&attempts), "{attempts}");
        let acts = entity::audit_entry::Entity::find().all(app.database.reader()).await.expect("read");
        assert_eq!(acts.iter().filter(|entry| entry.act == "webhook.disable").count(), 2);
    })
    .await;
}

#[actix_web::test]
async fn an_endpoint_with_a_private_address_is_not_connected_to() {
    on_both(async |app| {
        let receiver = Receiver::start();
        let mut of = Announcing::new(app, &receiver).await;
        of.change().await;
        let host = format!("localhost:{}", receiver.port);
        let url = format!("https://{host}/hook");
        let client: ClientId = app.caller(&["cadre:read"], &["P"]).await.id.parse().expect("an id");
        let strict = sender(&[host.clone(), receiver.host()], false);
        let direct = format!("https://{}/hook", receiver.host());
        assert!(webhook::add(&of.store, &strict, of.clock(), (client, &direct)).await.is_err(), "an address");
        webhook::add(&of.store, &strict, of.clock(), (client, &url)).await.expect("a name: resolved later");
        webhook::replay(&of.store, of.clock(), client).await.expect("announced");

        let attempts = webhook::deliver_due(&of.store, &strict, of.clock()).await.expect("a step");
        let failures: Vec<_> = attempts.iter().filter_map(|attempt| attempt.failure.as_deref()).collect();
        assert_eq!(attempts.len(), 2);
        assert!(failures.contains(&"CONNECTION") && failures.contains(&"HOST"), "{attempts:?}");
        assert_eq!(receiver.connections(), 0);

        of.seconds.fetch_add(5, Ordering::SeqCst);
        let open = sender(&[host], true);
        webhook::deliver_due(&of.store, &open, of.clock()).await.expect("a step");
        assert!(receiver.connections() > 0, "the control: the setting allows the address");
    })
    .await;
}

#[actix_web::test]
async fn processes_deliver_once_and_take_over_after_a_kill() {
    on_both(async |app| {
        let receiver = Receiver::start();
        let mut of = Announcing::new(app, &receiver).await;
        let other = open(&app.database_url).await;
        let other_store = store(&other);
        for round in 1..=5 {
            of.change().await;
            of.seconds.fetch_add(1, Ordering::SeqCst);
            let steps = (
                webhook::deliver_due(&of.store, &of.sender, of.clock()),
                webhook::deliver_due(&other_store, &of.sender, of.clock()),
            );
            let (first, second) = tokio::join!(steps.0, steps.1);
            assert_eq!(first.expect("a step").len() + second.expect("a step").len(), 1);
            assert_eq!(receiver.received().len(), round);
        }

        receiver.answer(&[SILENCE]);
        of.change().await;
        let arrived = poll::until_async(async || (receiver.received().len() == 6).then_some(()));
        tokio::select! {
            _ = of.after(1) => panic!("the endpoint does not answer"),
            arrived = arrived => arrived.expect("a request"),
        }
        assert_eq!(of.after(29).await, [], "the process that is gone has claimed the endpoint");
        let taken_over = webhook::deliver_due(&other_store, &of.sender, Clock::Hand(of.seconds)).await.expect("a step");
        assert_eq!(taken_over, []);
        of.seconds.fetch_add(1, Ordering::SeqCst);
        let taken_over = webhook::deliver_due(&other_store, &of.sender, Clock::Hand(of.seconds)).await.expect("a step");
        assert_eq!(taken_over, of.delivered());
        let requests = receiver.received();
        assert_eq!(requests[5].header("webhook-id"), requests[6].header("webhook-id"));
        other.close().await.expect("closed");
    })
    .await;
}

#[actix_web::test]
async fn what_is_not_published_is_not_announced() {
    on_both(async |app| {
        let receiver = Receiver::start();
        let of = Announcing::new(app, &receiver).await;
        let office = app.caller(&embargo::WRITE, &["P"]).await;
        let id = embargo::propose(&office).await;
        assert_eq!(of.after(1).await, []);
        for step in ["POLICY", "NOMINATION", "PREPARATION", "EXCHANGE"] {
            embargo::advance(&office, &id, step).await;
            assert_eq!(of.after(1).await, [], "{step}");
        }
        embargo::decide(&office, &id).await;
        assert_eq!(of.after(1).await, []);
        assert_eq!(receiver.received().len(), 0);

        embargo::act(&office, "rotationPublish", &format!("rotationId: \"{id}\"")).await;
        assert_eq!(of.after(1).await, of.delivered(), "the control: publication is announced");
    })
    .await;
}

#[actix_web::test]
async fn a_revoked_client_gets_no_announcement() {
    on_both(async |app| {
        let receiver = Receiver::start();
        let mut of = Announcing::new(app, &receiver).await;
        of.change().await;
        cadre_api::domain::client::revoke(&app.database, of.clock(), of.client).await.expect("revoked");
        assert_eq!(of.after(1).await, []);
    })
    .await;
}

#[actix_web::test]
async fn the_program_announces_and_prints_secrets_only_once() {
    on_both(async |app| {
        let receiver = Receiver::start();
        let host = receiver.host();
        let (client, _) = program::client(&app.database_url);
        let with = |args: &[&str]| {
            let args = [args, &["--client", &client, "--webhook-hosts", &host, "--webhook-private-addresses"]].concat();
            program::printed(&app.database_url, &args)
        };
        let foreign = program::refused(&app.database_url, &["webhook", "add", "--client", &client, &receiver.url()]);
        assert!(foreign.contains("https://"), "{foreign}");
        let added = with(&["webhook", "add", &receiver.url()]);
        let word = |text: &str, prefix: &str| {
            let word = text.split_whitespace().find(|word| word.starts_with(prefix));
            word.unwrap_or_else(|| panic!("no {prefix}: {text}")).to_owned()
        };
        let (first, key) = (word(&added, "whsec_"), word(&added, "whpk_"));
        let second = word(&with(&["webhook", "rotate-secret"]), "whsec_");
        assert!(with(&["webhook", "test"]).contains("status 204"));

        let flags = ["--webhook-hosts", &host, "--webhook-private-addresses", "--log", "debug"];
        let program = Program::serve_with(&app.database_url, &flags);
        with(&["webhook", "replay"]);
        poll::until_async(async || (receiver.received().len() >= 2).then_some(())).await.expect("announced");
        let announced = poll::until_async(async || {
            let (_, metrics) = program.get("/metrics").await;
            metrics.contains("cadre_webhook_deliveries_total{result=\"delivered\"}").then_some(())
        });
        announced.await.expect("counted");
        let request = &receiver.received()[1];
        assert_eq!(signatures(request, "v1"), [expected(&second, request), expected(&first, request)]);

        let listed = program::printed(&app.database_url, &["webhook", "list"]);
        assert!(listed.contains(&key) && listed.contains("ACTIVE") && listed.contains("last success"), "{listed}");
        let log = program.log();
        for text in [&log, &listed] {
            for secret in [&first, &second] {
                assert!(!text.contains(secret.strip_prefix("whsec_").expect("a secret")), "{text}");
            }
        }
        with(&["webhook", "remove"]);
        program::refused(&app.database_url, &["webhook", "remove", "--client", &client]);
    })
    .await;
}

/// Waits until a receiver has got this number of requests. The claim of a killed process expires after 30 seconds.
async fn arrived(receiver: &Receiver, number: usize) {
    for _ in 0..3 {
        let arrived = poll::until_async(async || (receiver.received().len() >= number).then_some(())).await;
        if arrived.is_some() {
            return;
        }
    }
    panic!("{number} requests are expected: {:?}", receiver.received());
}

#[actix_web::test]
async fn a_process_that_is_killed_during_a_retry_announces_after_its_restart() {
    on_both(async |app| {
        let receiver = Receiver::start();
        let (host, url) = (receiver.host(), receiver.url());
        let (client, _) = program::client(&app.database_url);
        let flags = ["--webhook-hosts", &host, "--webhook-private-addresses"];
        let add = [&["webhook", "add", &url, "--client", &client], &flags[..]].concat();
        program::printed(&app.database_url, &add);
        let row = async || {
            let id: ClientId = client.parse().expect("an id");
            let row = entity::webhook::Entity::find_by_id(id).one(app.database.reader()).await.expect("read");
            row.expect("a webhook")
        };

        receiver.answer(&["500 Broken", SILENCE]);
        let program = Program::serve_with(&app.database_url, &flags);
        let title = "code,name,category,tier,is_key_leader\nW1,Chuyên viên,CADRE,COMMUNE,false\n";
        app.import_text(&[("titles.csv", title)]).await;
        arrived(&receiver, 2).await;
        program.kill();
        let killed = row().await;
        assert_eq!(killed.failures, 1, "the control: the retry had no result");
        assert!(killed.pending_id.is_some());

        let program = Program::serve_with(&app.database_url, &flags);
        arrived(&receiver, 3).await;
        let stored = poll::until_async(async || row().await.last_success_at).await;
        stored.expect("the delivery is stored");
        let requests = receiver.received();
        let ids: Vec<&str> = requests.iter().map(|request| request.header("webhook-id")).collect();
        assert_eq!(ids, [ids[0]; 3], "one announcement");
        let delivered = row().await;
        assert_eq!((delivered.failures, delivered.pending_id), (0, None));
        drop(program);
    })
    .await;
}

#[actix_web::test]
async fn the_receiver_of_the_guide_accepts_signed_announcements_only() {
    on_both(async |app| {
        let client: ClientId = app.caller(&["cadre:read"], &["P"]).await.id.parse().expect("an id");
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound").port();
        let host = format!("127.0.0.1:{port}");
        let (store, sender) = (store(&app.service), sender(std::slice::from_ref(&host), true));
        let added = webhook::add(&store, &sender, Clock::System, (client, &format!("http://{host}/"))).await;
        let added = added.expect("a webhook");
        let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/webhook_receiver.py");
        let mut example = Command::new("python3");
        let example = example.arg(script).arg(port.to_string()).env("WEBHOOK_SECRET", &added.secret);
        let mut example = example.stdout(std::process::Stdio::null()).spawn().expect("this test needs python3");
        let listens = poll::until_async(async || std::net::TcpStream::connect(&host).ok().map(drop)).await;

        let right = webhook::test(&store, &sender, Clock::System, client).await.expect("a message");
        let old = Clock::Fixed(Clock::System.now() - TimeDelta::minutes(6));
        let old = webhook::test(&store, &sender, old, client).await.expect("a message");
        webhook::rotate_secret(&store, Clock::System, client, TimeDelta::zero()).await.expect("a secret");
        let foreign = webhook::test(&store, &sender, Clock::System, client).await.expect("a message");
        example.kill().expect("a child of ours");
        example.wait().expect("ended");

        assert!(listens.is_some());
        assert_eq!([right, old, foreign].map(|answer| answer.expect("an answer").status), [204, 401, 401]);
    })
    .await;
}
