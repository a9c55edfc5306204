//! The environment of a test: a separate database with the small province, the real application, and its callers. The
//! same test runs on SQLite and on PostgreSQL: `on_both(async |app| ...)`.

pub mod canary;
pub mod csv;
pub mod disk;
pub mod npm;
pub mod overdue;
pub mod poll;
pub mod postgres;
pub mod program;
pub mod python;
pub mod rotation;
pub mod sdl;
pub mod training;
pub mod wire;

use std::{
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use actix_web::dev::ServerHandle;
use cadre_api::{
    app_state::AppState,
    auth::{self, Issuers, KeyEncryption, KeyStore, Tokens},
    clock::Clock,
    db::{Database, Pool, RowScope},
    domain::{client, key, maintenance, training::usage},
    graphql::engine::Engine,
    http::{Service, WebSettings, gateway::SecurityServers, server},
    import::{self, Options, Outcome},
    limit::{Allowance, Budgets, Exports, Imports, InFlight, Limits, Overrides, STREAMS_PER_CLIENT, Share, Streams},
    projection,
};
use entity::{
    quota,
    value::{AllowedDocuments, Purpose, Scope},
};
use migration::{Migrator, MigratorTrait};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use canary::Rights;

/// The key that encrypts the signing keys of every test application: 32 bytes in base64.
pub const KEY_ENCRYPTION_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// The fixed time of the tests: noon of 2026-06-01 in Việt Nam.
pub const NOW: &str = "2026-06-01T05:00:00Z";

/// The database of a test application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The embedded database.
    Sqlite,
    /// The server that the tests start.
    Postgres,
}

/// A database with the province of `bundle`, and the application over it on a free port.
pub struct TestApp {
    pub kind: Kind,
    pub url: String,
    /// The database as the operator sees it, without row security. The application has a separate connection.
    pub database: Database,
    pub database_url: String,
    pub app_state: Arc<AppState>,
    http: reqwest::Client,
    server: ServerHandle,
    /// The database as the service sees it: on PostgreSQL, with a role to which row security applies.
    pub service: Database,
    _folder: Option<TempDir>,
}

/// Imports a bundle given as text: file names and contents. A running application must refresh afterwards.
pub async fn import_text(database: &Database, files: &[(&str, &str)]) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let report = import::import(database, clock(), folder.path(), Options { dry_run: false }).await.expect("an import");
    assert_eq!(report.outcome, Outcome::Loaded, "{report:?}");
}

/// The application over a database, on a free port.
pub struct Node {
    pub url: String,
    pub app_state: Arc<AppState>,
    pub tokens: actix_web::web::Data<Tokens>,
    server: ServerHandle,
}

impl Node {
    /// Serves a database that has signing keys, at its own address or at a public URL that several nodes share.
    pub async fn start_as(database: &Database, clock: Clock, public_url: Option<&str>) -> Self {
        Self::start_trusting(database, clock, public_url, |_| Issuers::default()).await
    }

    /// The same with external issuers, which may depend on the node's address.
    pub async fn start_trusting(
        database: &Database,
        clock: Clock,
        public_url: Option<&str>,
        issuers: impl FnOnce(&str) -> Issuers,
    ) -> Self {
        Self::over(database, clock, public_url, issuers, (InFlight::default(), Engine::default())).await
    }

    /// The same with a limit of concurrent requests.
    pub async fn start_within(database: &Database, clock: Clock, in_flight: InFlight) -> Self {
        Self::over(database, clock, None, |_| Issuers::default(), (in_flight, Engine::default())).await
    }

    /// The same with another engine, under a public URL.
    pub async fn start_with(database: &Database, clock: Clock, public_url: &str, engine: Engine) -> Self {
        let issuers = |_: &str| Issuers::default();
        Self::over(database, clock, Some(public_url), issuers, (InFlight::default(), engine)).await
    }

