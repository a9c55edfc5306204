//! HTTP headers that do not depend on GraphQL: compression, validators, HEAD, request ids, CORS.

use std::{collections::BTreeMap, io::Read};

use flate2::read::GzDecoder;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::support::{
    Caller, Kind, TestApp, copy, on_both,
    program::{Program, client},
    wire::Wire,
};

/// A page that is large enough to be compressed.
const LONG: &str = "{ units(first: 20) { nodes { code name kind tier parent { code name } } } }";

async fn small_app() -> TestApp {
    TestApp::new(Kind::Sqlite).await
}

async fn sent(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

/// All values of a header, as one list.
fn header(answer: &Response, name: &str) -> String {
    let values: Vec<_> = answer.headers().get_all(name).iter().map(|value| value.to_str().expect("ASCII")).collect();
    values.join(", ")
}

fn inflated(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).expect("gzip of UTF-8");
    text
}

/// Sends a document and accepts gzip.
async fn send_query(caller: &Caller<'_>, document: &str) -> Response {
    sent(caller.post(&json!({ "query": document })).header("Accept-Encoding", "gzip, br")).await
}

#[actix_web::test]
async fn long_responses_are_compressed_for_clients_that_accept_it() {
    on_both(async |app| {
        let caller = app.caller(&["cadre:read"], &["W"]).await;
        let plain = sent(caller.post(&json!({ "query": LONG }))).await;
        assert_eq!((plain.status().as_u16(), header(&plain, "content-encoding").as_str()), (200, ""));
        assert!(header(&plain, "vary").ends_with("Accept-Encoding"), "`Vary` names the header: {plain:?}");
        let plain = plain.text().await.expect("text");
        assert!(plain.len() > 1024, "the control: the body is large enough: {plain}");

        let answer = send_query(&caller, LONG).await;

        assert_eq!((answer.status().as_u16(), header(&answer, "content-encoding").as_str()), (200, "gzip"));
        assert_eq!(header(&answer, "vary"), "Accept, Accept-Language, Authorization, Accept-Encoding");
        assert_eq!(header(&answer, "content-type"), "application/json; charset=utf-8");
        let length = header(&answer, "content-length");
        let bytes = answer.bytes().await.expect("bytes");
        assert_eq!(length, bytes.len().to_string());
        assert!(bytes.len() < plain.len() / 2, "{} of {}", bytes.len(), plain.len());
        assert_eq!(inflated(&bytes), plain);

        // Large enough to be compressed on another thread.
        let page = LONG.strip_prefix("{ ").and_then(|page| page.strip_suffix(" }")).expect("one field");
        let many = (0..40).fold(String::new(), |many, at| format!("{many} a{at}: {page}"));
        let many = format!("{{ {many} }}");
        let plain = caller.raw(&many, json!({})).await;
        assert!(plain.len() > 64 * 1024, "{}", plain.len());
        let answer = send_query(&caller, &many).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "content-encoding").as_str()), (200, "gzip"));
        assert_eq!(inflated(&answer.bytes().await.expect("bytes")), plain);
    })
    .await;
}

#[actix_web::test]
async fn short_responses_and_tokens_are_not_compressed() {
    let app = small_app().await;
    let caller = app.all_seeing().await;

    for document in ["{ __typename }", "{ nothing }", "{"] {
        let answer = send_query(&caller, document).await;
        assert_eq!(header(&answer, "content-encoding"), "", "{document}");
        assert!(!header(&answer, "vary").contains("Accept-Encoding"), "{document}");
        drop(answer.json::<Value>().await.expect("JSON"));
    }
    assert_eq!(header(&send_query(&caller, LONG).await, "content-encoding"), "gzip", "the control");

    let form = |path: &str, body: &str| {
        let request = app.http().post(format!("{}{path}", app.url)).basic_auth(&caller.id, Some(&caller.secret));
        request.header("Content-Type", "application/x-www-form-urlencoded").body(body.to_owned())
    };
    let token = format!("token={}", caller.token);
    for request in [
        form("/oauth/token", "grant_type=client_credentials"),
        form("/oauth/introspect", &token),
        form("/oauth/introspect", "token=x"),
        app.http().get(format!("{}/oauth/jwks.json", app.url)),
    ] {
        let answer = sent(request.header("Accept-Encoding", "gzip")).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "content-encoding").as_str()), (200, ""));
        drop(answer.json::<Value>().await.expect("JSON"));
    }
    app.stop().await;
}

