//! Malformed tokens of an external issuer: each differs from a valid one in one respect.

use std::collections::BTreeSet;

use aws_lc_rs::{hmac, signature::KeyPair};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::{IssuerFixture, tampered};
use crate::auth::{
    external::tests::pair,
    jws::{MAX_TOKEN_BYTES, Reason},
    tests::{
        fixture::{PUBLIC_URL, now, sign_with},
        tampering::expect_mutations_refused,
    },
};

/// Malformed tokens. Each differs from a valid one in one respect and is correctly signed by the issuer, where
/// possible.
fn malformed_tokens(issuer_fixture: &IssuerFixture) -> Vec<(&'static str, Reason, String)> {
    [headers(issuer_fixture), claims(issuer_fixture), times(issuer_fixture), forms(issuer_fixture)].concat()
}

fn headers(issuer_fixture: &IssuerFixture) -> Vec<(&'static str, Reason, String)> {
    let set = |name, value| issuer_fixture.with_header(name, Some(value));
    let hmac = |key: &[u8]| {
        let good = issuer_fixture.with_header("alg", Some(json!("HS256")));
        let message = good.rsplit_once('.').unwrap().0;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
        format!("{message}.{}", BASE64URL_NOPAD.encode(tag.as_ref()))
    };
    vec![
        ("alg none", Reason::Algorithm, set("alg", json!("none"))),
        ("alg None", Reason::Algorithm, set("alg", json!("None"))),
        ("alg NONE", Reason::Algorithm, set("alg", json!("NONE"))),
        ("alg missing", Reason::Algorithm, issuer_fixture.with_header("alg", None)),
        ("alg of another form", Reason::Algorithm, set("alg", json!(["ES256"]))),
        ("alg in small letters", Reason::Algorithm, set("alg", json!("es256"))),
        ("alg that the table leaves out", Reason::Algorithm, set("alg", json!("RS256"))),
        ("HMAC with the bytes of the public key", Reason::Algorithm, hmac(issuer_fixture.key.public_key().as_ref())),
        ("HMAC with the JWK", Reason::Algorithm, hmac(issuer_fixture.jwk.to_string().as_bytes())),
        ("kid missing", Reason::Key, issuer_fixture.with_header("kid", None)),
        ("kid of another form", Reason::Key, set("kid", json!(7))),
        ("another kid", Reason::Key, set("kid", json!("other"))),
        ("kid of this service", Reason::Key, set("kid", json!("access-1"))),
        ("kid as a path", Reason::Key, set("kid", json!("../../dev/null"))),
        ("kid as a query", Reason::Key, set("kid", json!("k?x=' OR 1=1 --"))),
        ("kid as a URL", Reason::Key, set("kid", json!(format!("{}/jwks", issuer_fixture.server.url)))),
        ("typ JWT", Reason::Type, set("typ", json!("JWT"))),
        ("typ of an identity token", Reason::Type, set("typ", json!("id_token+jwt"))),
        ("typ of an assertion", Reason::Type, set("typ", json!("client-authentication+jwt"))),
        ("typ missing", Reason::Type, issuer_fixture.with_header("typ", None)),
        ("jku", Reason::Parameter("jku"), set("jku", json!(format!("{}/jwks", issuer_fixture.server.url)))),
        ("x5u", Reason::Parameter("x5u"), set("x5u", json!("https://evil.example/x"))),
        ("x5c", Reason::Parameter("x5c"), set("x5c", json!(["x"]))),
        ("the key embedded", Reason::Parameter("jwk"), set("jwk", issuer_fixture.jwk.clone())),
        ("crit", Reason::Parameter("crit"), set("crit", json!(["exp"]))),
        ("crit of the unknown", Reason::Parameter("crit"), set("crit", json!(["x"]))),
        ("b64", Reason::Parameter("b64"), set("b64", json!(false))),
        ("zip", Reason::Parameter("zip"), set("zip", json!("DEF"))),
        ("enc", Reason::Parameter("enc"), set("enc", json!("A256GCM"))),
    ]
}

