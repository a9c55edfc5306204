//! The fast path writes the same bytes as the engine. The engine answers the first request for a document, and the fast
//! path the later ones if it supports the document. So each random query is sent twice. The seed is printed;
//! `CADRE_TEST_SEED` repeats a run.

mod draw;

use std::sync::Arc;

use async_graphql::Variables;
use cadre_api::{
    app_state::AppState,
    auth::Tokens,
    authz::Access,
    demo,
    graphql::engine::{DocumentOrigin, Engine, ExecutionRequest, ExecutionResponse},
    import::Outcome,
    language::Language,
    limit::Limits,
};
use draw::{Draw, Pools};
use serde::Serialize;
use serde_json::json;

use crate::support::{Caller, Kind, TestApp, allowance, clock, on_both, postgres::setting, store};

const QUERIES: usize = 2_000;
const CALLERS: [(&[&str], Reach); 6] = [
    (&["cadre:read", "rotation:read", "training:read", "quota:read"], Reach::Whole),
    (&["cadre:read", "rotation:read", "training:read", "quota:read"], Reach::District),
    (&["cadre:read", "rotation:read", "training:read", "quota:read"], Reach::Two),
    (&["cadre:read", "quota:read"], Reach::District),
    (&["stats:read"], Reach::Whole),
    (&["cadre:read", "cadre.identity:read", "rotation:read", "training:read", "quota:read"], Reach::Whole),
];

#[derive(Clone, Copy)]
enum Reach {
    Whole,
    District,
    Two,
}

/// An engine over one test application.
struct TestEngine {
    app_state: Arc<AppState>,
    tokens: Tokens,
    engine: Engine,
}

/// The body of a response as sent, and whether the fast path wrote it.
#[derive(Debug, PartialEq)]
struct Body {
    text: String,
    is_written: bool,
    has_errors: bool,
}

impl TestEngine {
    async fn over(app: &TestApp) -> Self {
        let app_state = Arc::new(AppState::open(store(&app.service), clock()).await.expect("an application state"));
        let tokens = Tokens::load(store(&app.service), clock(), &app.url).await.expect("keys");
        Self { app_state, tokens, engine: Engine::default() }
    }

    async fn ask(&self, caller: &Caller<'_>, language: Language, query: &draw::Query) -> Body {
        let who = self.tokens.verifier.verify(&caller.token, clock().now()).await.expect("a caller");
        let purpose = caller.purpose.map(|purpose| purpose.parse().expect("a purpose"));
        let access = Access::of(who, purpose, Arc::clone(&self.app_state), Limits::default())
            .expect("a purpose that is allowed");
        let query = ExecutionRequest {
            document: query.document.clone(),
            origin: DocumentOrigin::Sent,
            operation_name: None,
            variables: Variables::from_json(query.variables.clone()),
            language,
            request_id: "R".to_owned(),
            queries_only: true,
            allowance: allowance(),
            validation: None,
        };
        let answer = self.engine.answer(Arc::new(access), query).await.audit().await.expect("logged").response;
        match answer {
            ExecutionResponse::Written(bytes) => {
                Body { text: String::from_utf8(bytes).expect("UTF-8"), is_written: true, has_errors: false }
            }
            ExecutionResponse::Ran(response) if response.errors.is_empty() => {
                Body { text: text(&Data { data: &response.data }), is_written: false, has_errors: false }
            }
            // If several fields fail, the engine reports one of them, in no fixed order. The fast path reports no
            // errors.
            ExecutionResponse::Ran(response) => {
                Body { text: text(&response.data), is_written: false, has_errors: true }
            }
            ExecutionResponse::Refused(_) => Body { text: String::new(), is_written: false, has_errors: true },
            answer => panic!("{answer:?}"),
        }
    }
}

/// The body of a response without errors, as `http::graphql` writes it.
#[derive(Serialize)]
struct Data<'a> {
    data: &'a async_graphql::Value,
}

fn text(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("JSON")
}

async fn of_the_demo(kind: Kind) -> TestApp {
    let folder = tempfile::tempdir().expect("a folder");
    demo::write_bundle(folder.path()).expect("written");
    let app = TestApp::empty(kind).await;
    assert_eq!(app.import(folder.path()).await.outcome, Outcome::Loaded);
    app
}

