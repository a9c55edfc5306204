//! Limits: requests and cost of a client, attempts with a secret, and concurrent requests.

use std::time::Duration;

use cadre_api::{
    db::{Database, Pool},
    domain::client::{self, Asked},
    limit::Overrides,
};
use entity::client as row;
use futures_util::future::{join, join_all};
use reqwest::{Response, header::HeaderMap};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use serde_json::{Value, json};

use crate::support::{
    Caller, Kind, Node, TestApp, as_service, clock, copy, on_both, poll,
    program::{self, Program},
};

const VIEWER: &str = "{ viewer { limits { requestsPerSecond requestsRemaining costPerMinute costRemaining } } }";

async fn send(caller: &Caller<'_>, document: &str) -> Response {
    caller.post(&json!({ "query": document })).send().await.expect("an answer")
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A client whose grant sets limits, after the service has loaded it.
async fn limited(app: &TestApp, requests: Option<u32>, cost: Option<u32>) -> Caller<'_> {
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let grant = Asked {
        scopes: vec![entity::value::Scope::CadreRead],
        units: vec!["W".to_owned()],
        purposes: entity::value::Purpose::all().collect(),
        valid_from: None,
        valid_to: None,
        legal_basis: None,
        limits: Overrides::of(requests, cost),
        documents: entity::value::AllowedDocuments::Any,
    };
    client::grant(&app.database, clock(), caller.id.parse().expect("an id"), grant).await.expect("granted");
    let (q, w) = (requests.unwrap_or(1_000), cost.unwrap_or(6_000_000));
    let policy = format!(r#""requests";q={q};w=1, "cost";q={w};w=60;qu="cost""#);
    let known = async || {
        let answer = send(&caller, "{ __typename }").await;
        (header(answer.headers(), "ratelimit-policy") == policy).then_some(())
    };
    poll::until_async(known).await.expect("the service sees the grant");
    caller
}

#[actix_web::test]
async fn every_response_states_the_remaining_limit() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;

        let answer = send(&caller, VIEWER).await;

        let policy = r#""requests";q=1000;w=1, "cost";q=6000000;w=60;qu="cost""#;
        let left = r#""requests";r=999;t=1, "cost";r=5999994;t=1"#;
        assert_eq!(header(answer.headers(), "ratelimit-policy"), policy, "{:?}", app.kind);
        assert_eq!(header(answer.headers(), "ratelimit"), left, "{:?}", app.kind);
        let body: Value = answer.json().await.expect("JSON");
        let limits = json!({
            "requestsPerSecond": 1000, "requestsRemaining": 999, "costPerMinute": 6000000, "costRemaining": 5999994,
        });
        assert_eq!(body["data"]["viewer"]["limits"], limits, "{:?}", app.kind);

        let refused = send(&caller, "{").await;
        assert_eq!(header(refused.headers(), "ratelimit-policy"), policy, "also if nothing ran");
        let without_token = app.http().post(format!("{}/graphql", app.url)).send().await.expect("an answer");
        assert_eq!((without_token.status().as_u16(), header(without_token.headers(), "ratelimit-policy")), (401, ""));
    })
    .await;
}

