//! GraphQL over HTTP: media types, statuses, headers, languages, and the bytes of responses.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{Caller, Kind, TestApp, on_both};

const RESPONSE: &str = "application/graphql-response+json";

async fn small_app() -> TestApp {
    TestApp::new(Kind::Sqlite).await
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().expect("ASCII"))
}

async fn sent(request: reqwest::RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

/// Sends a document with an `Accept` header and returns status and body.
async fn send(caller: &Caller<'_>, accept: &str, document: &str) -> (u16, Value) {
    let answer = sent(caller.post(&json!({ "query": document })).header("Accept", accept)).await;
    let status = answer.status().as_u16();
    assert_eq!(header(&answer, "content-type"), format!("{accept}; charset=utf-8"), "{document}");
    (status, answer.json().await.expect("JSON"))
}

#[actix_web::test]
async fn the_media_type_of_a_response_is_the_one_that_the_client_prefers() {
    let app = small_app().await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let json = "application/json";

    for (accept, media) in [
        (None, json),
        (Some("*/*"), json),
        (Some("application/*"), json),
        (Some(json), json),
        (Some("application/json; charset=utf-8"), json),
        (Some(RESPONSE), RESPONSE),
        (Some("application/graphql-response+json; charset=utf-8, application/json; charset=utf-8"), RESPONSE),
        (Some("application/json, application/graphql-response+json"), json),
        (Some("application/json;q=0.8, application/graphql-response+json;q=0.9"), RESPONSE),
        (Some("APPLICATION/GRAPHQL-RESPONSE+JSON"), RESPONSE),
        (Some("text/html, */*;q=0.1"), json),
    ] {
        let request = caller.post(&json!({ "query": "{ __typename }" }));
        let request = accept.into_iter().fold(request, |request, accept| request.header("Accept", accept));
        let answer = sent(request).await;
        assert_eq!(answer.status(), 200, "{accept:?}");
        assert_eq!(header(&answer, "content-type"), format!("{media}; charset=utf-8"), "{accept:?}");
    }
    for accept in ["text/html", "application/xml, text/*", "application/json;q=0", "application/graphql+json"] {
        let answer = sent(caller.post(&json!({ "query": "{ __typename }" })).header("Accept", accept)).await;
        assert_eq!(answer.status(), 406, "{accept}");
        let answer: Value = answer.json().await.expect("JSON");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_ACCEPTABLE", "{accept}");
    }
    app.stop().await;
}

#[actix_web::test]
async fn an_invalid_document_is_refused_with_the_unknown_name() {
    let app = small_app().await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    for (document, message) in [
        (
            "{ cadres { nodes { fulName } } }",
            r#"Unknown field "fulName" on type "Cadre". Did you mean "fullName"? See /schema.graphql."#,
        ),
        (
            "{ cadres(frst: 1) { nodes { code } } }",
            r#"Unknown argument "frst" on field "cadres" of type "Query". Did you mean "first"? See /schema.graphql."#,
        ),
        ("{ ... on Cadr { code } }", r#"Unknown type "Cadr". Did you mean "Cadre"? See /schema.graphql."#),
        ("{ viewer @skp(if: true) { name } }", r#"Unknown directive "skp". Did you mean "skip"? See /schema.graphql."#),
        ("{ viewer }", r#"Field "viewer" of type "Viewer" must have a selection of subfields. See /schema.graphql."#),
        ("{ unit(by: {code: $code}) { code } }", r#"Variable "$code" is not defined. See /schema.graphql."#),
        (
            r#"{ cadres(where: {gender: "Trần Thị Bí Mật"}) { nodes { code } } }"#,
            "Query.cadres(where: CadreWhere): the value of the argument does not match its type; correct it at the \
             given position, see /schema.graphql. (line 1, column 17)",
        ),
        (
            "{ cadres(where: {gender: FEMAIL}) { nodes { code } } }",
            r#"Query.cadres(where: CadreWhere): value "FEMAIL" does not exist in enum "Gender". Did you mean "FEMALE"? (line 1, column 17)"#,
        ),
        (
            "query($g: Gender = X) { cadres(where: {gender: $g}) { nodes { code } } }",
            r#"value "X" does not exist in enum "Gender"; see /schema.graphql. (line 1, column 7)"#,
        ),
    ] {
        let (_, answer) = send(&caller, RESPONSE, document).await;
        assert_eq!(answer["errors"][0]["message"], message, "{document}: {answer}");
    }
    app.stop().await;
}

#[actix_web::test]
async fn the_status_depends_on_the_media_type() {
    let app = small_app().await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let page = "subunits(first: 100) { nodes { ";
    let expensive = format!("{{ unit(by: {{code: \"W\"}}) {{ {}code{} }} }}", page.repeat(4), " } }".repeat(4));

    for (document, code, status) in [
        ("{", "GRAPHQL_PARSE_FAILED", 400),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED", 400),
        ("mutation { nothing }", "GRAPHQL_VALIDATION_FAILED", 400),
        ("query a { __typename } query b { __typename }", "OPERATION_NOT_FOUND", 400),
        ("query($a: Int!) { units(first: $a) { nodes { code } } }", "BAD_VARIABLES", 400),
        ("{ units(first: 4294967296) @skip(if: true) { nodes { code } } }", "BAD_VARIABLES", 400),
        ("{ units(first: \"5\") { nodes { code } } }", "BAD_VARIABLES", 400),
        ("{ units(asOf: \"2026-02-30\") { nodes { code } } }", "BAD_VARIABLES", 400),
        ("query($a: Int = 4294967296) { units(first: $a) { nodes { code } } }", "BAD_VARIABLES", 400),
        (expensive.as_str(), "OPERATION_TOO_COMPLEX", 400),
        ("{ cadres { nodes { identity { birthOn } } } }", "FORBIDDEN", 403),
    ] {
        for (media, status) in [("application/json", 200), (RESPONSE, status)] {
            let (found, answer) = send(&caller, media, document).await;
            assert_eq!(found, status, "{media} {document}: {answer}");
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{document}: {answer}");
            assert!(answer.get("data").is_none(), "{document}: {answer}");
        }
    }
    let all_seeing = app.all_seeing().await;
    let (status, answer) = send(&all_seeing, RESPONSE, "{ cadres { nodes { identity { birthOn } } } }").await;
    assert_eq!(status, 200, "the control: the scope is missing: {answer}");
    for media in ["application/json", RESPONSE] {
        let partial = r#"{ unit(by: {code: "A"}) { composition(subject: "NONE") { total } } viewer { __typename } }"#;
        let (status, answer) = send(&caller, media, partial).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["data"], json!({ "unit": null, "viewer": { "__typename": "Viewer" } }));
        assert_eq!(answer["errors"][0]["path"], json!(["unit", "composition"]));
    }
    for body in [
        json!({}),
        json!({ "query": 1 }),
        json!({ "query": "{a}", "variables": [] }),
        json!({ "query": "{a}", "operationName": 1 }),
        json!({ "query": "{a}", "extensions": 1 }),
    ] {
        let answer = sent(caller.post(&body)).await;
        assert_eq!(answer.status(), 400, "{body}");
    }
    app.stop().await;
}

#[actix_web::test]
async fn a_request_without_a_token_is_refused_before_its_body_is_read() {
    let app = small_app().await;
    let endpoint = format!("{}/graphql", app.url);
    let http = app.http();

    for request in [
        http.post(&endpoint).json(&json!({ "query": "{ not closed" })),
        http.post(&endpoint).header("Content-Type", "text/plain").body("?"),
        http.post(&endpoint).header("Content-Type", "application/json").body("{ broken"),
        http.post(&endpoint).header("Content-Type", "application/json").body("x".repeat(1_000_000)),
        http.post(&endpoint).header("Accept", "text/html").bearer_auth("nothing"),
        http.get(format!("{endpoint}?query=%7B")),
        http.get(&endpoint).basic_auth("a", Some("b")),
    ] {
        let answer = sent(request).await;
        assert_eq!(answer.status(), 401);
        let challenge = header(&answer, "www-authenticate");
        assert!(
            challenge.starts_with("Bearer ") && challenge.contains("/.well-known/oauth-protected-resource"),
            "{challenge}"
        );
        assert_eq!(header(&answer, "cache-control"), "no-store");
        let id = header(&answer, "x-request-id").to_owned();
        let answer: Value = answer.json().await.expect("JSON");
        assert_eq!(answer["errors"][0]["extensions"], json!({ "code": "UNAUTHENTICATED", "requestId": id }));
    }
    app.stop().await;
}

#[actix_web::test]
async fn the_keys_of_a_response_have_the_order_of_the_request() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let document = r#"{
            z: __typename
            cadres(first: 1, orderBy: [{field: CODE}]) { totalCount { isExact value } nodes { title { name code } code fullName unit { name code } } }
            a: unit(by: {code: "A1"}) { tier ...u code }
            viewer { __typename }
            b: unit(by: {code: "A2"}) { ...u }
        } fragment u on Unit { name admin: adminCode parent { code id: kind } }"#;

        let answer = sent(caller.post(&json!({ "query": document }))).await.text().await.expect("text");

        assert_eq!(
            answer,
            concat!(
                r#"{"data":{"z":"Query","cadres":{"totalCount":{"isExact":true,"value":10},"nodes":[{"title":{"name":"Bí thư Đảng ủy xã","code":"BT"},"#,
                r#""code":"A-01","fullName":"Lê Văn An","unit":{"name":"Đảng ủy xã Mới","code":"A1P"}}]},"a":{"tier":"COMMUNE","name":"Xã Mới","#,
                r#""admin":"90111","parent":{"code":"A","id":"DISTRICT"},"code":"A1"},"viewer":{"__typename":"Viewer"},"#,
                r#""b":{"name":"Xã Đầm","admin":"90102","parent":{"code":"A","id":"DISTRICT"}}}}"#,
            )
        );
    })
    .await;
}

