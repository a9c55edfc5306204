//! Tests of fetching an issuer's keys from a server with valid, invalid, slow, endless and missing responses.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use aws_lc_rs::{
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use data_encoding::BASE64URL_NOPAD;
use entity::value::KeyAlgorithm;
use futures_util::{
    StreamExt,
    future::join_all,
    stream::{iter, pending},
};
use serde_json::json;

use super::{
    fetch::{Failure, Fetcher},
    jwks::KeySet,
    table::{Place, Trusted},
    *,
};

/// Response of the server on a path.
#[derive(Clone, Debug)]
pub(in crate::auth) enum Answer {
    /// With a text.
    Text(String),
    /// With a status and no text.
    Status(u16),
    /// A redirect.
    Redirect(String),
    /// The head, one byte, and then nothing more.
    Slow,
    /// With 100 MB.
    Huge,
}

/// A test server in the role of an issuer. It counts requests.
pub(in crate::auth) struct Server {
    pub url: String,
    answers: web::Data<Mutex<BTreeMap<String, Answer>>>,
    requests: web::Data<RequestCount>,
    handle: ServerHandle,
}

#[derive(Default)]
struct RequestCount {
    times: AtomicUsize,
    chunks: AtomicUsize,
}

impl Server {
    pub fn start() -> Self {
        let answers = web::Data::new(Mutex::new(BTreeMap::<String, Answer>::new()));
        let requests = web::Data::new(RequestCount::default());
        let shared = (answers.clone(), requests.clone());
        let server = HttpServer::new(move || {
            App::new().app_data(shared.0.clone()).app_data(shared.1.clone()).default_service(web::to(answer))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let running = server.run();
        let handle = running.handle();
        tokio::spawn(running);
        Self { url, answers, requests, handle }
    }

    pub fn answers(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// Publishes keys.
    pub fn publishes(&self, keys: &[&Value]) {
        self.answers("/jwks", Answer::Text(json!({ "keys": keys }).to_string()));
    }

    /// Number of requests received.
    pub fn requests(&self) -> usize {
        self.requests.times.load(Ordering::SeqCst)
    }

    /// The entry for this server in the table of issuers.
    pub fn trusted(&self) -> Trusted {
        Trusted {
            issuer: self.url.clone(),
            audience: "https://canbo.example.vn".to_owned(),
            place: Place::Keys(format!("{}/jwks", self.url).parse().unwrap()),
            algorithms: vec![KeyAlgorithm::Es256],
            longest_life: 3600,
            client_claim: "client_id".to_owned(),
            scope_claim: Some("scope".to_owned()),
            person_claim: "sub".to_owned(),
        }
    }

    fn by_metadata(&self) -> Trusted {
        let place = format!("{}/.well-known/openid-configuration", self.url);
        Trusted { place: Place::Metadata(place.parse().unwrap()), ..self.trusted() }
    }

    fn source(&self) -> Arc<Source> {
        Arc::new(Source::new(self.trusted(), Arc::new(fetcher())))
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

impl Issuers {
    /// Issuers without a table.
    pub(in crate::auth) fn of(trusted: Vec<Trusted>) -> Self {
        let fetcher = Arc::new(fetcher());
        Self(trusted.into_iter().map(|trusted| Arc::new(Source::new(trusted, fetcher.clone()))).collect())
    }
}

async fn answer(
    request: HttpRequest,
    answers: web::Data<Mutex<BTreeMap<String, Answer>>>,
    requests: web::Data<RequestCount>,
) -> HttpResponse {
    requests.times.fetch_add(1, Ordering::SeqCst);
    let answer = answers.lock().unwrap().get(request.path()).cloned();
    match answer.unwrap_or(Answer::Status(404)) {
        Answer::Text(text) => HttpResponse::Ok().content_type("application/json").body(text),
        Answer::Status(status) => HttpResponse::build(status.try_into().unwrap()).finish(),
        Answer::Redirect(to) => HttpResponse::Found().insert_header(("Location", to)).finish(),
        Answer::Slow => {
            let first = iter([Ok::<_, actix_web::Error>(web::Bytes::from_static(b"{"))]);
            HttpResponse::Ok().streaming(first.chain(pending()))
        }
        Answer::Huge => {
            let chunk = web::Bytes::from(vec![b' '; 64 * 1024]);
            let chunks = iter(0..1600).map(move |_| {
                requests.chunks.fetch_add(1, Ordering::SeqCst);
                Ok::<_, actix_web::Error>(chunk.clone())
            });
            HttpResponse::Ok().streaming(chunks)
        }
    }
}

/// A key pair and its public half as a JWK.
pub(in crate::auth) fn pair(kid: &str) -> (EcdsaKeyPair, Value) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let (x, y) = (BASE64URL_NOPAD.encode(x), BASE64URL_NOPAD.encode(y));
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "use": "sig", "alg": "ES256" });
    (pair, jwk)
}

fn with(jwk: &Value, name: &str, value: Value) -> Value {
    let mut jwk = jwk.clone();
    jwk[name] = value;
    jwk
}

fn fetcher() -> Fetcher {
    crate::auth::install_provider();
    Fetcher::new().unwrap()
}

#[tokio::test]
async fn keys_come_from_the_configured_url_or_from_the_metadata() {
    let server = Server::start();
    let (_, jwk) = pair("k");
    server.publishes(&[&jwk]);
    let metadata = json!({ "issuer": server.url, "jwks_uri": format!("{}/jwks", server.url), "x": 1 });
    server.answers("/.well-known/openid-configuration", Answer::Text(metadata.to_string()));

    assert!(fetcher().keys(&server.trusted()).await.unwrap().has("k"));
    assert!(fetcher().keys(&server.by_metadata()).await.unwrap().has("k"));
    assert_eq!(server.requests(), 3);
    server.stop().await;
}

#[tokio::test]
async fn only_a_small_and_quick_response_gives_keys() {
    let server = Server::start();
    let (_, jwk) = pair("k");
    let good = json!({ "keys": [jwk] }).to_string();
    server.answers("/good", Answer::Text(good.clone()));
    let text = |text: &str| Answer::Text(text.to_owned());
    let spaced = |bytes: usize| Answer::Text(format!("{good}{}", " ".repeat(bytes - good.len())));

    for (name, answer, says) in [
        ("the control", Answer::Text(good.clone()), "keys"),
        ("as long as may be", spaced(64 * 1024), "keys"),
        ("one byte too long", spaced(64 * 1024 + 1), "the response is too long"),
        ("100 MB", Answer::Huge, "the response is too long"),
        ("a redirect to good keys", Answer::Redirect("/good".to_owned()), "answer 302"),
        ("not there", Answer::Status(404), "answer 404"),
        ("a fault", Answer::Status(500), "answer 500"),
        ("no content", Answer::Status(204), "answer 204"),
        ("no text", text(""), "the response contains no usable key"),
        ("garbage", text("\u{0}\u{1}garbage"), "the response contains no usable key"),
        ("another form", text("[]"), "the response contains no usable key"),
        ("no keys", text(r#"{"keys":[]}"#), "the response contains no usable key"),
        ("keys twice", Answer::Text(good.replacen('{', r#"{"keys":[],"#, 1)), "the response contains no usable key"),
        ("nested deep", Answer::Text("[".repeat(10_000)), "the response contains no usable key"),
    ] {
        server.answers("/jwks", answer);
        let fetched = fetcher().keys(&server.trusted()).await;
        assert_eq!(fetched.map_or_else(|failure| failure.to_string(), |_| "keys".to_owned()), says, "{name}");
    }
    assert!(server.requests.chunks.load(Ordering::SeqCst) < 800, "the 100 MB are not taken in");

    server.answers("/jwks", Answer::Slow);
    let impatient = Fetcher::with_timeout(Duration::from_millis(50)).unwrap();
    let Err(Failure::Unanswered(error)) = impatient.keys(&server.trusted()).await else { panic!("an answer") };
    assert!(error.is_timeout(), "{error}");
    let trusted = server.trusted();
    server.stop().await;
    assert!(matches!(fetcher().keys(&trusted).await, Err(Failure::Unanswered(_))), "nobody there");
}

#[tokio::test]
async fn metadata_must_not_refer_to_another_issuer_or_an_unsafe_url() {
    let server = Server::start();
    let (_, jwk) = pair("k");
    server.publishes(&[&jwk]);
    let keys = format!("{}/jwks", server.url);
    for (metadata, is_taken) in [
        (json!({ "issuer": server.url, "jwks_uri": keys }), true),
        (json!({ "issuer": "https://other.example", "jwks_uri": keys }), false),
        (json!({ "issuer": format!("{}/", server.url), "jwks_uri": keys }), false),
        (json!({ "jwks_uri": keys }), false),
        (json!({ "issuer": server.url }), false),
        (json!({ "issuer": server.url, "jwks_uri": "http://10.0.0.1/jwks" }), false),
        (json!({ "issuer": server.url, "jwks_uri": "file:///etc/passwd" }), false),
        (json!({ "issuer": server.url, "jwks_uri": "/jwks" }), false),
    ] {
        server.answers("/.well-known/openid-configuration", Answer::Text(metadata.to_string()));
        assert_eq!(fetcher().keys(&server.by_metadata()).await.is_ok(), is_taken, "{metadata}");
    }
    server.stop().await;
}

#[test]
fn only_usable_keys_of_a_set_are_read() {
    let (_, jwk) = pair("k");
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let (n, e) = (rsa.public_key().modulus(), rsa.public_key().exponent());
    let (n, e) = (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
    let rsa = json!({ "kty": "RSA", "kid": "r", "n": BASE64URL_NOPAD.encode(n), "e": BASE64URL_NOPAD.encode(e) });
    let read = |keys: &[&Value], algorithms: &[KeyAlgorithm]| {
        KeySet::read(json!({ "keys": keys }).to_string().as_bytes(), algorithms)
    };
    let both = [KeyAlgorithm::Es256, KeyAlgorithm::Rs256];

    let set = read(&[&jwk, &rsa, &json!(7), &json!({ "kty": "new", "kid": "x" })], &both).unwrap();

    assert!(set.has("k") && set.has("r") && !set.has("x"));
    for (name, key) in [
        ("without an id", with(&jwk, "kid", Value::Null)),
        ("an id of another form", with(&jwk, "kid", json!(7))),
        ("for encryption", with(&jwk, "use", json!("enc"))),
        ("with its private half", with(&jwk, "d", json!("x"))),
        ("for another algorithm", with(&jwk, "alg", json!("ES384"))),
        ("not on the curve", with(&jwk, "x", jwk["y"].clone())),
        ("a shared secret", json!({ "kty": "oct", "kid": "k", "k": "x" })),
        ("an algorithm that the table leaves out", with(&rsa, "alg", json!("PS256"))),
    ] {
        assert_eq!(read(&[&key], &both), None, "{name}");
    }
    let many: Vec<_> = (0..100).map(|at| with(&jwk, "kid", json!(format!("k{at}")))).collect();
    let many = read(&many.iter().collect::<Vec<_>>(), &both).unwrap();
    assert!(many.has("k31") && !many.has("k32"));
}

#[tokio::test]
async fn an_unknown_key_causes_one_fetch_a_minute() {
    let server = Server::start();
    let (_, jwk) = pair("k");
    server.publishes(&[&jwk]);
    let (source, start) = (server.source(), Instant::now());
    let many_requests = async |seconds: u64| {
        let at = start + Duration::from_secs(seconds);
        let kids: Vec<_> = (0..500).map(|number| format!("unknown-{seconds}-{number}")).collect();
        join_all(kids.iter().map(|kid| source.with(kid, at))).await;
    };

    assert!(source.with("k", start).await.has("k"), "the first that asks has them fetched");
    assert_eq!(server.requests(), 1);
    for (seconds, requests) in [(0, 1), (1, 1), (59, 1), (60, 2), (61, 2), (119, 2), (120, 3)] {
        many_requests(seconds).await;
        assert_eq!(server.requests(), requests, "after {seconds} s");
    }
    source.with("k", start + Duration::from_secs(600)).await;
    assert_eq!(server.requests(), 3, "a known key needs no question");

    let (_, new) = pair("new");
    server.publishes(&[&jwk, &new]);
    let waiting = join_all((0..50).map(|_| source.with("new", start + Duration::from_secs(180)))).await;
    assert!(waiting.iter().all(|keys| keys.has("new")), "who comes while they are fetched waits for them");
    assert_eq!(server.requests(), 4);
    server.stop().await;
}

#[tokio::test]
async fn keys_survive_an_outage_and_a_removed_key_is_dropped() {
    let server = Server::start();
    let ((_, old), (_, new)) = (pair("old"), pair("new"));
    server.publishes(&[&old]);
    let (source, start) = (server.source(), Instant::now());
    let due = async |seconds: u64| {
        source.renew_if_due(start + Duration::from_secs(seconds)).await;
        (source.latest().has("old"), source.latest().has("new"), server.requests())
    };

    assert_eq!(due(0).await, (true, false, 1), "fetched at the start");
    server.publishes(&[&old, &new]);
    assert_eq!(due(299).await, (true, false, 1), "not due yet");
    assert_eq!(due(300).await, (true, true, 2), "fetched again");
    for (seconds, requests, outage) in [
        (600, 3, Answer::Status(503)),
        (660, 4, Answer::Text("garbage".to_owned())),
        (720, 5, Answer::Text(r#"{"keys":[]}"#.to_owned())),
        (779, 5, Answer::Status(503)),
    ] {
        server.answers("/jwks", outage.clone());
        assert_eq!(due(seconds).await, (true, true, requests), "{outage:?}");
    }
    server.publishes(&[&new]);
    assert_eq!(due(780).await, (false, true, 6), "the old key is gone");
    server.stop().await;
}
