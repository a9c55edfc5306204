use actix_web::{
    App,
    body::to_bytes,
    test::{TestRequest, call_service, init_service},
};
use data_encoding::BASE64;
use serde_json::Value;

use super::*;
use crate::auth::tests::fixture::{Fixture, PUBLIC_URL, now};

struct Answer {
    status: u16,
    headers: actix_web::http::header::HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends requests to an application that has the routes and one client.
struct TestClient {
    tokens: web::Data<Tokens>,
    id: String,
    secret: String,
    _folder: tempfile::TempDir,
}

impl TestClient {
    async fn new() -> Self {
        let Fixture { tokens, client, secret, _folder, .. } = Fixture::new().await;
        Self { tokens: web::Data::new(tokens), id: client.id.to_string(), secret, _folder }
    }

    async fn send(&self, request: TestRequest) -> Answer {
        let app = init_service(App::new().app_data(self.tokens.clone()).configure(routes)).await;
        let response = call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap();
        Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() }
    }

    fn basic(&self) -> (&'static str, String) {
        ("Authorization", format!("Basic {}", BASE64.encode(format!("{}:{}", self.id, self.secret).as_bytes())))
    }

    fn both(&self) -> String {
        format!("client_id={}&client_secret={}", self.id, self.secret)
    }
}

fn form(body: impl Into<String>) -> TestRequest {
    TestRequest::post()
        .uri("/oauth/token")
        .insert_header(("Content-Type", "application/x-www-form-urlencoded"))
        .set_payload(body.into())
}

const GRANT: &str = "grant_type=client_credentials";

#[actix_web::test]
async fn a_client_gets_a_token_with_each_authentication_method() {
    let test_client = TestClient::new().await;
    let encoded: String = test_client.secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let basic_of = |pair: String| ("Authorization", format!("basic {}", BASE64.encode(pair.as_bytes())));

    for (name, request) in [
        ("basic", form(GRANT).insert_header(test_client.basic())),
        ("basic, form-encoded", form(GRANT).insert_header(basic_of(format!("{}:{encoded}", test_client.id)))),
        (
            "basic, id repeated",
            form(format!("{GRANT}&client_id={}", test_client.id)).insert_header(test_client.basic()),
        ),
        ("post", form(format!("{GRANT}&{}", test_client.both()))),
        (
            "a charset",
            form(format!("{GRANT}&{}", test_client.both()))
                .insert_header(("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")),
        ),
        (
            "a quoted charset",
            form(format!("{GRANT}&{}", test_client.both()))
                .insert_header(("Content-Type", "application/x-www-form-urlencoded;charset=\"utf-8\"")),
        ),
        ("an empty scope is none", form(format!("{GRANT}&scope=&{}", test_client.both()))),
        ("unknown parameters are ignored", form(format!("{GRANT}&audience=x&{}", test_client.both()))),
    ] {
        let answer = test_client.send(request).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        assert_eq!(answer.header("Cache-Control"), "no-store");
        assert_eq!(answer.header("Pragma"), "no-cache");
        let (token, body) = (answer.body["access_token"].as_str().unwrap(), &answer.body);
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 600);
        assert_eq!(body["scope"], "cadre:read stats:read");
        assert!(test_client.tokens.verifier.verify(token, now()).await.is_ok(), "{name}");
    }
}

#[actix_web::test]
async fn a_client_may_request_fewer_scopes() {
    let test_client = TestClient::new().await;
    for (scope, status, answer) in [
        ("stats%3Aread", 200, "stats:read"),
        ("stats:read+cadre:read", 200, "cadre:read stats:read"),
        ("cadre:write", 400, "invalid_scope"),
        ("cadre:read+cadre.identity:read", 400, "invalid_scope"),
        ("everything", 400, "invalid_scope"),
    ] {
        let response = test_client.send(form(format!("{GRANT}&scope={scope}&{}", test_client.both()))).await;
        let said = if status == 200 { &response.body["scope"] } else { &response.body["error"] };
        assert_eq!((response.status, said), (status, &json!(answer)), "{scope}");
    }
}