#[actix_web::test]
async fn a_field_that_fails_is_null_beside_its_siblings() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let document = r#"{
            cadre(by: {code: "A-01"}) { before: code highest(subject: "NONE") { level { code } } after: code }
            unit(by: {code: "A"}) { composition(subject: "NONE") { total } }
            viewer { __typename }
        }"#;

        let answer = caller.ask(document, json!({})).await;

        assert_eq!(
            answer["data"],
            json!({
                "cadre": {"before": "A-01", "highest": null, "after": "A-01"},
                "unit": null,
                "viewer": {"__typename": "Viewer"},
            })
        );
        let mut errors: Vec<String> = answer["errors"].as_array().expect("errors").iter().map(brief).collect();
        errors.sort_unstable();
        assert_eq!(
            errors,
            [r#"INVALID subject ["cadre","highest"] true"#, r#"INVALID subject ["unit","composition"] true"#]
        );
    })
    .await;
}

fn brief(error: &Value) -> String {
    let word = |name: &str| error["extensions"][name].as_str().unwrap_or("none");
    format!("{} {} {} {}", word("code"), word("field"), error["path"], error["locations"][0]["line"].is_u64())
}

#[actix_web::test]
async fn variables_that_were_not_sent_are_absent_and_defaults_apply_everywhere() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let nodes = |data: &Value| data["units"]["nodes"].as_array().expect("nodes").len();

        let by_kind = "query($kinds: [UnitKind!], $a: String) { units(where: {kinds: $kinds, adminCode: $a}) { nodes { code } } }";
        assert_eq!(nodes(&caller.query_with(by_kind, json!({ "kinds": ["DISTRICT"] })).await), 2, "`$a` is absent");
        assert_eq!(nodes(&caller.query_with(by_kind, json!({ "kinds": "DISTRICT", "a": "901" })).await), 1, "a list of one");

        let skip = "query($no: Boolean = true, $yes: Boolean! = false) { a: viewer @skip(if: $no) { __typename } b: viewer @include(if: $no) { __typename }
            ... @include(if: $yes) { c: __typename } ... on Query @skip(if: $yes) { d: __typename } }";
        assert_eq!(caller.query(skip).await, json!({ "b": { "__typename": "Viewer" }, "d": "Query" }));
        let sent = json!({ "no": false, "yes": true });
        assert_eq!(caller.query_with(skip, sent).await, json!({ "a": { "__typename": "Viewer" }, "c": "Query" }));

        let key = "query($code: String, $id: ID) { unit(by: {code: $code, id: $id}) { code } }";
        let answer = caller.ask(key, json!({ "code": "A" })).await;
        assert_eq!(answer["errors"], Value::Null, "an absent variable does not fill a @oneOf: {answer}");
        assert_eq!(answer["data"]["unit"]["code"], "A");
    })
    .await;
}