#[actix_web::test]
async fn the_schema_is_not_sent_again_to_a_client_that_has_it() {
    let app = small_app().await;
    let get = |tags: &[&str]| {
        let request = app.http().get(format!("{}/schema.graphql", app.url));
        sent(tags.iter().fold(request, |request, tag| request.header("If-None-Match", *tag)))
    };
    let first = get(&[]).await;
    let tag = header(&first, "etag");
    assert!(tag.starts_with("W/\"") && tag.len() > 30, "{tag}");
    let strong = tag.trim_start_matches("W/").to_owned();
    let length = first.bytes().await.expect("bytes").len();
    let list = format!("\"x\", W/\"y,z\" ,, {tag}");

    for tags in [&[tag.as_str()][..], &[strong.as_str()], &["*"], &[list.as_str()], &["\"x\"", tag.as_str()]] {
        let answer = get(tags).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "etag")), (304, tag.clone()), "{tags:?}");
        assert_eq!(header(&answer, "cache-control"), "public, max-age=300", "{tags:?}");
        assert_eq!(header(&answer, "vary"), "Accept-Encoding", "{tags:?}");
        assert!(!header(&answer, "x-request-id").is_empty(), "{tags:?}");
        assert!(answer.bytes().await.expect("bytes").is_empty(), "{tags:?}");
    }
    let unquoted = strong.trim_matches('"').to_owned();
    let longer = format!("\"{unquoted}0\"");
    let inner = format!("\"x,{unquoted}\"");
    for tags in
        [&[""][..], &["\"x\""], &[unquoted.as_str()], &[longer.as_str()], &[inner.as_str()], &["w/\"x\""], &["\"*\""]]
    {
        let answer = get(tags).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "etag")), (200, tag.clone()), "{tags:?}");
        assert_eq!(answer.bytes().await.expect("bytes").len(), length, "{tags:?}");
    }

    let request = app.http().get(format!("{}/schema.graphql", app.url)).header("Accept-Encoding", "gzip");
    let compressed = sent(request).await;
    assert_eq!(header(&compressed, "content-encoding"), "gzip");
    assert_eq!(header(&compressed, "etag"), tag, "one tag for both forms, because it is weak");
    let bytes = compressed.bytes().await.expect("bytes");
    assert!(bytes.len() < length / 3 && inflated(&bytes) == include_str!("../../schema.graphql"));
    app.stop().await;
}

/// Headers that differ between two requests for the same resource.
const OF_ONE_ANSWER: [&str; 3] = ["date", "x-request-id", "ratelimit"];

#[actix_web::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let app = small_app().await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let query = |document: &str| {
        let pair = form_urlencoded::Serializer::new(String::new()).append_pair("query", document).finish();
        format!("/graphql?{pair}")
    };
    let paths = [
        "/".to_owned(),
        "/schema.graphql".to_owned(),
        "/healthz".to_owned(),
        "/readyz".to_owned(),
        "/oauth/jwks.json".to_owned(),
        "/.well-known/oauth-authorization-server".to_owned(),
        "/.well-known/oauth-protected-resource".to_owned(),
        "/nowhere".to_owned(),
        query("{ __typename }"),
        query(LONG),
        query("mutation { __typename }"),
        query("{"),
    ];
    let stable = |answer: &Response| {
        let names = answer.headers().keys().filter(|name| !OF_ONE_ANSWER.contains(&name.as_str()));
        names.map(|name| (name.to_string(), header(answer, name.as_str()))).collect::<BTreeMap<_, _>>()
    };
    for path in &paths {
        for encoding in ["identity", "gzip"] {
            let request = |method: Method| {
                let request = app.http().request(method, format!("{}{path}", app.url)).bearer_auth(&caller.token);
                request.header("Accept-Encoding", encoding)
            };
            let get = sent(request(Method::GET)).await;
            let head = sent(request(Method::HEAD)).await;
            assert_eq!((head.status(), stable(&head)), (get.status(), stable(&get)), "{path} {encoding}");
            let length = header(&head, "content-length");
            assert_eq!(head.bytes().await.expect("bytes").len(), 0, "{path} {encoding}");
            assert_eq!(get.bytes().await.expect("bytes").len().to_string(), length, "{path} {encoding}");
        }
    }
    let head = sent(app.http().head(format!("{}{}", app.url, query(LONG)))).await;
    assert_eq!(head.status(), 401, "a token is required as for GET");
    app.stop().await;
}

#[actix_web::test]
async fn an_unknown_method_is_refused_with_the_allowed_ones() {
    let app = small_app().await;
    for (path, allow) in [
        ("/graphql", "GET, HEAD, POST"),
        ("/", "GET, HEAD"),
        ("/schema.graphql", "GET, HEAD"),
        ("/metrics", "GET, HEAD"),
        ("/oauth/token", "POST"),
    ] {
        for method in ["BREW", "TRACE", "OPTIONS", "PROPFIND", "get"] {
            let method = Method::from_bytes(method.as_bytes()).expect("a token");
            let answer = sent(app.http().request(method.clone(), format!("{}{path}", app.url))).await;
            assert_eq!((answer.status().as_u16(), header(&answer, "allow").as_str()), (405, allow), "{method} {path}");
            assert!(!header(&answer, "x-request-id").is_empty(), "{method} {path}");
            let body: Value = answer.json().await.expect("JSON");
            assert_eq!(body["errors"][0]["extensions"]["code"], "METHOD_NOT_ALLOWED", "{method} {path}");
        }
    }
    app.stop().await;
}

