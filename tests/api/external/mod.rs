//! Tokens of external issuers, for clients and for persons, from a real identity provider to the rows of a response.

mod provider;

use std::{collections::BTreeSet, fs};

use cadre_api::{
    auth::Issuers,
    clock::Clock,
    domain::{
        client::{self, external::ExternalName},
        user,
    },
};
use chrono::TimeDelta;
use entity::{audit_entry, value::Purpose};
use provider::Provider;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{
    Kind, Node, TestApp, copy, on_both, poll,
    program::{self, printed, refused, run},
};

const VIEWER: &str = "{ viewer { clientId onBehalfOf scopes purposes units { code } } }";

/// The scopes of the client.
const SCOPES: [&str; 4] = ["cadre:read", "stats:read", "training:read", "training:write"];

/// A node that trusts a provider, with a client that the provider calls `mobile`.
struct Trusting {
    node: Node,
    client: String,
    provider: Provider,
}

/// The table of issuers that trusts a provider.
fn table(issuer: &str, audience: &str) -> Value {
    json!({ "issuers": [{
        "issuer": issuer,
        "audience": audience,
        "algorithms": ["ES256", "EdDSA", "PS256", "RS256"],
        "longest_life_seconds": 600,
        "scope_claim": "scope",
    }] })
}

impl Trusting {
    async fn new(app: &TestApp) -> Self {
        Self::with(app, &SCOPES).await
    }

    async fn with(app: &TestApp, scopes: &[&str]) -> Self {
        let (provider, client) = (Provider::start(), app.caller(scopes, &["P"]).await.id);
        let node = Self::node(app, &provider, Clock::System, None).await;
        Self { node, client, provider }
    }

    async fn node(app: &TestApp, provider: &Provider, clock: Clock, public_url: Option<&str>) -> Node {
        Node::start_trusting(&app.service, clock, public_url, |url| {
            let audience = public_url.unwrap_or(url);
            Issuers::read(&table(&provider.issuer, audience).to_string(), audience).expect("a table")
        })
        .await
    }

    fn name(&self, name: &str) -> ExternalName {
        ExternalName { issuer: self.provider.issuer.clone(), name: name.to_owned() }
    }

    async fn link(&self, app: &TestApp) {
        let client = self.client.parse().expect("an id");
        client::external::link(&app.database, Clock::System, client, self.name("mobile")).await.expect("linked");
    }

    fn person(&self, subject: &str, units: &[&str]) -> user::Add {
        user::Add {
            name: self.name(subject),
            scopes: ["cadre:read", "rotation:read"].map(|scope| scope.parse().expect("a scope")).into(),
            units: units.iter().map(ToString::to_string).collect(),
            purposes: Vec::new(),
            cadre: Some("A-01".to_owned()),
        }
    }

    async fn ask(&self, token: &str, document: &str) -> (u16, Value) {
        ask(&self.node.url, token, document).await
    }

    /// Sends a document until the response has a status: registrations and revocations take effect within seconds.
    async fn ask_until(&self, status: u16, token: &str, document: &str) -> Value {
        let response = poll::until_async(async || {
            let (answered, answer) = self.ask(token, document).await;
            (answered == status).then_some(answer)
        });
        response.await.unwrap_or_else(|| panic!("never {status}"))
    }
}

async fn ask(url: &str, token: &str, document: &str) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{url}/graphql")).bearer_auth(token);
    let request = request.header("Accept-Language", "en").json(&json!({ "query": document }));
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

fn codes(answer: &Value, path: &str) -> BTreeSet<String> {
    let items = answer.pointer(path).and_then(Value::as_array).unwrap_or_else(|| panic!("{path}: {answer}"));
    items.iter().map(|item| item["code"].as_str().expect("a code").to_owned()).collect()
}