#[actix_web::test]
async fn messages_come_in_the_language_of_the_client_and_codes_do_not_change() {
    let app = small_app().await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let request = |document: &str| {
        let request = app.http().post(format!("{}/graphql", app.url)).bearer_auth(&caller.token);
        request.json(&json!({ "query": document }))
    };
    let invalid = r#"{ unit(by: {code: "A"}) { composition(subject: "NONE") { total } } }"#;

    for document in ["{", "{ nothing }", "{ cadres { nodes { identity { birthOn } } } }", invalid] {
        let mut messages = Vec::new();
        for (accept, language) in [(None, "vi"), (Some("fr"), "vi"), (Some("en-GB, vi;q=0.5"), "en")] {
            let request = request(document);
            let request = accept.into_iter().fold(request, |request, accept| request.header("Accept-Language", accept));
            let answer = sent(request).await;
            assert_eq!(header(&answer, "content-language"), language, "{document}");
            let answer: Value = answer.json().await.expect("JSON");
            let error = &answer["errors"][0];
            messages.push((error["message"].to_string(), error["extensions"]["code"].to_string()));
        }
        assert_eq!(messages[0], messages[1], "{document}");
        assert_ne!(messages[0].0, messages[2].0, "{document}");
        assert_eq!(messages[0].1, messages[2].1, "{document}");
        assert!(messages[2].0.is_ascii(), "{document}: {}", messages[2].0);
    }
    app.stop().await;
}