#[actix_web::test]
async fn a_bad_request_is_refused_with_the_codes_of_the_standard() {
    let test_client = TestClient::new().await;
    let (id, both) = (test_client.id.as_str(), test_client.both());
    let basic_of = |pair: &str| ("Authorization", format!("Basic {}", BASE64.encode(pair.as_bytes())));

    for (name, request, status, error) in [
        ("no grant type", form(both.clone()), 400, "invalid_request"),
        ("empty grant type", form(format!("grant_type=&{both}")), 400, "invalid_request"),
        ("another grant", form(format!("grant_type=password&{both}")), 400, "unsupported_grant_type"),
        ("another grant, unknown client", form("grant_type=password"), 401, "invalid_client"),
        (
            "repeated parameter",
            form(format!("{GRANT}&{both}&scope=stats:read&scope=cadre:read")),
            400,
            "invalid_request",
        ),
        ("repeated unknown parameter", form(format!("{GRANT}&{both}&x=1&x=1")), 400, "invalid_request"),
        ("no credentials", form(GRANT), 401, "invalid_client"),
        ("no secret", form(format!("{GRANT}&client_id={id}")), 401, "invalid_client"),
        ("empty secret", form(format!("{GRANT}&client_id={id}&client_secret=")), 401, "invalid_client"),
        ("wrong secret", form(format!("{GRANT}&client_id={id}&client_secret=x")), 401, "invalid_client"),
        (
            "unknown client",
            form(format!("{GRANT}&client_id=unknown&client_secret={}", test_client.secret)),
            401,
            "invalid_client",
        ),
        ("both ways", form(format!("{GRANT}&{both}")).insert_header(test_client.basic()), 400, "invalid_request"),
        (
            "two ids",
            form(format!("{GRANT}&client_id=unknown")).insert_header(test_client.basic()),
            400,
            "invalid_request",
        ),
        (
            "two headers",
            form(GRANT).insert_header(test_client.basic()).append_header(test_client.basic()),
            400,
            "invalid_request",
        ),
        ("bearer", form(GRANT).insert_header(("Authorization", "Bearer x")), 401, "invalid_client"),
        ("no base64", form(GRANT).insert_header(("Authorization", "Basic !")), 401, "invalid_client"),
        ("no colon", form(GRANT).insert_header(basic_of(id)), 401, "invalid_client"),
        (
            "an ampersand",
            form(GRANT).insert_header(basic_of(&format!("{id}:{}&x", test_client.secret))),
            401,
            "invalid_client",
        ),
        ("in the URL", form(GRANT).uri(&format!("/oauth/token?{both}")), 400, "invalid_request"),
        (
            "another charset",
            form(format!("{GRANT}&{both}"))
                .insert_header(("Content-Type", "application/x-www-form-urlencoded; charset=utf-16")),
            415,
            "invalid_request",
        ),
        (
            "a charset among others",
            form(format!("{GRANT}&{both}"))
                .insert_header(("Content-Type", "application/x-www-form-urlencoded; x=y; CHARSET = latin1")),
            415,
            "invalid_request",
        ),
        ("JSON", form("{}").insert_header(("Content-Type", "application/json")), 415, "invalid_request"),
        (
            "compressed",
            form(format!("{GRANT}&{both}")).insert_header(("Content-Encoding", "gzip")),
            415,
            "invalid_request",
        ),
        ("too long", form(format!("{GRANT}&{both}&x={}", "x".repeat(8192))), 413, "invalid_request"),
    ] {
        let response = test_client.send(request).await;
        assert_eq!((response.status, &response.body["error"]), (status, &json!(error)), "{name}: {}", response.body);
        assert_eq!(response.header("Cache-Control"), "no-store", "{name}");
        assert_eq!(response.header("WWW-Authenticate").starts_with("Basic "), status == 401, "{name}");
        let description = response.body["error_description"].as_str().unwrap();
        assert!(description.is_ascii() && !description.contains(id), "{name}");
    }
    assert_eq!(test_client.send(TestRequest::get().uri("/oauth/token")).await.status, 405);
    assert_eq!(test_client.send(TestRequest::post().uri("/oauth/token").set_payload(GRANT)).await.status, 415);
}

#[actix_web::test]
async fn no_token_is_issued_without_the_database() {
    let test_client = TestClient::new().await;
    test_client.tokens.database.clone().close().await.unwrap();

    let response = test_client.send(form(format!("{GRANT}&{}", test_client.both()))).await;

    assert_eq!((response.status, response.header("Retry-After")), (503, "5"));
    assert_eq!(response.body["error"], "temporarily_unavailable");
}

#[actix_web::test]
async fn keys_and_metadata_are_public() {
    let test_client = TestClient::new().await;
    let get = |path: &str| test_client.send(TestRequest::get().uri(path));

    let keys = get("/oauth/jwks.json").await;
    let server = get("/.well-known/oauth-authorization-server").await;
    let resource = get("/.well-known/oauth-protected-resource").await;

    for answer in [&keys, &server, &resource] {
        assert_eq!((answer.status, answer.header("Cache-Control")), (200, "public, max-age=300"));
    }
    assert_eq!(keys.body["keys"][0]["kid"], "access-1");
    assert!(keys.body["keys"][0].get("d").is_none());
    assert_eq!(server.body["issuer"], PUBLIC_URL);
    assert_eq!(server.body["token_endpoint"], format!("{PUBLIC_URL}/oauth/token"));
    assert_eq!(
        server.body["token_endpoint_auth_methods_supported"],
        json!(["client_secret_basic", "client_secret_post", "private_key_jwt"])
    );
    assert_eq!(
        server.body["token_endpoint_auth_signing_alg_values_supported"],
        json!(["ES256", "EdDSA", "Ed25519", "PS256", "RS256"])
    );
    for (name, path) in [("revocation_endpoint", "/oauth/revoke"), ("introspection_endpoint", "/oauth/introspect")] {
        assert_eq!(server.body[name], format!("{PUBLIC_URL}{path}"));
        let methods = &server.body["token_endpoint_auth_methods_supported"];
        assert_eq!(&server.body[format!("{name}_auth_methods_supported")], methods, "{name}");
    }
    assert_eq!(server.body["jwks_uri"], format!("{PUBLIC_URL}/oauth/jwks.json"));
    assert_eq!(server.body["response_types_supported"], json!([]));
    assert_eq!(resource.body["resource"], PUBLIC_URL);
    assert_eq!(resource.body["authorization_servers"], json!([PUBLIC_URL]));
    assert_eq!(resource.body["bearer_methods_supported"], json!(["header"]));
    assert_eq!(resource.body["scopes_supported"][0], "cadre:read");
}