    async fn over(
        database: &Database,
        clock: Clock,
        public_url: Option<&str>,
        issuers: impl FnOnce(&str) -> Issuers,
        (in_flight, engine): (InFlight, Engine),
    ) -> Self {
        auth::install_provider();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let app_state = Arc::new(AppState::open(store(database), clock).await.expect("an application state"));
        let tokens = Tokens::load(store(database), clock, public_url.unwrap_or(&url)).await.expect("keys");
        let tokens = actix_web::web::Data::new(tokens.trusting(issuers(&url)));
        let service = Service {
            app_state: Arc::clone(&app_state),
            tokens: tokens.clone(),
            engine,
            budgets: Budgets::under(Limits::default(), Share::half(database.connections(), in_flight.most())),
            in_flight,
            streams: Streams::at_most(STREAMS_PER_CLIENT),
            // The address of the tests.
            security_servers: SecurityServers::of(&[Ipv4Addr::LOCALHOST.into()]),
            exports: Exports::default(),
            imports: Imports::default(),
            metrics: None,
            web: WebSettings::default(),
        };
        let running = server::bind(Arc::new(service), listener).expect("a server");
        let server = running.handle();
        actix_web::rt::spawn(running);
        Self { url, app_state, tokens, server }
    }

    /// Stops it.
    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

/// A client of the API with a token.
pub struct Caller<'a> {
    pub app: &'a TestApp,
    pub id: String,
    pub secret: String,
    pub token: String,
    /// The value of `X-Purpose` in its requests.
    pub purpose: Option<&'a str>,
    /// The rights that limit every response.
    pub rights: Rights,
}

/// Runs a test on both databases.
pub async fn on_both(test: impl AsyncFn(&TestApp)) {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::new(kind).await;
        test(&app).await;
        app.stop().await;
    }
}

/// The fixed clock of the tests.
pub fn clock() -> Clock {
    Clock::Fixed(NOW.parse().expect("a moment"))
}

/// The bundle of the small province.
pub fn bundle() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/support/bundle")
}

impl TestApp {
    /// A test application over a copy of the template.
    pub async fn new(kind: Kind) -> Self {
        let (database_url, folder) = copy(kind).await;
        Self::over(kind, database_url, folder, InFlight::default()).await
    }

    /// The same with a limit of concurrent requests.
    pub async fn with_places(kind: Kind, places: usize) -> Self {
        let (database_url, folder) = copy(kind).await;
        Self::over(kind, database_url, folder, InFlight::at_most(places)).await
    }

    /// A test application over a migrated database with keys and reference lists, but without a bundle.
    pub async fn empty(kind: Kind) -> Self {
        let (database_url, folder) = fresh(kind).await;
        prepared(&database_url).await.close().await.expect("closed");
        Self::over(kind, database_url, folder, InFlight::default()).await
    }

    async fn over(kind: Kind, database_url: String, folder: Option<TempDir>, in_flight: InFlight) -> Self {
        Self::open(kind, database_url, folder, (in_flight, Pool::default())).await
    }

    /// A test application over an existing database, with its own pool settings.
    pub async fn with_pool(kind: Kind, database_url: String, folder: Option<TempDir>, pool: Pool) -> Self {
        Self::open(kind, database_url, folder, (InFlight::default(), pool)).await
    }

    async fn open(
        kind: Kind,
        database_url: String,
        folder: Option<TempDir>,
        (in_flight, pool): (InFlight, Pool),
    ) -> Self {
        auth::install_provider();
        // Internal errors appear in the output of a failed test.
        canary::watch_the_log();
        let database = open(&database_url).await;
        let service = Database::open(&as_service(&database_url), pool).await.expect("a database");
        let Node { url, app_state, server, .. } = Node::start_within(&service, clock(), in_flight).await;
        let http = reqwest::Client::new();
        Self { kind, url, database, database_url, app_state, http, server, service, _folder: folder }
    }

