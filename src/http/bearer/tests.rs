use actix_web::{body::to_bytes, test::TestRequest};

use super::*;
use crate::auth::tests::fixture::{Fixture, PUBLIC_URL};

async fn answer(challenge: &Challenge) -> (u16, String, Value) {
    let response = challenge.error_response();
    let header = response.headers().get(header::WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body()).await.unwrap();
    (status, header.unwrap_or_default(), serde_json::from_slice(&body).unwrap())
}

#[actix_web::test]
async fn only_a_single_token_in_a_single_header_is_accepted() {
    let fixture = Fixture::new().await;
    let token = fixture.token();
    let with = |value: String| TestRequest::post().uri("/graphql").insert_header(("Authorization", value));

    for (request, expected) in [
        (with(format!("Bearer {token}")), None),
        (with(format!("bearer {token}")), None),
        (with(format!("BEARER {token}")), None),
        (TestRequest::post(), Some(Kind::Missing)),
        (with(String::new()), Some(Kind::Missing)),
        (with("Bearer".into()), Some(Kind::Missing)),
        (with(token.clone()), Some(Kind::Missing)),
        (with(format!("Basic {token}")), Some(Kind::Missing)),
        (with(format!("Bearer\t{token}")), Some(Kind::Missing)),
        (with("Bearer ".into()), Some(Kind::Invalid)),
        (with(format!("Bearer  {token}")), Some(Kind::Invalid)),
        (with(format!("Bearer {token}, Bearer {token}")), Some(Kind::Invalid)),
        (with(format!("Bearer {token} x")), Some(Kind::Invalid)),
        (with(format!("Bearer \"{token}\"")), Some(Kind::Invalid)),
        (with("Bearer ===".into()), Some(Kind::Invalid)),
        (with("Bearer x".into()), Some(Kind::Invalid)),
        (with(format!("Bearer {token}=")), Some(Kind::Invalid)),
        (with(format!("Bearer {token}")).append_header(("Authorization", "Bearer x")), Some(Kind::Misplaced)),
        (
            with(format!("Bearer {token}")).append_header(("Authorization", format!("Bearer {token}"))),
            Some(Kind::Misplaced),
        ),
        (with(format!("Bearer {token}")).append_header(("authorization", "Basic eDp5")), Some(Kind::Misplaced)),
        (with(format!("Bearer {token}")).uri("/graphql?access_token=x"), Some(Kind::Misplaced)),
        (TestRequest::get().uri(&format!("/graphql?query=x&access_token={token}")), Some(Kind::Misplaced)),
        (TestRequest::get().uri(&format!("/graphql?%61ccess_token={token}")), Some(Kind::Misplaced)),
    ] {
        let request = request.to_http_request();
        let refused = caller(&request, &fixture.tokens).await.err().map(|challenge| challenge.kind);
        assert_eq!(refused, expected, "{request:?}");
    }
}

#[actix_web::test]
async fn the_response_to_a_request_without_a_token_says_how_to_get_one() {
    let fixture = Fixture::new().await;

    let challenge = caller(&TestRequest::post().to_http_request(), &fixture.tokens).await.unwrap_err();

    let (status, header, body) = answer(&challenge).await;
    assert_eq!(status, 401);
    assert_eq!(
        header,
        format!(r#"Bearer realm="cadre-api", resource_metadata="{PUBLIC_URL}/.well-known/oauth-protected-resource""#)
    );
    let message = body["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("Yêu cầu không có mã truy cập. Hãy lấy mã bằng POST https://canbo.example.vn/oauth/token")
    );
    assert_eq!(body["errors"][0]["extensions"], json!({ "code": "UNAUTHENTICATED" }));
}

#[actix_web::test]
async fn the_response_to_a_refused_token_has_a_code_and_no_reason() {
    let fixture = Fixture::new().await;
    let request = TestRequest::post()
        .insert_header(("Authorization", "Bearer x.y.z"))
        .insert_header(("Accept-Language", "en"))
        .to_http_request();

    let challenge = caller(&request, &fixture.tokens).await.unwrap_err();

    let (status, header, body) = answer(&challenge).await;
    assert_eq!(status, 401);
    assert!(header.starts_with(r#"Bearer realm="cadre-api", error="invalid_token", resource_metadata="#));
    let message = body["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("The access token is invalid or has expired. Get a token with POST"));
    assert!(!body.to_string().contains("x.y.z"));
}

#[actix_web::test]
async fn the_response_asks_for_a_retry_when_rights_cannot_be_read() {
    let challenge = Challenge {
        kind: Kind::Unavailable,
        language: Language::English,
        public_url: PUBLIC_URL.to_owned(),
        request_id: Some("42".to_owned()),
        is_problem: false,
    };

    let (status, header, body) = answer(&challenge).await;
    assert_eq!((status, header.as_str()), (503, ""));
    assert_eq!(challenge.error_response().headers().get("Retry-After").unwrap(), "5");
    assert_eq!(body["errors"][0]["extensions"], json!({ "code": "UNAVAILABLE", "requestId": "42" }));
}