#[actix_web::test]
async fn tokens_of_a_real_provider_give_the_rights_of_the_client() {
    on_both(async |app| {
        let trusting = Trusting::new(app).await;
        let (resource, scope) = (trusting.node.url.clone(), "cadre:read clients:admin");
        let token = trusting.provider.token(&resource, scope).await;

        let metadata =
            reqwest::get(format!("{resource}/.well-known/oauth-protected-resource")).await.expect("an answer");
        let metadata: Value = metadata.json().await.expect("JSON");
        assert_eq!(metadata["authorization_servers"], json!([resource, trusting.provider.issuer]));
        let (status, answer) = trusting.ask(&token, VIEWER).await;
        assert_eq!((status, &answer["errors"][0]["extensions"]["code"]), (403, &json!("FORBIDDEN")), "{answer}");
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains("not registered with this service"), "{message}");
        trusting.link(app).await;
        trusting.ask_until(200, &token, VIEWER).await;

        for algorithm in ["ES256", "EdDSA", "Ed25519", "PS256", "RS256"] {
            let token = trusting.provider.token(&format!("{resource}?alg={algorithm}"), scope).await;
            let (status, answer) = trusting.ask(&token, VIEWER).await;
            let viewer = &answer["data"]["viewer"];
            assert_eq!((status, &viewer["clientId"]), (200, &json!(trusting.client)), "{algorithm}: {answer}");
            assert_eq!((&viewer["onBehalfOf"], &viewer["scopes"]), (&Value::Null, &json!(["cadre:read"])));
            assert_eq!(codes(&answer, "/data/viewer/units"), BTreeSet::from(["P".to_owned()]));
        }
        for (name, resource) in [
            ("for another service", "https://other.example".to_owned()),
            ("for the provider itself", trusting.provider.issuer.clone()),
            ("lives too long", format!("{resource}?ttl=601")),
        ] {
            let token = trusting.provider.token(&resource, scope).await;
            assert_eq!(trusting.ask(&token, VIEWER).await.0, 401, "{name}");
        }
        let later = Clock::Fixed(Clock::System.now() + TimeDelta::seconds(301));
        let later = Trusting::node(app, &trusting.provider, later, Some(&resource)).await;
        assert_eq!(ask(&later.url, &token, VIEWER).await.0, 401, "it has expired");
        assert_eq!(trusting.ask(&token, VIEWER).await.0, 200, "the control");
        let untrusting = Node::start_as(&app.database, Clock::System, Some(&resource)).await;
        assert_eq!(ask(&untrusting.url, &token, VIEWER).await.0, 401, "the service does not trust the issuer");
        for node in [later, untrusting, trusting.node] {
            node.stop().await;
        }
    })
    .await;
}