    /// Stops the application and closes the database, after checking that the read models and the used seats of quotas
    /// agree with their source tables.
    pub async fn stop(self) {
        self.server.stop(false).await;
        let snapshot = self.database.snapshot().await.expect("a snapshot");
        let verified = projection::verify(&snapshot).await.expect("read");
        assert!(verified.is_ok(), "{:?}: {}", self.kind, verified.expect_err("a difference"));
        let uses = usage::verify(&snapshot).await.expect("read");
        drop(snapshot);
        for difference in uses.differences {
            let row = quota::Entity::find_by_id(difference.quota).one(self.database.reader()).await.expect("read");
            // Some fixtures write quotas with used seats but without enrolments; no command changes these.
            let is_fixture = difference.counted == 0 && row.expect("a quota").version == 1;
            assert!(is_fixture, "{:?}: {difference}", self.kind);
        }
        self.service.close().await.expect("closed");
        self.database.close().await.expect("closed");
    }

    /// Imports a bundle and refreshes the application.
    pub async fn import(&self, dir: &Path) -> import::Report {
        let report = import::import(&self.database, clock(), dir, Options { dry_run: false }).await.expect("an import");
        self.app_state.refresh().await.expect("refreshed");
        report
    }

    /// A client with scopes over the subtrees of units, and a token from `/oauth/token`.
    pub async fn caller(&self, scopes: &[&str], units: &[&str]) -> Caller<'_> {
        self.register(of_grant(scopes, units)).await
    }

    async fn register(&self, add: client::Add) -> Caller<'_> {
        let scopes = add.scopes.iter().map(ToString::to_string).collect();
        let rights = Rights { scopes, units: add.units.clone() };
        let made = client::add(&self.database, clock(), add).await.expect("a client");
        let (id, secret) = (made.client_id.to_string(), made.client_secret);
        let token = self.token(&id, &secret).await;
        Caller { app: self, id, secret, token, purpose: Some("PERSONNEL"), rights }
    }

    /// Imports a bundle given as text: file names and contents.
    pub async fn import_text(&self, files: &[(&str, &str)]) {
        import_text(&self.database, files).await;
        self.app_state.refresh().await.expect("refreshed");
    }

    /// A client whose grant allows only these purposes. It states none by default.
    pub async fn caller_for(&self, purposes: &[Purpose], scopes: &[&str], units: &[&str]) -> Caller<'_> {
        let add = client::Add { purposes: purposes.to_vec(), ..of_grant(scopes, units) };
        Caller { purpose: None, ..self.register(add).await }
    }

    /// A client that may read everything.
    pub async fn all_seeing(&self) -> Caller<'_> {
        let scopes: Vec<String> = Scope::all().map(|scope| scope.to_string()).collect();
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        self.caller(&scopes, &["W"]).await
    }

    /// A token for a secret.
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

    /// The plain HTTP client, for requests other than GraphQL.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }
}