#[actix_web::test]
async fn one_request_too_many_is_refused_with_its_wait() {
    on_both(async |app| {
        let caller = limited(app, Some(1), None).await;
        let other = app.caller(&["cadre:read"], &["W"]).await;

        let answers = join_all((0..20).map(|_| send(&caller, "{ __typename }"))).await;

        let refused = answers
            .into_iter()
            .find(|answer| answer.status() == 429)
            .expect("one of twenty concurrent requests is refused");
        assert_eq!(header(refused.headers(), "retry-after"), "1");
        assert_eq!(header(refused.headers(), "ratelimit"), r#""requests";r=0;t=1"#);
        let body: Value = refused.json().await.expect("JSON");
        assert_eq!(body["errors"][0]["extensions"]["code"], "RATE_LIMITED");
        let message = "Your client exceeded its limit of requests per second (1); send this request again after 1 s.";
        assert_eq!(body["errors"][0]["message"], message);
        assert_eq!(
            send(&other, "{ __typename }").await.status(),
            200,
            "{:?}: another client is still accepted",
            app.kind
        );
    })
    .await;
}

#[actix_web::test]
async fn a_cost_over_the_budget_is_refused_before_it_runs() {
    on_both(async |app| {
        let caller = limited(app, None, Some(100)).await;
        let page = |first: u32| format!("{{ cadres(first: {first}) {{ nodes {{ code }} }} }}");

        let mut answers = Vec::new();
        for _ in 0..10 {
            answers.push(send(&caller, &page(30)).await);
        }
        let refused = answers
            .into_iter()
            .find(|answer| answer.status() == 429)
            .expect("ten requests exceed the budget of a minute");
        let wait: u64 = header(refused.headers(), "retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        let body: Value = refused.json().await.expect("JSON");
        assert_eq!((&body["errors"][0]["extensions"]["code"], &body["data"]), (&json!("RATE_LIMITED"), &Value::Null));
        let message = body["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains("costs 61") && message.contains("100 per minute"), "{message}");

        let never = send(&caller, &page(100)).await;
        assert_eq!((never.status().as_u16(), header(never.headers(), "retry-after")), (200, ""));
        let body: Value = never.json().await.expect("JSON");
        assert_eq!(body["errors"][0]["extensions"]["code"], "OPERATION_TOO_COMPLEX");
        let message = body["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains("is 201, the limit is 100"), "{message}");
    })
    .await;
}

#[actix_web::test]
async fn a_request_without_a_free_place_is_refused_at_once() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::with_places(kind, 1).await;
        let admin = app.caller(&["cadre:read", "clients:admin"], &["W"]).await;
        let client = app.caller(&["cadre:read"], &["W"]).await;
        assert_eq!(send(&admin, "{ __typename }").await.status(), 200, "{kind:?}: the control: one has a place");
        // A transaction locks the row of the client, or the database, so a command on the client waits and occupies the
        // only place.
        let lock = app.database.begin().await.expect("a transaction");
        let id: entity::value::ClientId = client.id.parse().expect("an id");
        row::Entity::update_many()
            .col_expr(row::Column::Version, Expr::col(row::Column::Version).add(0))
            .filter(row::COLUMN.id.eq(id))
            .exec(&lock)
            .await
            .expect("locked");
        let document = format!(
            r#"mutation {{ clientRevoke(input: {{idempotencyKey: "k", clientId: "{id}"}}) {{ userErrors {{ code }} }} }}"#
        );

        let refused = async {
            let busy = async || {
                let answer = send(&admin, "{ __typename }").await;
                (answer.status() == 503).then_some(answer)
            };
            let busy = poll::until_async(busy).await.expect("the only place is occupied");
            let live = app.http().get(format!("{}/healthz", app.url)).send().await.expect("an answer");
            assert_eq!(live.status(), 200, "a liveness check needs no place");
            lock.rollback().await.expect("rolled back");
            busy
        };
        // Another request may occupy the place for a moment.
        let command = async || {
            let answer = send(&admin, &document).await;
            (answer.status() != 503).then_some(answer)
        };
        let (done, busy) = join(poll::until_async(command), refused).await;

        assert_eq!(header(busy.headers(), "retry-after"), "1");
        let body: Value = busy.json().await.expect("JSON");
        assert_eq!(body["errors"][0]["extensions"]["code"], "UNAVAILABLE");
        let body: Value = done.expect("a place").json().await.expect("JSON");
        assert_eq!(
            body["data"]["clientRevoke"]["userErrors"],
            json!([]),
            "{kind:?}: the request in the place was completed"
        );
        assert_eq!(send(&admin, "{ __typename }").await.status(), 200, "{kind:?}: the place is free again");
        app.stop().await;
    }
}

/// A client can occupy half of the places. Its further requests are refused, and other clients are served.
#[actix_web::test]
async fn one_client_leaves_places_for_others() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = TestApp::with_places(kind, 4).await;
        let greedy = app.caller(&["cadre:read", "clients:admin"], &["W"]).await;
        let other = app.caller(&["cadre:read"], &["W"]).await;
        // Commands on a client whose row, or database, is locked wait.
        let lock = app.database.begin().await.expect("a transaction");
        let id: entity::value::ClientId = other.id.parse().expect("an id");
        row::Entity::update_many()
            .col_expr(row::Column::Version, Expr::col(row::Column::Version).add(0))
            .filter(row::COLUMN.id.eq(id))
            .exec(&lock)
            .await
            .expect("locked");
        let command = |key: usize| {
            let document = format!(
                r#"mutation {{ clientRotateSecret(input: {{idempotencyKey: "{key}", clientId: "{id}"}}) {{ userErrors {{ code }} }} }}"#
            );
            let greedy = &greedy;
            // Another request may occupy the second place for a moment.
            async move {
                let command = async || {
                    let status = send(greedy, &document).await.status().as_u16();
                    (status != 429).then_some(status)
                };
                poll::until_async(command).await
            }
        };

        let answered = async {
            let refused = async || (send(&greedy, "{ __typename }").await.status() == 429).then_some(());
            poll::until_async(refused).await.expect("two of its operations wait, and a third is refused");
            let answer = send(&other, "{ __typename }").await.status();
            lock.rollback().await.expect("rolled back");
            answer
        };
        let (responses, answer) = join(join_all((0..2).map(command)), answered).await;

        assert_eq!(answer, 200, "{kind:?}: another client is answered");
        assert_eq!(responses, [Some(200), Some(200)], "{kind:?}: the waiting requests are completed");
        app.stop().await;
    }
}