#[actix_web::test]
async fn every_response_has_its_id_and_must_not_be_cached() {
    let app = small_app().await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let mut ids = Vec::new();

    for request in [
        caller.post(&json!({ "query": "{ __typename }" })),
        caller.post(&json!({ "query": "{ nothing }" })),
        caller.post(&json!({ "query": r#"{ unit(by: {code: "A"}) { composition(subject: "NONE") { total } } }"# })),
        caller.post(&json!([])),
        caller.post(&json!({ "query": "{ __typename }" })).header("Accept", "text/html"),
        caller.post(&json!({})).header("Content-Encoding", "gzip"),
        app.http().get(format!("{}/graphql?query=mutation%7B__typename%7D", app.url)).bearer_auth(&caller.token),
        app.http().get(format!("{}/nowhere", app.url)),
        app.http().delete(format!("{}/graphql", app.url)),
    ] {
        let answer = sent(request).await;
        let id = header(&answer, "x-request-id").to_owned();
        assert!(!id.is_empty(), "{answer:?}");
        assert_eq!(header(&answer, "cache-control"), "no-store", "{answer:?}");
        assert_eq!(header(&answer, "vary"), "Accept, Accept-Language, Authorization", "{answer:?}");
        assert!(header(&answer, "content-type").contains("json"), "{answer:?}");
        let answer: Value = answer.json().await.expect("JSON");
        for error in answer["errors"].as_array().into_iter().flatten() {
            assert_eq!(error["extensions"]["requestId"], json!(id), "{answer}");
            assert!(error["message"].as_str().is_some_and(|message| message.contains(' ')), "{answer}");
        }
        ids.push(id);
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "each request has its own id");
    app.stop().await;
}

#[actix_web::test]
async fn each_path_takes_its_methods() {
    let app = small_app().await;
    let posts = ["/oauth/token", "/oauth/revoke", "/oauth/introspect"];
    let reads = [
        "/schema.graphql",
        "/healthz",
        "/readyz",
        "/oauth/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource",
    ];
    let status = async |method: Method, path: &str| {
        let answer = sent(app.http().request(method, format!("{}{path}", app.url))).await;
        (answer.status().as_u16(), header(&answer, "allow").to_owned(), answer.text().await.expect("text"))
    };

    for path in reads {
        let (found, _, body) = status(Method::GET, path).await;
        assert!(found == 200 && !body.is_empty(), "{path}: {found} {body}");
        let (found, _, body) = status(Method::HEAD, path).await;
        assert_eq!((found, body.as_str()), (200, ""), "HEAD {path}");
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let (found, allow, body) = status(method.clone(), path).await;
            assert_eq!((found, allow.as_str()), (405, "GET, HEAD"), "{method} {path}");
            assert!(body.contains("METHOD_NOT_ALLOWED"), "{method} {path}: {body}");
        }
    }
    for path in posts {
        for method in [Method::GET, Method::HEAD, Method::PUT] {
            let (found, allow, _) = status(method.clone(), path).await;
            assert_eq!((found, allow.as_str()), (405, "POST"), "{method} {path}");
        }
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        let (found, allow, _) = status(method.clone(), "/graphql").await;
        assert_eq!((found, allow.as_str()), (405, "GET, HEAD, POST"), "{method}");
    }
    for path in ["/graphql/", "/GRAPHQL", "/oauth", "/oauth/token/x", "/.well-known/", "/healthz/x", "//graphql"] {
        let (found, _, body) = status(Method::GET, path).await;
        assert_eq!(found, 404, "{path}");
        assert!(body.contains("NOT_FOUND"), "{path}: {body}");
    }
    app.stop().await;
}

#[actix_web::test]
async fn the_root_has_a_page_for_browsers_and_json_for_programs() {
    let app = small_app().await;
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for (accept, kind) in
        [(browser, "text/html; charset=utf-8"), ("*/*", "application/json"), ("application/json", "application/json")]
    {
        let answer = sent(app.http().get(format!("{}/", app.url)).header("Accept", accept)).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "content-type")), (200, kind), "{accept}");
        assert!(header(&answer, "content-security-policy").starts_with("default-src 'none';"), "{accept}");
        assert_eq!(header(&answer, "vary"), "Accept", "{accept}");
        let body = answer.text().await.expect("text");
        for word in ["/graphql", "schema.graphql", "healthz", "docs/api.md"] {
            assert!(body.contains(word), "{accept}: {word}: {body}");
        }
        assert!(!body.contains("://"), "nothing is loaded from another host: {body}");
        if kind == "application/json" {
            serde_json::from_str::<Value>(&body).expect("JSON");
        } else {
            assert!(body.contains("lang=\"vi\"") && body.contains("lang=\"en\""), "{body}");
        }
    }
    let put = sent(app.http().put(format!("{}/", app.url))).await;
    assert_eq!((put.status().as_u16(), header(&put, "allow")), (405, "GET, HEAD"));
    app.stop().await;
}

