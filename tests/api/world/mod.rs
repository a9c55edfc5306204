//! What a test stands on: a database of its own with a small province in it, the real application, and its callers.
//!
//! The same test runs on SQLite and on PostgreSQL: `on_both(async |world| ...)`.

pub mod poll;
pub mod postgres;
pub mod program;
pub mod rotation;
pub mod sdl;
pub mod training;
pub mod wire;

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
};

use actix_web::dev::ServerHandle;
use cadre_api::{
    auth::{self, Tokens},
    clock::Clock,
    config::LogFormat,
    db::{Database, Pool},
    domain::{
        client,
        house::House,
        import::{self, Options, Outcome},
        key, reference,
    },
    graphql::engine::Engine,
    http::{Service, server},
    limit::{Budgets, InFlight, Limits},
    telemetry,
};
use entity::value::Scope;
use migration::{Migrator, MigratorTrait};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// The moment at which the world stands still: noon of 2026-06-01 in Việt Nam.
pub const NOW: &str = "2026-06-01T05:00:00Z";

/// Which database a world lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The embedded one.
    Sqlite,
    /// The server that the tests start.
    Postgres,
}

/// A database with the province of `world/bundle`, and the application over it on a port of its own.
pub struct World {
    pub kind: Kind,
    pub url: String,
    pub database: Database,
    pub database_url: String,
    pub house: Arc<House>,
    http: reqwest::Client,
    server: ServerHandle,
    _folder: Option<TempDir>,
}

/// A client of the API with a token.
pub struct Caller<'a> {
    world: &'a World,
    pub id: String,
    pub secret: String,
    pub token: String,
}

/// Runs a test on both databases.
pub async fn on_both(test: impl AsyncFn(&World)) {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let world = World::new(kind).await;
        test(&world).await;
        world.stop().await;
    }
}

/// The clock of every world.
pub fn clock() -> Clock {
    Clock::Fixed(NOW.parse().expect("a moment"))
}

/// The bundle of the small province.
pub fn bundle() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/world/bundle")
}

impl World {
    /// A world over a copy of the template.
    pub async fn new(kind: Kind) -> Self {
        let (database_url, folder) = copy(kind).await;
        Self::over(kind, database_url, folder, InFlight::default()).await
    }

    /// The same with a bound on the requests that are worked on at once.
    pub async fn with_places(kind: Kind, places: usize) -> Self {
        let (database_url, folder) = copy(kind).await;
        Self::over(kind, database_url, folder, InFlight::at_most(places)).await
    }

    /// A world over a migrated database that holds keys and reference lists, but no bundle.
    pub async fn empty(kind: Kind) -> Self {
        let (database_url, folder) = fresh(kind).await;
        prepared(&database_url).await.close().await.expect("closed");
        Self::over(kind, database_url, folder, InFlight::default()).await
    }

    async fn over(kind: Kind, database_url: String, folder: Option<TempDir>, in_flight: InFlight) -> Self {
        auth::install_provider();
        // What went wrong inside stands in the output of a test that fails. A second world finds it started.
        let _ = telemetry::start_logs("warn", LogFormat::Text);
        let database = open(&database_url).await;
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let house = Arc::new(House::open(database.clone(), clock()).await.expect("a house"));
        let tokens = Tokens::load(database.clone(), clock(), &url).await.expect("keys");
        let service = Service {
            house: Arc::clone(&house),
            tokens: actix_web::web::Data::new(tokens),
            engine: Engine::default(),
            budgets: Budgets::under(Limits::default()),
            in_flight,
            metrics: None,
        };
        let running = server::bind(Arc::new(service), listener).expect("a server");
        let server = running.handle();
        actix_web::rt::spawn(running);
        Self { kind, url, database, database_url, house, http: reqwest::Client::new(), server, _folder: folder }
    }

    /// Stops the application and closes the database.
    pub async fn stop(self) {
        self.server.stop(false).await;
        self.database.close().await.expect("closed");
    }

    /// Imports a bundle and lets the application see it.
    pub async fn import(&self, dir: &Path) -> import::Report {
        let report = import::import(&self.database, clock(), dir, Options { dry_run: false }).await.expect("an import");
        self.house.refresh().await.expect("refreshed");
        report
    }