const ID: &str = "01890A5Dac96774bbcceb302099a8057";

#[actix_web::test]
async fn a_request_keeps_the_id_that_it_was_sent_with() {
    let app = small_app().await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let url = |path: &str| format!("{}{path}", app.url);
    for (request, status) in [
        (caller.post(&json!({ "query": "{ nothing }" })), 200),
        (caller.post(&json!({ "query": LONG })).header("Accept-Encoding", "gzip"), 200),
        (caller.post(&json!([])), 400),
        (caller.post(&json!({})).header("Content-Type", "text/plain"), 415),
        (caller.post(&json!({ "query": "x".repeat(300_000) })), 413),
        (app.http().post(url("/graphql")), 401),
        (app.http().get(url("/nowhere")), 404),
        (app.http().delete(url("/graphql")), 405),
        (app.http().get(url("/schema.graphql")).header("If-None-Match", "*"), 304),
        (app.http().post(url("/oauth/token")), 415),
        (app.http().head(url("/healthz")), 200),
    ] {
        let answer = sent(request.header("X-Request-Id", ID)).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "x-request-id").as_str()), (status, ID));
        let is_json =
            header(&answer, "content-type").contains("json") && header(&answer, "content-encoding").is_empty();
        if is_json && answer.headers().get("accept-post").is_none() {
            let body: Value = answer.json().await.expect("JSON");
            assert_eq!(body["errors"][0]["extensions"]["requestId"], ID, "{body}");
        }
    }
    for bad in ["999012345678", "Trần", "an-id-of-a-client", "01890a5dac96774bbcceb302099a805g"] {
        let answer = sent(caller.post(&json!({ "query": "{ nothing }" })).header("X-Request-Id", bad)).await;
        let id = header(&answer, "x-request-id");
        assert!(uuid::Uuid::try_parse(&id).is_ok(), "{bad}: {id}");
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body["errors"][0]["extensions"]["requestId"], id.as_str(), "{bad}");
    }
    app.stop().await;
}

#[actix_web::test]
async fn a_body_that_does_not_arrive_is_answered_with_the_id_of_its_request() {
    let app = small_app().await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;
    let (url, token) = (app.url.clone(), caller.token.clone());
    let answer = tokio::task::spawn_blocking(move || {
        let mut wire = Wire::to(&url);
        wire.post(&token, &format!("Content-Length: 20\r\nX-Request-Id: {ID}\r\n"));
        wire.answer().expect("an answer")
    });
    let answer = answer.await.expect("it does not panic");
    assert_eq!((answer.status, answer.code().as_str()), (408, "REQUEST_TIMEOUT"));
    assert!(answer.head.contains(&format!("x-request-id: {ID}\r\n")), "{}", answer.head);
    app.stop().await;
}

const APP: &str = "https://app.example.vn";

/// The preflight request that a browser sends before a query of a page.
fn preflight(url: &str, origin: &str) -> RequestBuilder {
    let request = reqwest::Client::new().request(Method::OPTIONS, url).header("Origin", origin);
    let request = request.header("Access-Control-Request-Method", "POST");
    request.header("Access-Control-Request-Headers", "authorization,content-type,x-purpose")
}