impl Caller<'_> {
    /// Sends a document and returns the whole response: `data` and `errors`.
    pub async fn ask(&self, document: &str, variables: Value) -> Value {
        let answer = self.post(&json!({ "query": document, "variables": variables })).send().await.expect("an answer");
        let text = answer.text().await.expect("text");
        self.rights.check(&document, &text);
        serde_json::from_str(&text).expect("JSON")
    }

    /// Sends a document that must succeed, and returns its data.
    pub async fn query(&self, document: &str) -> Value {
        self.query_with(document, json!({})).await
    }

    /// The same with variables.
    pub async fn query_with(&self, document: &str, variables: Value) -> Value {
        let mut answer = self.ask(document, variables).await;
        assert!(answer.get("errors").is_none(), "{document}\n{answer:#}");
        answer["data"].take()
    }

    /// The bytes of the response without the request id.
    pub async fn raw(&self, document: &str, variables: Value) -> String {
        let answer = self.post(&json!({ "query": document, "variables": variables })).send().await.expect("an answer");
        let id = answer.headers().get("X-Request-Id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
        let text = answer.text().await.expect("text");
        self.rights.check(&document, &text);
        if id.is_empty() { text } else { text.replace(&id, "ID") }
    }

    /// The codes of the errors of a document.
    pub async fn errors(&self, document: &str) -> Vec<String> {
        let answer = self.ask(document, json!({})).await;
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("none").to_owned()).collect()
    }

    /// A GET request with the caller's token and purpose, to be changed before it is sent. English.
    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        let request = self.app.http.get(format!("{}{path}", self.app.url));
        let request = request.bearer_auth(&self.token).header("Accept-Language", "en");
        match self.purpose {
            Some(purpose) => request.header("X-Purpose", purpose),
            None => request,
        }
    }

    /// A GraphQL request with the caller's token, in English and JSON, that a test can change before it is sent.
    pub fn post(&self, body: &Value) -> reqwest::RequestBuilder {
        self.post_to(&self.app.url, body)
    }

    /// The same to another node.
    pub fn post_to(&self, url: &str, body: &Value) -> reqwest::RequestBuilder {
        let request = self
            .app
            .http
            .post(format!("{url}/graphql"))
            .bearer_auth(&self.token)
            .header("Accept-Language", "en")
            .json(body);
        match self.purpose {
            Some(purpose) => request.header("X-Purpose", purpose),
            None => request,
        }
    }
}

/// A client with scopes over the subtrees of units, for every purpose.
fn of_grant(scopes: &[&str], units: &[&str]) -> client::Add {
    client::Add {
        name: uuid::Uuid::now_v7().to_string(),
        scopes: scopes.iter().map(|scope| scope.parse().expect("a scope")).collect(),
        units: units.iter().map(ToString::to_string).collect(),
        purposes: Purpose::all().collect(),
        valid_from: None,
        valid_to: None,
        legal_basis: Some("Hợp đồng 1/2026".to_owned()),
        documents: AllowedDocuments::Any,
    }
}

/// The keys of a database.
pub fn store(database: &Database) -> KeyStore {
    let encryption = Arc::new(KeyEncryption::read(KEY_ENCRYPTION_KEY).expect("a key"));
    KeyStore { database: database.clone(), encryption }
}

/// What one request of a client may cost.
pub fn allowance() -> Arc<Allowance> {
    let budget = Budgets::under(Limits::default(), Share::half(8, 128)).of(uuid::Uuid::nil(), Overrides::default());
    Arc::new(Allowance::begin(budget).expect("a first request"))
}

/// Opens a test database as its operator.
pub async fn open(url: &str) -> Database {
    Database::open(url, Pool { row_scope: RowScope::Everything, ..Pool::default() }).await.expect("a database")
}

/// The URL of the same database for the service, which is another role on PostgreSQL.
pub fn as_service(url: &str) -> String {
    if url.starts_with("sqlite:") { url.to_owned() } else { postgres::as_role(url, postgres::SERVICE) }
}

/// Migrates a new database to the current version.
pub async fn prepared(url: &str) -> Database {
    let database = open(url).await;
    Migrator::up(database.writer(), None).await.expect("migrated");
    maintenance::install_reference_lists(&database, clock()).await.expect("reference lists");
    key::ensure(&store(&database), clock()).await.expect("keys");
    if !url.starts_with("sqlite:") {
        postgres::server().make_roles().await;
        database.grant(postgres::SERVICE).await.expect("granted");
    }
    database
}

/// A new database, empty.
pub async fn fresh(kind: Kind) -> (String, Option<TempDir>) {
    overdue::watch();
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

/// An unused database name.
pub fn database_name() -> String {
    format!("t{}", uuid::Uuid::now_v7().simple())
}

/// A copy of the database with the small province.
pub async fn copy(kind: Kind) -> (String, Option<TempDir>) {
    overdue::watch();
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