#[actix_web::test]
async fn a_request_for_a_person_has_the_common_reach_of_client_and_person() {
    on_both(async |app| {
        let trusting = Trusting::new(app).await;
        trusting.link(app).await;
        let (resource, scope) = (trusting.node.url.clone(), "cadre:read stats:read training:read");
        let client = trusting.provider.token(&resource, scope).await;
        let signed_in = trusting.provider.sign_in("an", &resource, scope).await;
        let token = signed_in.access_token;
        trusting.ask_until(200, &client, VIEWER).await;

        assert_eq!(trusting.ask(&token, VIEWER).await.0, 403, "the person is not registered");
        assert_eq!(trusting.ask(&signed_in.id_token, VIEWER).await.0, 401, "an identity token is rejected");
        let add = |units: &[&str]| user::add(&app.database, Clock::System, trusting.person("an", units));
        let first = add(&["A"]).await.expect("a person");
        let answer = trusting.ask_until(200, &token, VIEWER).await;
        let viewer = &answer["data"]["viewer"];
        assert_eq!(viewer["onBehalfOf"], format!("{} an", trusting.provider.issuer));
        assert_eq!(viewer["scopes"], json!(["cadre:read"]), "the intersection of client, person and token");
        assert_eq!(codes(&answer, "/data/viewer/units"), BTreeSet::from(["A".to_owned()]));

        let sees = r#"{ a: unit(by: {code: "A1"}) { code } b: unit(by: {code: "B"}) { code }
            units(first: 100) { nodes { code } } cadres(first: 1) { totalCount { value } pageInfo { endCursor } } }"#;
        let (of_client, of_person) = (trusting.ask(&client, sees).await.1, trusting.ask(&token, sees).await.1);
        assert_eq!((&of_person["data"]["a"]["code"], &of_person["data"]["b"]), (&json!("A1"), &Value::Null));
        assert_eq!(of_client["data"]["b"]["code"], "B", "the control: the client reaches it");
        let (all, some) = (codes(&of_client, "/data/units/nodes"), codes(&of_person, "/data/units/nodes"));
        assert!(some.is_subset(&all) && some.len() < all.len() && !some.is_empty(), "{some:?} of {all:?}");
        let count = |answer: &Value| answer["data"]["cadres"]["totalCount"]["value"].as_u64().expect("a number");
        assert!((1..count(&of_client)).contains(&count(&of_person)), "{of_person}");
        let cursor = of_person["data"]["cadres"]["pageInfo"]["endCursor"].as_str().expect("a cursor");
        let next = format!(r#"{{ cadres(first: 1, after: "{cursor}") {{ nodes {{ code }} }} }}"#);
        assert_eq!(trusting.ask(&token, &next).await.1.get("errors"), None, "the control");
        let (_, foreign) = trusting.ask(&client, &next).await;
        assert!(foreign.get("errors").is_some(), "a cursor of a person is invalid for another: {foreign}");

        assert!(add(&["B"]).await.is_err(), "the name belongs to one active person");
        user::revoke(&app.database, Clock::System, first).await.expect("revoked");
        trusting.ask_until(403, &token, VIEWER).await;
        assert_eq!(trusting.ask(&client, VIEWER).await.0, 200, "the control: the client is still accepted");
        // A person's grant never exceeds the client's.
        add(&["W"]).await.expect("again, with other rights");
        let answer = trusting.ask_until(200, &token, VIEWER).await;
        assert_eq!(codes(&answer, "/data/viewer/units"), BTreeSet::from(["P".to_owned()]));
        let mobile = trusting.name("mobile");
        client::external::unlink(&app.database, Clock::System, mobile).await.expect("unlinked");
        trusting.ask_until(403, &token, VIEWER).await;

        let entries = audit_entry::Entity::find().all(app.database.reader()).await.expect("rows");
        let entries: Vec<_> =
            entries.iter().map(|entry| entry.act.as_str()).filter(|command| !command.starts_with("key")).collect();
        assert!(
            entries.ends_with(&["client.link", "person.add", "person.revoke", "person.add", "client.unlink"]),
            "{entries:?}"
        );
        trusting.node.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn commands_for_a_person_are_logged_with_client_and_person_and_have_separate_keys() {
    on_both(async |app| {
        let trusting = Trusting::new(app).await;
        trusting.link(app).await;
        let (resource, scope) = (trusting.node.url.clone(), "training:read training:write");
        for login in ["an", "binh"] {
            let scopes = scope.split(' ').map(|scope| scope.parse().expect("a scope")).collect();
            let add = user::Add { scopes, ..trusting.person(login, &["A"]) };
            user::add(&app.database, Clock::System, add).await.expect("a person");
        }
        let client = trusting.provider.token(&resource, scope).await;
        let an = trusting.provider.sign_in("an", &resource, scope).await.access_token;
        let binh = trusting.provider.sign_in("binh", &resource, scope).await.access_token;
        for token in [&client, &an, &binh] {
            trusting.ask_until(200, token, VIEWER).await;
        }
        let draft = async |token: &str, code: &str, unit: &str| {
            let command = format!(
                r#"mutation {{ planDraft(input: {{
                    idempotencyKey: "one key", code: "{code}", unitCode: "{unit}", name: "Kế hoạch", yearFrom: 2026, yearTo: 2026
                }}) {{ plan {{ code }} userErrors {{ code }} }} }}"#
            );
            let answer = trusting.ask(token, &command).await.1;
            answer["data"]["planDraft"].clone()
        };

        let done = |code: &str| json!({ "plan": { "code": code }, "userErrors": [] });
        for (token, code) in [(&client, "KH-1"), (&an, "KH-2"), (&binh, "KH-3"), (&an, "KH-2")] {
            assert_eq!(draft(token, code, "A").await, done(code), "idempotency keys are separate for each person");
        }
        let reused = draft(&an, "KH-4", "A").await;
        assert_eq!(reused["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED", "the control: {reused}");

        let entries = audit_entry::Entity::find().all(app.database.reader()).await.expect("rows");
        let actors: Vec<_> = entries.iter().filter(|entry| entry.act == "plan.draft").map(|entry| &*entry.actor).collect();
        let (id, issuer) = (&trusting.client, &trusting.provider.issuer);
        assert_eq!(actors, [id.clone(), format!("{id} {issuer} an"), format!("{id} {issuer} binh")]);
        trusting.node.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn a_person_reads_the_access_log_of_their_own_data_only() {
    on_both(async |app| {
        let scopes = ["cadre:read", "cadre.identity:read"];
        let trusting = Trusting::with(app, &scopes).await;
        trusting.link(app).await;
        let scopes = scopes.map(|scope| scope.parse().expect("a scope")).into();
        let add = user::Add { scopes, purposes: vec![Purpose::Personnel], ..trusting.person("an", &["A"]) };
        user::add(&app.database, Clock::System, add).await.expect("a person");
        let resource = trusting.node.url.clone();
        let client = trusting.provider.token(&resource, "cadre:read cadre.identity:read").await;
        let an = trusting.provider.sign_in("an", &resource, "cadre:read cadre.identity:read").await.access_token;
        trusting.ask_until(200, &an, VIEWER).await;

        let identity = |code: &str| format!(r#"{{ cadre(by: {{code: "{code}"}}) {{ identity {{ birthOn }} }} }}"#);
        for (token, code) in [(&client, "A-01"), (&client, "A-02"), (&an, "A-01")] {
            let body = json!({ "query": identity(code) });
            let request = reqwest::Client::new().post(format!("{resource}/graphql")).bearer_auth(token).json(&body);
            let answer = request.header("X-Purpose", "PERSONNEL").send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 200, "{code}");
        }

        let log = |code: &str| {
            format!(
                r#"{{ cadre(by: {{code: "{code}"}}) {{ accessLog {{ nodes {{ onBehalfOf purpose categories }} }} }} }}"#
            )
        };
        let own = trusting.ask(&an, &log("A-01")).await.1;
        let entry = |of: Value| json!({ "onBehalfOf": of, "purpose": "PERSONNEL", "categories": ["IDENTITY"] });
        let by_an = format!("{} an", trusting.provider.issuer);
        assert_eq!(own["data"]["cadre"]["accessLog"]["nodes"], json!([entry(json!(by_an)), entry(Value::Null)]));
        for (token, code) in [(&an, "A-02"), (&client, "A-01")] {
            let answer = trusting.ask(token, &log(code)).await.1;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{code}: {answer}");
        }
        trusting.node.stop().await;
    })
    .await;
}

#[actix_web::test]
async fn issuers_and_persons_are_managed_at_the_command_line() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (url, _folder) = copy(kind).await;
        let (client, _) = program::client(&url);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("issuers.json");
        let issuer = "https://dangnhap.example.vn";
        fs::write(&path, table(issuer, program::PUBLIC_URL).to_string()).expect("written");
        let path = path.display().to_string();
        let link = |issuer: &str, more: &[&str]| {
            let command = ["client", "link", "--client", &client, "--issuer", issuer, "--external-id", "mobile"];
            run(&url, &[&command, more].concat())
        };

        assert!(!link("https://dangnhap.example.vn/", &["--issuers", &path]).status.success(), "not in the table");
        assert!(link(issuer, &["--issuers", &path]).status.success());
        assert!(!link(issuer, &[]).status.success(), "it is linked already");
        assert!(printed(&url, &["client", "list"]).contains(&format!("mobile at {issuer}")));

        let add = |more: &[&str]| {
            let command = ["person", "add", "--issuer", issuer, "--subject", "an", "--scope", "cadre:read"];
            run(&url, &[&command, more].concat())
        };
        let error_text = |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
        for (more, expected) in [
            (&["--unit", "NOWHERE"][..], "NOWHERE"),
            (&["--unit", "A", "--cadre", "NOBODY"], "no cadre has this code; check it"),
            (&["--unit", "A", "--scope", "everything"], "--scope"),
        ] {
            let output = add(more);
            assert!(
                !output.status.success() && error_text(&output).contains(expected),
                "{more:?}: {}",
                error_text(&output)
            );
        }
        let made = add(&["--unit", "A", "--purpose", "TRAINING", "--cadre", "A-01"]);
        let made = String::from_utf8(made.stdout).expect("text");
        let id = made.trim().strip_prefix("person id:  ").unwrap_or_else(|| panic!("{made}"));
        let line = format!("{id}  {issuer} an  live\n    cadre:read in A for TRAINING, the cadre A-01\n");
        assert_eq!(printed(&url, &["person", "list"]), line);
        assert!(error_text(&add(&["--unit", "A"])).contains("revoke that person first"));

        assert!(printed(&url, &["person", "revoke", id]).contains("within 5 seconds"));
        assert!(refused(&url, &["person", "revoke", id]).contains("is already revoked"));
        assert!(printed(&url, &["person", "list"]).contains("an  revoked"));
        let unlink = ["client", "unlink", "--issuer", issuer, "--external-id", "mobile"];
        assert!(printed(&url, &unlink).contains("within 5 seconds"));
        assert!(refused(&url, &unlink).contains("no client is linked to this name"));
    }
}

#[actix_web::test]
async fn an_invalid_table_of_issuers_is_reported_at_the_start() {
    let (url, _folder) = copy(Kind::Sqlite).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("issuers.json");
    let with = |name: &str, value: Value| {
        let mut table = table("https://dangnhap.example.vn", program::PUBLIC_URL);
        table["issuers"][0][name] = value;
        table.to_string()
    };
    let serve = ["serve", "--listen", "127.0.0.1:0", "--issuers", path.to_str().expect("text")];

    let missing = refused(&url, &serve);
    assert!(missing.contains("(CADRE_ISSUERS): the file cannot be read"), "{missing}");
    for (text, expected) in [
        ("issuers:".to_owned(), "line 1 column 1"),
        (with("jwks_uri", json!("http://keys.example.vn")), "jwks_uri: write an https:// URL"),
        (with("algorithms", json!(["HS256"])), "choose one or more from ES256"),
        (with("issuer", json!(program::PUBLIC_URL)), "the service itself"),
    ] {
        fs::write(&path, text).expect("written");
        let error_text = refused(&url, &serve);
        assert!(error_text.contains("the table of issuers") && error_text.contains(expected), "{error_text}");
    }
}