    /// A client with scopes over the subtrees of units, with a token that it got from `/oauth/token`.
    pub async fn caller(&self, scopes: &[&str], units: &[&str]) -> Caller<'_> {
        let add = client::Add {
            name: uuid::Uuid::now_v7().to_string(),
            scopes: scopes.iter().map(|scope| scope.parse().expect("a scope")).collect(),
            units: units.iter().map(ToString::to_string).collect(),
            purposes: Vec::new(),
            valid_from: None,
            valid_to: None,
        };
        let made = client::add(&self.database, clock(), add).await.expect("a client");
        let (id, secret) = (made.client_id.to_string(), made.client_secret);
        let token = self.token(&id, &secret).await;
        Caller { world: self, id, secret, token }
    }

    /// Imports a bundle given as text: file name and content.
    pub async fn import_text(&self, files: &[(&str, &str)]) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        let report = self.import(folder.path()).await;
        assert_eq!(report.outcome, Outcome::Loaded, "{report:?}");
    }

    /// A client that may read everything of the whole world.
    pub async fn all_seeing(&self) -> Caller<'_> {
        let scopes: Vec<String> = Scope::all().map(|scope| scope.to_string()).collect();
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        self.caller(&scopes, &["W"]).await
    }

    /// A token against a secret.
    pub async fn token(&self, id: &str, secret: &str) -> String {
        let answer = self
            .http
            .post(format!("{}/oauth/token", self.url))
            .basic_auth(id, Some(secret))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
            .send()
            .await
            .expect("an answer");
        let body: Value = answer.json().await.expect("JSON");
        body["access_token"].as_str().unwrap_or_else(|| panic!("no token: {body}")).to_owned()
    }

    /// The plain HTTP client, for requests that are not questions.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }
}

impl Caller<'_> {
    /// Asks a question and gives the whole answer: `data` and `errors`.
    pub async fn ask(&self, document: &str, variables: Value) -> Value {
        let answer = self.post(&json!({ "query": document, "variables": variables })).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    /// Asks a question that must have no error, and gives its data.
    pub async fn query(&self, document: &str) -> Value {
        self.query_with(document, json!({})).await
    }

    /// The same with variables.
    pub async fn query_with(&self, document: &str, variables: Value) -> Value {
        let mut answer = self.ask(document, variables).await;
        assert!(answer.get("errors").is_none(), "{document}\n{answer:#}");
        answer["data"].take()
    }

    /// The bytes of the answer, but for the id of the request.
    pub async fn raw(&self, document: &str, variables: Value) -> String {
        let answer = self.post(&json!({ "query": document, "variables": variables })).send().await.expect("an answer");
        let id = answer.headers().get("X-Request-Id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
        let text = answer.text().await.expect("text");
        if id.is_empty() { text } else { text.replace(&id, "ID") }
    }

    /// Codes of the errors of a question.
    pub async fn errors(&self, document: &str) -> Vec<String> {
        let answer = self.ask(document, json!({})).await;
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("none").to_owned()).collect()
    }

    /// A GraphQL request with the caller's token, to be bent before it is sent. English, JSON.
    pub fn post(&self, body: &Value) -> reqwest::RequestBuilder {
        self.world
            .http
            .post(format!("{}/graphql", self.world.url))
            .bearer_auth(&self.token)
            .header("Accept-Language", "en")
            .json(body)
    }
}

/// Opens a database of the tests.
pub async fn open(url: &str) -> Database {
    Database::open(url, Pool::default()).await.expect("a database")
}

/// Brings a new database to this version.
pub async fn prepared(url: &str) -> Database {
    let database = open(url).await;
    Migrator::up(database.writer(), None).await.expect("migrated");
    reference::install(&database, clock()).await.expect("reference lists");
    key::ensure(&database, clock()).await.expect("keys");
    database
}

/// A new database, empty.
pub async fn fresh(kind: Kind) -> (String, Option<TempDir>) {
    match kind {
        Kind::Sqlite => {
            let folder = tempfile::tempdir().expect("a folder");
            (format!("sqlite://{}", folder.path().join("cadre.db").display()), Some(folder))
        }
        Kind::Postgres => {
            let name = database_name();
            postgres::server().create_database(&name, None).await;
            (postgres::server().url(&name), None)
        }
    }
}

fn database_name() -> String {
    format!("t{}", uuid::Uuid::now_v7().simple())
}

/// A copy of the database with the small province.
pub async fn copy(kind: Kind) -> (String, Option<TempDir>) {
    static SQLITE: OnceCell<TempDir> = OnceCell::const_new();
    static POSTGRES: OnceCell<String> = OnceCell::const_new();
    match kind {
        Kind::Sqlite => {
            let template = SQLITE
                .get_or_init(async || {
                    let folder = tempfile::tempdir().expect("a folder");
                    fill(&format!("sqlite://{}", folder.path().join("cadre.db").display())).await;
                    folder
                })
                .await;
            let folder = tempfile::tempdir().expect("a folder");
            std::fs::copy(template.path().join("cadre.db"), folder.path().join("cadre.db")).expect("copied");
            (format!("sqlite://{}", folder.path().join("cadre.db").display()), Some(folder))
        }
        Kind::Postgres => {
            let template = POSTGRES
                .get_or_init(async || {
                    let name = database_name();
                    postgres::server().create_database(&name, None).await;
                    fill(&postgres::server().url(&name)).await;
                    name
                })
                .await;
            let name = database_name();
            postgres::server().create_database(&name, Some(template)).await;
            (postgres::server().url(&name), None)
        }
    }
}

async fn fill(url: &str) {
    let database = prepared(url).await;
    let report = import::import(&database, clock(), &bundle(), Options { dry_run: false }).await.expect("an import");
    assert_eq!(report.outcome, Outcome::Loaded, "{report:?}");
    database.close().await.expect("closed");
}
