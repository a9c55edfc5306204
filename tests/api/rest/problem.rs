//! Problems: each refusal of `/v1` is a problem that names the parameter and whose type resolves.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, filled, get, post, request, routes};
use crate::support::{Kind, Node, TestApp, clock};

#[actix_web::test]
async fn a_bad_parameter_is_named_with_the_permitted_ones() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.all_seeing().await;
    for (path, name, words) in [
        ("/v1/cadres?frist=5", "frist", "Did you mean `first`?"),
        ("/v1/cadres?where=x", "where", "unit.code"),
        ("/v1/institutions?first=5", "first", "Permitted: none"),
        ("/v1/cadres?first=x", "first", "a whole number"),
        ("/v1/cadres?first=99999999999", "first", "a whole number"),
        ("/v1/cadres?first=5&first=6", "first", "only once"),
        ("/v1/cadres?asOf=2026-02-30", "asOf", "YYYY-MM-DD"),
        ("/v1/cadres?asOf=", "asOf", "YYYY-MM-DD"),
        ("/v1/cadres?keyLeader=yes", "keyLeader", "`true` or `false`"),
        ("/v1/cadres?gender=X", "gender", "must be one of: FEMALE, MALE"),
        ("/v1/rotations?states=DRAFT&states=X", "states", "POLICY_APPROVED"),
        ("/v1/cadres?unit.reach=UNIT", "unit.code", "required with other parameters of `unit`"),
        ("/v1/units/A1/composition", "subject", "required"),
        ("/v1/units/A1?unitCode=A2", "unitCode", "Permitted: asOf"),
    ] {
        let answer = get(&app, &caller, path).await;
        assert_eq!(answer.problem(), (400, "BAD_PARAMETER"), "{path}");
        let error = &answer.body["errors"][0];
        assert_eq!(error["field"], name, "{path}: {error}");
        assert!(answer.body["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{path}: {error}");
    }
    let answer = get(&app, &caller, "/v1/cadres?gender=X").await;
    assert_eq!(answer.body["errors"][0]["allowed"], json!(["FEMALE", "MALE"]));
    app.stop().await;
}

#[actix_web::test]
async fn a_value_that_breaks_a_rule_is_refused_as_a_whole() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.all_seeing().await;
    for (path, field) in [
        ("/v1/cadres?unit.code=NOWHERE", "unit.code"),
        ("/v1/cadres?first=101", "first"),
        ("/v1/cadres?first=-1", "first"),
        ("/v1/cadres?after=x", "after"),
        ("/v1/units/A1/composition?subject=NONE", "subject"),
        ("/v1/cadres/A-02/qualifications?subject=NONE", "subject"),
    ] {
        let answer = get(&app, &caller, path).await;
        assert_eq!(answer.problem(), (400, "INVALID"), "{path}");
        assert_eq!(answer.body["errors"][0]["field"], field, "{path}: {:#}", answer.body);
        assert!(answer.body.get("data").is_none());
    }
    app.stop().await;
}

#[actix_web::test]
async fn refusals_before_the_engine_are_problems_too() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.all_seeing().await;
    let http = app.http();
    let url = |path: &str| format!("{}{path}", app.url);
    let by = |method: Method, path: &str| request(&app, &caller, method, path);
    let json = "application/json";
    for (request, status, code) in [
        (http.get(url("/v1/cadres")), 401, "UNAUTHENTICATED"),
        (http.get(url("/v1/cadres")).bearer_auth("nothing"), 401, "UNAUTHENTICATED"),
        (http.get(url("/v1/cadres?access_token=x")), 401, "UNAUTHENTICATED"),
        (http.post(url("/v1/rotations")).json(&json!({})), 401, "UNAUTHENTICATED"),
        (http.get(url("/v1/nothing")), 404, "NOT_FOUND"),
        (http.get(url("/v1/")), 404, "NOT_FOUND"),
        (http.get(url("/v1/cadres/")), 404, "NOT_FOUND"),
        (by(Method::DELETE, "/v1/cadres"), 405, "METHOD_NOT_ALLOWED"),
        (by(Method::GET, "/v1/cadres").header("Accept", "text/html"), 406, "NOT_ACCEPTABLE"),
        (by(Method::GET, "/v1/cadres").header("Accept", "application/json;q=0"), 406, "NOT_ACCEPTABLE"),
        (
            by(Method::POST, "/v1/rotations").header("Content-Type", json).body("x".repeat(300_000)),
            413,
            "PAYLOAD_TOO_LARGE",
        ),
        (by(Method::POST, "/v1/rotations").body("{}"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (by(Method::POST, "/v1/rotations").header("Content-Type", json).body("{"), 400, "BAD_REQUEST"),
        (by(Method::POST, "/v1/rotations").json(&json!([])), 400, "BAD_REQUEST"),
    ] {
        let answer = Answer::of(request.send().await.expect("an answer")).await;
        assert_eq!(answer.problem(), (status, code), "{:#}", answer.body);
        assert_eq!(answer.header("www-authenticate").is_empty(), status != 401);
        assert_eq!(answer.header("allow"), if status == 405 { "GET, HEAD" } else { "" });
    }
    let accepted = by(Method::GET, "/v1/titles").header("Accept", "text/html, application/*;q=0.5").send().await;
    assert_eq!(accepted.expect("an answer").status().as_u16(), 200, "the control");
    let outside = http.get(url("/v1x")).send().await.expect("an answer");
    assert_eq!(outside.headers()["content-type"], json, "other paths keep the errors of GraphQL");
    app.stop().await;
}

#[actix_web::test]
async fn a_path_lists_its_methods() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.all_seeing().await;
    let routes = routes(&app).await;
    let mut paths: Vec<&String> = routes.iter().map(|(_, path)| path).collect();
    paths.dedup();
    for path in paths {
        let methods: Vec<_> = routes.iter().filter(|(_, of)| of == path).map(|(method, _)| method.as_str()).collect();
        let expected = match methods.as_slice() {
            ["GET"] => "GET, HEAD",
            ["POST"] => "POST",
            ["GET", "POST"] => "GET, HEAD, POST",
            other => panic!("{path}: {other:?}"),
        };
        let path = filled(&app, &caller, path).await;
        let answer = request(&app, &caller, Method::PUT, &path).send().await.expect("an answer");
        let answer = Answer::of(answer).await;
        assert_eq!(answer.problem(), (405, "METHOD_NOT_ALLOWED"), "{path}");
        assert_eq!(answer.header("allow"), expected, "{path}");
    }
    app.stop().await;
}