#[actix_web::test]
async fn the_served_schema_is_the_one_in_the_repository() {
    let app = small_app().await;

    let answer = sent(app.http().get(format!("{}/schema.graphql", app.url))).await;

    assert_eq!(header(&answer, "content-type"), "application/graphql; charset=utf-8");
    assert!(answer.text().await.expect("text") == include_str!("../../schema.graphql"));
    app.stop().await;
}

#[actix_web::test]
async fn queries_may_be_sent_by_get_with_variables() {
    let app = small_app().await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let get = async |pairs: &[(&str, &str)]| {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = app.http().get(format!("{}/graphql?{query}", app.url)).bearer_auth(&caller.token);
        let answer = sent(request.header("Accept", RESPONSE)).await;
        (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"))
    };
    let document = "query a($c: String!) { unit(by: {code: $c}) { code } } query b { __typename }";

    let (status, answer) =
        get(&[("query", document), ("operationName", "a"), ("variables", r#"{"c": "A1"}"#), ("extensions", "{}")])
            .await;
    assert_eq!((status, answer), (200, json!({ "data": { "unit": { "code": "A1" } } })));
    let (status, answer) = get(&[("query", document), ("operationName", "b"), ("variables", "null")]).await;
    assert_eq!((status, answer), (200, json!({ "data": { "__typename": "Query" } })));
    for pairs in [
        vec![],
        vec![("query", "{ __typename }"), ("query", "{ __typename }")],
        vec![("query", document), ("operationName", "a"), ("variables", "{")],
        vec![("query", document), ("operationName", "a"), ("variables", "[]")],
        vec![("query", document), ("operationName", "a"), ("variables", "\"c\"")],
        vec![("query", document)],
        vec![("query", document), ("operationName", "c")],
    ] {
        let (status, answer) = get(&pairs).await;
        assert_eq!(status, 400, "{pairs:?}: {answer}");
    }
    app.stop().await;
}

#[actix_web::test]
async fn tokens_keys_and_metadata_are_found_from_one_url() {
    let app = small_app().await;
    let caller = app.caller(&["cadre:read", "stats:read"], &["W"]).await;
    let get = async |url: &str| sent(app.http().get(url)).await.json::<Value>().await.expect("JSON");

    let challenge = sent(app.http().post(format!("{}/graphql", app.url))).await;
    let challenge = header(&challenge, "www-authenticate").to_owned();
    let resource =
        challenge.split("resource_metadata=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a URL");
    let resource = get(resource).await;
    let issuer = resource["authorization_servers"][0].as_str().expect("a URL");
    assert_eq!(issuer, app.url);
    let server = get(&format!("{issuer}/.well-known/oauth-authorization-server")).await;
    let keys = get(server["jwks_uri"].as_str().expect("a URL")).await;
    assert!(keys["keys"][0]["kid"].is_string() && keys["keys"][0].get("d").is_none(), "{keys}");

    let form = |body: &'static str| {
        let request = app.http().post(server["token_endpoint"].as_str().expect("a URL")).body(body);
        request.header("Content-Type", "application/x-www-form-urlencoded")
    };
    let answer =
        sent(form("grant_type=client_credentials&scope=stats%3Aread").basic_auth(&caller.id, Some(&caller.secret)))
            .await;
    assert_eq!((answer.status().as_u16(), header(&answer, "cache-control")), (200, "no-store"));
    let token: Value = answer.json().await.expect("JSON");
    assert_eq!(
        (&token["token_type"], &token["expires_in"], &token["scope"]),
        (&json!("Bearer"), &json!(600), &json!("stats:read"))
    );
    let narrowed =
        app.http().post(format!("{}/graphql", app.url)).bearer_auth(token["access_token"].as_str().expect("a token"));
    let narrowed: Value =
        sent(narrowed.json(&json!({ "query": "{ viewer { scopes } }" }))).await.json().await.expect("JSON");
    assert_eq!(narrowed["data"]["viewer"]["scopes"], json!(["stats:read"]));

    for (request, status, error) in [
        (form("grant_type=client_credentials").basic_auth(&caller.id, Some("wrong")), 401, "invalid_client"),
        (form("grant_type=client_credentials"), 401, "invalid_client"),
        (form("grant_type=password").basic_auth(&caller.id, Some(&caller.secret)), 400, "unsupported_grant_type"),
        (
            form("grant_type=client_credentials&scope=cadre%3Awrite").basic_auth(&caller.id, Some(&caller.secret)),
            400,
            "invalid_scope",
        ),
        (form("scope=stats%3Aread").basic_auth(&caller.id, Some(&caller.secret)), 400, "invalid_request"),
    ] {
        let answer = sent(request).await;
        assert_eq!(answer.status().as_u16(), status, "{error}");
        assert_eq!(answer.json::<Value>().await.expect("JSON")["error"], error);
    }
    app.stop().await;
}

#[actix_web::test]
async fn every_route_sends_the_id_of_the_request() {
    let app = small_app().await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let form = |path: &str, body: &str| {
        let request = app.http().post(format!("{}{path}", app.url));
        request.header("Content-Type", "application/x-www-form-urlencoded").body(body.to_owned())
    };
    let good = format!("client_id={}&client_secret={}", caller.id, caller.secret);
    let mut requests = vec![
        form("/oauth/token", &format!("grant_type=client_credentials&{good}")),
        form("/oauth/token", "grant_type=client_credentials&client_id=x&client_secret=y"),
        form("/oauth/token", "").header("Content-Encoding", "gzip"),
        form("/oauth/revoke", &format!("token=x&{good}")),
        form("/oauth/introspect", &format!("token=x&{good}")),
    ];
    let paths = [
        "/oauth/token",
        "/oauth/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource",
        "/schema.graphql",
        "/healthz",
        "/readyz",
        "/metrics",
        "/nowhere",
        "/graphql",
    ];
    requests.extend(paths.map(|path| app.http().get(format!("{}{path}", app.url))));
    requests.push(app.http().head(format!("{}/oauth/jwks.json", app.url)));

    for request in requests {
        let answer = sent(request).await;
        let ids: Vec<_> = answer.headers().get_all("x-request-id").iter().collect();
        assert!(ids.len() == 1 && !ids[0].is_empty(), "{answer:?}");
    }
    app.stop().await;
}