#[actix_web::test]
async fn the_fast_path_writes_the_bytes_of_the_engine() {
    let seed = setting("CADRE_TEST_SEED").map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a seed"));
    println!("CADRE_TEST_SEED={seed}");
    let mut written_by_both = Vec::new();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let app = of_the_demo(kind).await;
        let pools = Pools::read(&app.database).await;
        let (engine_under_test, mut draw) = (TestEngine::over(&app).await, Draw::new(seed, &pools));
        let mut callers = Vec::new();
        for (scopes, reach) in CALLERS {
            let roots = match reach {
                Reach::Whole => vec![demo::ROOT],
                Reach::District => vec![draw.a_district()],
                Reach::Two => vec![draw.a_district(), draw.a_unit()],
            };
            callers.push(app.caller(scopes, &roots).await);
        }

        let (mut written, mut failed, mut differing) = (0, 0, 0);
        for at in 0..QUERIES {
            let nth = at % callers.len();
            let language = if at % 5 == 0 { Language::English } else { Language::Vietnamese };
            let query = draw.query(at, CALLERS[nth].0);
            let (caller, other) = (&callers[nth], &callers[(nth + 1) % callers.len()]);
            let by_engine = engine_under_test.ask(caller, language, &query).await;
            let again = engine_under_test.ask(caller, language, &query).await;
            let hint = || format!("query {at} of seed {seed}, {kind:?}, caller {nth}: {query:?}");
            assert!(!by_engine.is_written, "the engine answers the first request: {}", hint());
            assert_eq!((&again.text, again.has_errors), (&by_engine.text, by_engine.has_errors), "{}", hint());

            written += usize::from(again.is_written);
            failed += usize::from(by_engine.has_errors);
            // The control: another caller gets another response.
            let others = engine_under_test.ask(other, language, &query).await;
            differing += usize::from(again.is_written && others.text != again.text);
        }

        println!("{kind:?}: {written} written, {failed} with errors, {differing} differ for another caller");
        assert!(
            written * 2 > QUERIES,
            "the control: the fast path writes most responses, not only {written}, seed {seed}"
        );
        assert!(
            differing * 5 > QUERIES,
            "the control: only {differing} responses differ for another caller, seed {seed}"
        );
        assert!(failed * 100 > QUERIES, "the control: {failed} queries fail, seed {seed}");
        written_by_both.push(written);
        app.stop().await;
    }
    // Only PostgreSQL has read modes. A read mode that is too narrow would leave the query to the engine.
    assert_eq!(written_by_both[0], written_by_both[1], "seed {seed}");
}

#[actix_web::test]
async fn the_second_response_has_the_bytes_and_headers_of_the_first() {
    on_both(async |app| {
        let caller = app.all_seeing().await;
        let document = "query($u: String!, $x: Boolean) { unit(by: {code: $u}) { name cadres(first: 3) { nodes { code \
            fullName unit { name } title { name } qualifications { level { label } grantedOn } rotations @skip(if: $x) \
            { startOn toUnit { name } } } totalCount { value } } } }";
        let body = json!({ "query": document, "variables": { "u": "W" } });
        let mut answers = Vec::new();
        for _ in 0..3 {
            let answer = caller.post(&body).send().await.expect("an answer");
            let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
            let headers = ["Content-Type", "Content-Language", "Cache-Control", "Vary"].map(header);
            answers.push((answer.status(), headers, answer.text().await.expect("text")));
        }

        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0], answers[2]);
        assert!(answers[0].2.starts_with(r#"{"data":{"unit":{"name":"#), "{}", answers[0].2);
    })
    .await;
}

#[actix_web::test]
async fn the_fast_path_refuses_the_variables_that_the_engine_refuses() {
    let app = TestApp::new(Kind::Sqlite).await;
    let (engine_under_test, caller) = (TestEngine::over(&app).await, app.all_seeing().await);
    let document = "query($w: CadreWhere, $o: [CadreOrder!], $x: Boolean = false, $n: Int) { \
        cadres(where: $w, orderBy: $o, first: $n) @skip(if: $x) { nodes { code } } }";
    let query = |variables| draw::Query { document: document.to_owned(), variables };
    let first = engine_under_test.ask(&caller, Language::English, &query(json!({}))).await;
    assert!(!first.has_errors && !first.is_written);

    for (variables, is_good) in [
        (json!({}), true),
        (json!({ "n": 2, "w": { "gender": "FEMALE" }, "o": [{ "field": "CODE" }] }), true),
        (json!({ "w": { "and": { "gender": "FEMALE" } }, "o": { "field": "CODE" } }), true),
        (json!({ "w": { "unit": { "code": "A", "reach": "UNIT" } }, "unknown": 1 }), true),
        (json!({ "w": { "genre": "FEMALE" } }), false),
        (json!({ "w": { "gender": "FEMALES" } }), false),
        (json!({ "w": { "unit": {} } }), false),
        (json!({ "o": [null] }), false),
        (json!({ "o": [{ "field": "CODE", "direction": 1 }] }), false),
        (json!({ "n": "2" }), false),
        (json!({ "n": 2.5 }), false),
        (json!({ "x": "true" }), false),
        (json!({ "x": null }), false),
        // Also if the document does not use the variable's field.
        (json!({ "x": true, "w": { "genre": "FEMALE" } }), false),
        (json!({ "x": true, "n": "2" }), false),
    ] {
        let answer = engine_under_test.ask(&caller, Language::English, &query(variables.clone())).await;
        assert_eq!((answer.is_written, answer.has_errors), (is_good, !is_good), "{variables}: {answer:?}");
    }
    app.stop().await;
}