#[actix_web::test]
async fn pages_of_listed_origins_are_allowed_and_others_are_not() {
    let (url, _folder) = copy(Kind::Sqlite).await;
    let credentials = client(&url);
    let program = Program::serve_with(&url, &["--cors-origins", "https://app.example.vn, http://localhost:3000"]);
    let token = program.token(&credentials).await;
    let at = |path: &str| format!("{}{path}", program.url);
    let http = reqwest::Client::new();

    for path in ["/graphql", "/schema.graphql", "/oauth/jwks.json"] {
        let answer = sent(preflight(&at(path), APP).header("X-Request-Id", ID)).await;
        assert_eq!(answer.status(), 204, "{path}");
        assert_eq!(header(&answer, "access-control-allow-origin"), APP, "{path}");
        assert_eq!(header(&answer, "access-control-allow-methods"), "GET, HEAD, POST", "{path}");
        let headers = header(&answer, "access-control-allow-headers").to_ascii_lowercase();
        let names: Vec<&str> = headers.split(", ").collect();
        for name in ["authorization", "content-type", "x-purpose", "idempotency-key", "if-match", "if-none-match"] {
            assert!(names.contains(&name), "{name}: {headers}");
        }
        assert_eq!(header(&answer, "access-control-max-age"), "7200", "{path}");
        assert_eq!((header(&answer, "vary"), header(&answer, "x-request-id")), ("Origin".to_owned(), ID.to_owned()));
        assert_eq!(header(&answer, "access-control-allow-credentials"), "", "{path}");
    }
    let post = |origin: Option<&str>, token: &str| {
        let request = http.post(at("/graphql")).bearer_auth(token).json(&json!({ "query": "{ __typename }" }));
        origin.into_iter().fold(request, |request, origin| request.header("Origin", origin))
    };
    for (token, status) in [(token.as_str(), 200), ("wrong", 401)] {
        let answer = sent(post(Some(APP), token)).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "access-control-allow-origin").as_str()), (status, APP));
        let exposed = header(&answer, "access-control-expose-headers");
        for name in ["X-Request-Id", "Retry-After", "RateLimit", "RateLimit-Policy", "ETag", "Link", "Deprecation"] {
            assert!(exposed.split(", ").any(|exposed| exposed == name), "{name}: {exposed}");
        }
        assert_eq!(header(&answer, "vary"), "Accept, Accept-Language, Authorization, Origin");
    }

    for origin in ["https://evil.example", "https://app.example.vn.evil.example", "http://app.example.vn", "null"] {
        let answer = sent(preflight(&at("/graphql"), origin)).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "access-control-allow-origin").as_str()), (403, ""));
        assert_eq!(header(&answer, "access-control-allow-methods"), "", "{origin}");
        assert!(answer.text().await.expect("text").contains("CADRE_CORS_ORIGINS"), "{origin}");
        let answer = sent(post(Some(origin), &token)).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "access-control-allow-origin").as_str()), (200, ""));
        assert!(header(&answer, "vary").ends_with("Origin"), "{origin}");
    }
    let answer = sent(post(None, &token)).await;
    assert_eq!(header(&answer, "access-control-allow-origin"), "", "a request without an origin gets no CORS headers");
    assert!(header(&answer, "vary").ends_with("Origin"), "`Vary` names the header");
    let twice = post(Some(APP), &token).header("Origin", "https://evil.example");
    assert_eq!(header(&sent(twice).await, "access-control-allow-origin"), "");
    let bare = sent(http.request(Method::OPTIONS, at("/graphql")).header("Origin", APP)).await;
    assert_eq!((bare.status().as_u16(), header(&bare, "allow").as_str()), (405, "GET, HEAD, POST"));
}

#[actix_web::test]
async fn no_page_of_another_origin_uses_a_client_secret() {
    let (url, _folder) = copy(Kind::Sqlite).await;
    let (id, secret) = client(&url);
    for origins in [APP, "*"] {
        let program = Program::serve_with(&url, &["--cors-origins", origins]);
        for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/%74oken"] {
            let answer = sent(preflight(&format!("{}{path}", program.url), APP)).await;
            assert_eq!(answer.status(), 403, "{path}");
            assert_eq!(header(&answer, "access-control-allow-origin"), "", "{path}");
            assert!(answer.text().await.expect("text").contains("errors"), "{path}");
        }
        let form = reqwest::Client::new().post(format!("{}/oauth/token", program.url)).basic_auth(&id, Some(&secret));
        let form = form.header("Content-Type", "application/x-www-form-urlencoded").header("Origin", APP);
        let answer = sent(form.body("grant_type=client_credentials")).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "access-control-allow-origin").as_str()), (200, ""));

        let expected = if origins == "*" { ("*", "") } else { (APP, "Origin") };
        let answer = sent(preflight(&format!("{}/graphql", program.url), APP)).await;
        let found = (header(&answer, "access-control-allow-origin"), header(&answer, "vary"));
        assert_eq!((found.0.as_str(), found.1.as_str()), expected, "the control");
    }
}

#[actix_web::test]
async fn without_the_setting_no_page_of_another_origin_is_allowed() {
    let app = small_app().await;
    let caller = app.caller(&["cadre:read"], &["W"]).await;

    let answer = sent(preflight(&format!("{}/graphql", app.url), APP)).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "allow").as_str()), (405, "GET, HEAD, POST"));
    let send_query = sent(caller.post(&json!({ "query": "{ __typename }" })).header("Origin", APP)).await;
    assert_eq!(send_query.status(), 200);
    for answer in [answer, send_query] {
        let names: Vec<_> = answer.headers().keys().map(|name| name.as_str().to_owned()).collect();
        assert!(!names.iter().any(|name| name.starts_with("access-control-")), "{names:?}");
        assert_eq!(header(&answer, "vary"), "Accept, Accept-Language, Authorization");
    }
    app.stop().await;
}