#[actix_web::test]
async fn a_limit_states_when_to_retry() {
    let app = TestApp::with_places(Kind::Sqlite, 0).await;
    let caller = app.all_seeing().await;
    let answer = get(&app, &caller, "/v1/titles").await;
    assert_eq!(answer.problem(), (503, "UNAVAILABLE"));
    assert_eq!(answer.header("retry-after"), "1");
    app.stop().await;
}

#[actix_web::test]
async fn problems_come_in_the_language_of_the_client() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.all_seeing().await;
    for path in ["/v1/cadres?frist=1", "/v1/cadres/NOBODY", "/v1/cadres?first=101", "/v1/nothing"] {
        let mut texts = Vec::new();
        for language in ["vi", "en"] {
            let request = app.http().get(format!("{}{path}", app.url)).bearer_auth(&caller.token);
            let answer = Answer::of(request.header("Accept-Language", language).send().await.expect("an answer")).await;
            assert_eq!(answer.header("content-language"), language, "{path}");
            answer.problem();
            texts.push(["title", "detail"].map(|name| answer.body[name].as_str().unwrap_or_default().to_owned()));
        }
        assert!(texts[0].iter().all(|text| !text.is_ascii()), "{path}: {texts:?}");
        assert!(texts[1].iter().all(|text| text.is_ascii()), "{path}: {texts:?}");
    }
    app.stop().await;
}

/// The codes of the service, of the engine, and of refused commands.
#[actix_web::test]
async fn the_page_of_problems_has_an_anchor_for_each_code() {
    let app = TestApp::new(Kind::Sqlite).await;
    let caller = app.all_seeing().await;
    let page = app.http().get(format!("{}/problems", app.url)).send().await.expect("an answer");
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let page = page.text().await.expect("text");

    let mut codes: Vec<String> =
        ["RATE_LIMITED", "OPERATION_TIMEOUT", "REQUEST_TIMEOUT", "INTERNAL", "CONFLICT"].map(str::to_owned).to_vec();
    let refusals = caller.query(r#"{ __type(name: "UserErrorCode") { enumValues { name } } }"#).await;
    let names = refusals["__type"]["enumValues"].as_array().expect("values").iter();
    codes.extend(names.map(|value| value["name"].as_str().expect("a name").to_owned()));
    for path in ["/v1/cadres?frist=1", "/v1/cadres/NOBODY", "/v1/cadres?first=101"] {
        let answer = get(&app, &caller, path).await;
        codes.push(answer.problem().1.to_owned());
        assert_eq!(answer.body["type"], format!("{}/problems#{}", app.url, answer.problem().1));
    }
    for code in codes {
        assert_eq!(page.matches(&format!("id=\"{code}\"")).count(), 1, "{code}");
    }
    app.stop().await;
}

#[actix_web::test]
async fn links_and_types_use_the_public_url() {
    let app = TestApp::new(Kind::Sqlite).await;
    let node = Node::start_as(&app.database, clock(), Some("https://cadre.example.vn")).await;
    let caller = app.all_seeing().await;
    let key = |url: &str| app.http().post(format!("{url}/oauth/token")).basic_auth(&caller.id, Some(&caller.secret));
    let form = "application/x-www-form-urlencoded";
    let token = key(&node.url).header("Content-Type", form).body("grant_type=client_credentials").send().await;
    let token: Value = token.expect("an answer").json().await.expect("JSON");
    let token = token["access_token"].as_str().expect("a token");

    let read = async |path: &str| {
        let request = app.http().get(format!("{}{path}", node.url)).bearer_auth(token);
        Answer::of(request.send().await.expect("an answer")).await
    };
    let link = read("/v1/cadres?first=1").await.header("link").to_owned();
    assert!(link.starts_with("<https://cadre.example.vn/v1/cadres?first=1&after="), "{link}");
    let problem = read("/v1/cadres/NOBODY").await;
    assert_eq!(problem.body["type"], "https://cadre.example.vn/problems#NOT_FOUND");
    node.stop().await;
    assert_eq!(post(&app, &caller, "/v1/rotations", "k", &json!({})).await.status, 400, "the other still runs");
    app.stop().await;
}