fn claims(issuer_fixture: &IssuerFixture) -> Vec<(&'static str, Reason, String)> {
    let set = |name, value| issuer_fixture.with_claim(name, Some(value));
    let without = |name| issuer_fixture.with_claim(name, None);
    let url = issuer_fixture.server.url.as_str();
    let raw = |claims: String| sign_with(&issuer_fixture.key, &issuer_fixture.header().to_string(), &claims);
    let good = issuer_fixture.claims().to_string();
    vec![
        // Tokens of untrusted issuers are checked against the keys of this service, none of which has this id.
        ("iss missing", Reason::Key, without("iss")),
        ("iss unknown", Reason::Key, set("iss", json!("https://other.example"))),
        ("iss with a slash more", Reason::Key, set("iss", json!(format!("{url}/")))),
        ("iss in a list", Reason::Key, set("iss", json!([url]))),
        ("iss of this service", Reason::Key, set("iss", json!(PUBLIC_URL))),
        ("aud missing", Reason::Claim("aud"), without("aud")),
        ("aud in a list", Reason::Claim("aud"), set("aud", json!([PUBLIC_URL]))),
        ("aud of two", Reason::Claim("aud"), set("aud", json!([PUBLIC_URL, "https://other.example"]))),
        ("aud of another service", Reason::Claim("aud"), set("aud", json!("https://other.example"))),
        ("aud of the issuer", Reason::Claim("aud"), set("aud", json!(url))),
        ("sub missing", Reason::Claim("sub"), without("sub")),
        ("sub empty", Reason::Claim("sub"), set("sub", json!(""))),
        ("sub of another form", Reason::Claim("sub"), set("sub", json!(7))),
        ("sub of nobody known", Reason::UnknownPerson, set("sub", json!("stranger"))),
        ("client missing", Reason::Claim("client"), without("client_id")),
        ("client of another form", Reason::Claim("client"), set("client_id", json!(["app"]))),
        ("client unknown", Reason::UnknownClient, raw(good.replace("\"app\"", "\"other\""))),
        (
            "client by its id here",
            Reason::UnknownClient,
            raw(good.replace("\"app\"", &format!("\"{}\"", issuer_fixture.fixture.client.id))),
        ),
        ("jti missing", Reason::Claim("jti"), without("jti")),
        ("jti empty", Reason::Claim("jti"), set("jti", json!(""))),
        ("scope missing", Reason::Claim("scope"), without("scope")),
        ("scope of another form", Reason::Claim("scope"), set("scope", json!({ "cadre:read": true }))),
        ("scope in a list of numbers", Reason::Claim("scope"), set("scope", json!([7]))),
        ("bound to a key", Reason::Claim("cnf"), set("cnf", json!({ "jkt": "x" }))),
        ("bound to a certificate", Reason::Claim("cnf"), set("cnf", json!({ "x5t#S256": "x" }))),
        ("bound to nothing", Reason::Claim("cnf"), set("cnf", json!(null))),
        (
            "exp twice",
            Reason::Json,
            signed_by_this_service(issuer_fixture, &good.replace(r#""exp""#, r#""exp":1,"exp""#)),
        ),
        (
            "aud twice",
            Reason::Json,
            signed_by_this_service(issuer_fixture, &good.replace(r#""aud""#, r#""aud":"x","aud""#)),
        ),
    ]
}

/// A token with unreadable claims is checked as a token of this service, and refused even if this service signed it.
fn signed_by_this_service(issuer_fixture: &IssuerFixture, claims: &str) -> String {
    let (header, _) = issuer_fixture.fixture.valid_parts();
    issuer_fixture.fixture.sign(&header.to_string(), claims)
}

fn times(issuer_fixture: &IssuerFixture) -> Vec<(&'static str, Reason, String)> {
    let at = now().timestamp();
    let set = |name, value| issuer_fixture.with_claim(name, Some(value));
    let lived = |iat: Value, exp: Value| {
        let claims = tampered(tampered(issuer_fixture.claims(), "iat", Some(iat)), "exp", Some(exp));
        issuer_fixture.sign(&issuer_fixture.header(), &claims)
    };
    vec![
        ("expired this second", Reason::Expired, lived(json!(at - 600), json!(at))),
        ("expired long ago", Reason::Expired, lived(json!(at - 9000), json!(at - 8400))),
        ("iat 31 s ahead", Reason::NotYet, lived(json!(at + 31), json!(at + 600))),
        ("nbf 31 s ahead", Reason::NotYet, set("nbf", json!(at + 31))),
        ("lives longer than the table allows", Reason::Lifetime, lived(json!(at), json!(at + 3601))),
        ("exp far away", Reason::Lifetime, lived(json!(at), json!(i64::MAX))),
        ("ends before it begins", Reason::Lifetime, lived(json!(at + 20), json!(at + 10))),
        ("exp as a text", Reason::Claim("exp"), set("exp", json!((at + 60).to_string()))),
        ("exp with a fraction", Reason::Claim("exp"), set("exp", json!(at as f64 + 60.5))),
        ("exp missing", Reason::Claim("exp"), issuer_fixture.with_claim("exp", None)),
        ("iat missing", Reason::Claim("iat"), issuer_fixture.with_claim("iat", None)),
        ("nbf as a text", Reason::Claim("nbf"), set("nbf", json!(at.to_string()))),
    ]
}

fn forms(issuer_fixture: &IssuerFixture) -> Vec<(&'static str, Reason, String)> {
    let good = issuer_fixture.sign(&issuer_fixture.header(), &issuer_fixture.claims());
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let other = issuer_fixture.with_claim("jti", Some(json!("other")));
    let (foreign, _) = pair("k");
    vec![
        ("signature stripped", Reason::Parts, format!("{header}.{claims}.")),
        ("two parts", Reason::Parts, format!("{header}.{claims}")),
        ("a fourth part", Reason::Parts, format!("{good}.{signature}")),
        ("padding", Reason::Encoding, format!("{good}==")),
        ("blank before", Reason::Encoding, format!(" {good}")),
        ("line end after", Reason::Encoding, format!("{good}\n")),
        ("over 4 KiB", Reason::Length, issuer_fixture.with_claim("x", Some(json!("x".repeat(MAX_TOKEN_BYTES))))),
        (
            "foreign key",
            Reason::Signature,
            sign_with(&foreign, &issuer_fixture.header().to_string(), &issuer_fixture.claims().to_string()),
        ),
        (
            "signed by this service",
            Reason::Signature,
            issuer_fixture.fixture.sign(&issuer_fixture.header().to_string(), &issuer_fixture.claims().to_string()),
        ),
        (
            "signature of another token",
            Reason::Signature,
            format!("{header}.{claims}.{}", other.rsplit_once('.').unwrap().1),
        ),
        ("signature of zeros", Reason::Signature, format!("{header}.{claims}.{}", "A".repeat(86))),
        ("half a signature", Reason::Signature, format!("{header}.{claims}.{}", "A".repeat(43))),
    ]
}

#[tokio::test]
async fn each_malformed_token_of_an_issuer_is_refused_by_the_rule_that_it_violates() {
    let issuer_fixture = IssuerFixture::new().await;
    let cases = malformed_tokens(&issuer_fixture);
    let names: BTreeSet<_> = cases.iter().map(|(name, ..)| name).collect();

    assert!(names.len() == cases.len() && cases.len() >= 41, "{} kinds, {} of them named", cases.len(), names.len());
    assert_eq!(
        issuer_fixture.refusal(&issuer_fixture.sign(&issuer_fixture.header(), &issuer_fixture.claims())).await,
        None,
        "the control"
    );
    for (name, reason, token) in cases {
        assert_eq!(issuer_fixture.refusal(&token).await, Some(reason), "{name}");
        assert_eq!(issuer_fixture.refusal(&token).await, Some(reason), "{name}, again");
    }
    assert_eq!(issuer_fixture.server.requests(), 1, "no bent token has the keys fetched");
    issuer_fixture.server.stop().await;
}

#[tokio::test]
async fn ten_thousand_mutated_tokens_of_an_issuer_are_refused() {
    let issuer_fixture = IssuerFixture::new().await;
    let good = issuer_fixture.sign(&issuer_fixture.header(), &issuer_fixture.claims());
    assert_eq!(issuer_fixture.refusal(&good).await, None, "the control");
    expect_mutations_refused(&good, 10_000, async |token| issuer_fixture.refusal(token).await.is_some()).await;
    assert_eq!(issuer_fixture.refusal(&good).await, None, "the control");
    issuer_fixture.server.stop().await;
}