/// With a time limit of zero, each operation that reads the database exceeds it.
#[actix_web::test]
async fn an_operation_over_its_time_limit_is_refused_without_a_retry_hint() {
    on_both(async |app| {
        let pool = Pool { operation_timeout: Duration::ZERO, ..Pool::default() };
        let database = Database::open(&as_service(&app.database_url), pool).await.expect("a database");
        let node = Node::start_as(&database, clock(), Some(&app.url)).await;
        let caller = app.all_seeing().await;
        let ask = async |document: &str| {
            let request = app.http().post(format!("{}/graphql", node.url)).bearer_auth(&caller.token);
            request.json(&json!({ "query": document })).send().await.expect("an answer")
        };
        // The fast path would answer the second request.
        for _ in 0..2 {
            let answer = ask(r#"{ cadre(by: {code: "A-04"}) { code } viewer { day: __typename } }"#).await;
            assert_eq!((answer.status().as_u16(), header(answer.headers(), "retry-after")), (200, ""));
            let body: Value = answer.json().await.expect("JSON");
            assert_eq!(body["errors"][0]["extensions"]["code"], "OPERATION_TIMEOUT", "{body}");
            assert_eq!(body["data"], json!({ "cadre": null, "viewer": { "day": "Viewer" } }), "Viewer reads no row");
        }
        let before = changes(app).await;
        let command = r#"mutation { planDraft(input: {idempotencyKey: "k", unitCode: "P", code: "KH-T", name: "T", yearFrom: 2027,
            yearTo: 2027}) { userErrors { code } } }"#;
        let body: Value = ask(command).await.json().await.expect("JSON");
        assert_eq!(body["errors"][0]["extensions"]["code"], "OPERATION_TIMEOUT", "{body}");
        assert_eq!(changes(app).await, before, "{:?}: no command starts", app.kind);
        node.stop().await;
        database.close().await.expect("closed");
    })
    .await;
}

async fn changes(app: &TestApp) -> u64 {
    entity::change::Entity::find().count(app.database.reader()).await.expect("counted")
}

#[actix_web::test]
async fn the_rate_of_guesses_at_secrets_is_limited() {
    on_both(async |app| {
        let (caller, other) = (app.caller(&["cadre:read"], &["W"]).await, app.caller(&["cadre:read"], &["W"]).await);
        for id in [caller.id.clone(), entity::value::ClientId::new().to_string()] {
            let attempt = || {
                let request = app.http().post(format!("{}/oauth/token", app.url)).basic_auth(&id, Some("guess"));
                let request = request.header("Content-Type", "application/x-www-form-urlencoded");
                request.body("grant_type=client_credentials").send()
            };
            let first = attempt().await.expect("an answer");
            assert_eq!(first.status(), 401, "{:?}", app.kind);
            let answers =
                join_all((0..60).map(|_| attempt())).await.into_iter().map(|answer| answer.expect("an answer"));
            let refused: Vec<_> = answers.filter(|answer| answer.status() == 429).collect();
            assert!(!refused.is_empty(), "{:?}: {id}: the same for known and unknown clients", app.kind);
            let wait: u64 = header(refused[0].headers(), "retry-after").parse().expect("seconds");
            assert!((1..=6).contains(&wait), "{wait}");
        }
        for good in [&caller, &other] {
            drop(app.token(&good.id, &good.secret).await);
        }
    })
    .await;
}

#[actix_web::test]
async fn no_correct_secret_is_refused_under_concurrency() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let attempt = |secret: String| {
            let request = app.http().post(format!("{}/oauth/token", app.url)).basic_auth(&caller.id, Some(secret));
            let request = request.header("Content-Type", "application/x-www-form-urlencoded");
            request.body("grant_type=client_credentials").send()
        };
        // Another sender that knows the id guesses secrets at the same time.
        let sent = (0..640).map(|at| {
            let is_guess = at % 5 == 0;
            let answer = attempt(if is_guess { "guess".to_owned() } else { caller.secret.clone() });
            async move { (is_guess, answer.await.expect("an answer").status().as_u16()) }
        });
        let answers = join_all(sent).await;

        let statuses =
            |guesses: bool| answers.iter().filter(move |(guess, _)| *guess == guesses).map(|(_, status)| *status);
        assert_eq!(statuses(false).filter(|status| *status == 200).count(), 512, "{:?}: {answers:?}", app.kind);
        assert!(statuses(true).all(|status| matches!(status, 401 | 429)), "{:?}: {answers:?}", app.kind);
        assert!(statuses(true).any(|status| status == 429), "{:?}: the control: guesses are limited", app.kind);
    })
    .await;
}

#[actix_web::test]
async fn the_settings_limit_clients_and_the_metrics_count_refusals() {
    let (url, _folder) = copy(Kind::Sqlite).await;
    let client = program::client(&url);
    let flags = ["--client-requests-per-second", "1", "--client-cost-per-minute", "70", "--max-in-flight", "8"];
    let program = Program::serve_with(&url, &flags);
    let token = program.token(&client).await;
    let page = "{ cadres(first: 30) { nodes { code } } }";

    let answers = join_all((0..20).map(|_| program.ask(&token, page))).await;

    assert!(answers.iter().any(|(status, _)| *status == 429), "{answers:?}");
    let (_, text) = program.get("/metrics").await;
    assert!(text.contains(r#"cadre_limited_total{limit="requests"}"#), "{text}");
    let codes = answers.iter().filter_map(|(_, answer)| answer["errors"][0]["extensions"]["code"].as_str());
    assert!(codes.into_iter().all(|code| code == "RATE_LIMITED"), "{answers:?}");
}
