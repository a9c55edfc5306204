//! Malformed tokens. Each differs from a valid one in one respect and, where possible, is correctly signed with the key
//! of the service, so that exactly one rule refuses it.

use aws_lc_rs::{
    hmac,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::auth::{
    Denied,
    jws::{MAX_TOKEN_BYTES, Reason},
    tests::fixture::{Fixture, PUBLIC_URL, now, sign_with},
};

type Case = (String, Reason, String);

impl Fixture {
    async fn refusal(&self, token: &str) -> Option<Reason> {
        match self.tokens.verifier.verify(token, now()).await {
            Ok(_) => None,
            Err(Denied::Invalid(reason)) => Some(reason),
            Err(Denied::Unavailable(error)) => panic!("{error}"),
        }
    }

    fn with_header(&self, name: &str, value: Option<Value>) -> String {
        let (header, claims) = self.valid_parts();
        self.sign(&tampered(header, name, value), &claims.to_string())
    }

    fn with_claim(&self, name: &str, value: Option<Value>) -> String {
        let (header, claims) = self.valid_parts();
        self.sign(&header.to_string(), &tampered(claims, name, value))
    }
}

pub(super) fn tampered(mut object: Value, name: &str, value: Option<Value>) -> String {
    let entries = object.as_object_mut().unwrap();
    match value {
        Some(value) => entries.insert(name.to_owned(), value),
        None => entries.remove(name),
    };
    object.to_string()
}

fn parts(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

/// The header parameter `alg`: `none` in several spellings, and algorithms that a library might accept.
async fn algorithms(fixture: &Fixture) -> Vec<Case> {
    let mut cases = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", "", "es256", "ES384", "RS256", "PS256", "EdDSA", "HS256", "ES256 "] {
        let token = fixture.with_header("alg", Some(json!(alg)));
        let [header, claims, _] = parts(&token);
        cases.push((format!("alg {alg:?}, signed"), Reason::Algorithm, token.clone()));
        cases.push((format!("alg {alg:?}, unsigned"), Reason::Parts, format!("{header}.{claims}.")));
    }
    for (name, value) in [("missing", None), ("null", Some(json!(null))), ("a list", Some(json!(["ES256"])))] {
        cases.push((format!("alg {name}"), Reason::Algorithm, fixture.with_header("alg", value)));
    }
    let secrets = [fixture.public_key(), fixture.tokens.jwks().await.into_bytes()];
    for (secret, name) in secrets.iter().zip(["public key", "key set"]) {
        let unsigned = fixture.with_header("alg", Some(json!("HS256")));
        let (message, _) = unsigned.rsplit_once('.').unwrap();
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        let token = format!("{message}.{}", BASE64URL_NOPAD.encode(mac.as_ref()));
        cases.push((format!("HMAC with the bytes of the {name}"), Reason::Algorithm, token));
    }
    cases
}

/// All other header parameters.
fn headers(fixture: &Fixture) -> Vec<Case> {
    let mut cases = Vec::new();
    for kid in
        ["access-2", "cursor-1", "../access-1", "/dev/null", "access-1?x=1", "access-1' OR '1'='1", "", "ACCESS-1"]
    {
        cases.push((format!("kid {kid:?}"), Reason::Key, fixture.with_header("kid", Some(json!(kid)))));
    }
    for (name, value) in [("missing", None), ("a number", Some(json!(1))), ("a list", Some(json!(["access-1"])))] {
        cases.push((format!("kid {name}"), Reason::Key, fixture.with_header("kid", value)));
    }
    for typ in [
        None,
        Some(json!("JWT")),
        Some(json!("AT+JWT")),
        Some(json!("at+jwt ")),
        Some(json!(null)),
        Some(json!(["at+jwt"])),
    ] {
        cases.push((format!("typ {typ:?}"), Reason::Type, fixture.with_header("typ", typ)));
    }
    let key = json!({ "kty": "EC", "crv": "P-256", "x": "x", "y": "y" });
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(null)),
        ("jku", json!("https://evil.example/jwks.json")),
        ("jku", json!(format!("{PUBLIC_URL}/oauth/jwks.json"))),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("jwk", key),
        ("x5c", json!(["MIIB"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
    ] {
        let token = fixture.with_header(name, Some(value.clone()));
        cases.push((format!("{name} {value}"), Reason::Parameter(name), token));
    }
    let (_, claims) = fixture.valid_parts();
    for header in [
        r#"{"typ":"at+jwt","alg":"none","alg":"ES256","kid":"access-1"}"#,
        r#"{"typ":"at+jwt","alg":"ES256","kid":"access-1","kid":"access-1"}"#,
        r#"{"typ":"at+jwt","alg":"ES256","kid":"access-1","x":1,"\u0078":2}"#,
        r#"[{"typ":"at+jwt","alg":"ES256","kid":"access-1"}]"#,
        r#"{"typ":"at+jwt","alg":"ES256","kid":"access-1"}{}"#,
        "",
    ] {
        let reason = if header.is_empty() { Reason::Parts } else { Reason::Json };
        cases.push((format!("header {header}"), reason, fixture.sign(header, &claims.to_string())));
    }
    cases
}

/// Claims with another value or JSON type, or missing.
fn claims(fixture: &Fixture) -> Vec<Case> {
    let mut cases = Vec::new();
    for name in ["iss", "aud"] {
        for value in [
            None,
            Some(json!(null)),
            Some(json!(7)),
            Some(json!([PUBLIC_URL])),
            Some(json!([PUBLIC_URL, "https://other.example"])),
            Some(json!({ "url": PUBLIC_URL })),
            Some(json!("https://other.example")),
            Some(json!(format!("{PUBLIC_URL}/"))),
            Some(json!(PUBLIC_URL.to_uppercase())),
            Some(json!(PUBLIC_URL.replace("https", "http"))),
            Some(json!("")),
        ] {
            cases.push((format!("{name} {value:?}"), Reason::Claim(name), fixture.with_claim(name, value)));
        }
    }
    for name in ["sub", "client_id", "jti", "scope"] {
        for value in [None, Some(json!(null)), Some(json!(7)), Some(json!(["cadre:read"]))] {
            cases.push((format!("{name} {value:?}"), Reason::Claim(name), fixture.with_claim(name, value)));
        }
    }
    for (name, value) in [
        ("sub", json!("another client")),
        ("jti", json!("")),
        ("cnf", json!({ "jkt": "x" })),
        ("cnf", json!({ "x5t#S256": "x" })),
        ("cnf", json!(null)),
    ] {
        cases.push((format!("{name} {value}"), Reason::Claim(name), fixture.with_claim(name, Some(value))));
    }
    let (header, good) = fixture.valid_parts();
    let both = tampered(
        serde_json::from_str(&tampered(good.clone(), "sub", Some(json!("x")))).unwrap(),
        "client_id",
        Some(json!("x")),
    );
    cases.push(("client_id is no id".into(), Reason::Claim("client_id"), fixture.sign(&header.to_string(), &both)));
    let good = good.to_string();
    for (name, payload) in [
        ("exp twice", good.replace(r#""exp""#, r#""exp":1,"exp""#)),
        ("iss twice, once escaped", good.replacen('{', r#"{"\u0069ss":"x","#, 1)),
        ("an unknown claim twice", good.replacen('{', r#"{"x":1,"x":1,"#, 1)),
        ("claims in a list", format!("[{good}]")),
        ("claims and more", format!("{good} x")),
        ("claims cut off", good[..good.len() - 1].to_owned()),
        (
            "claims nested 1,000 deep",
            good.replacen('{', &format!(r#"{{"x":{}{},"#, "[".repeat(1000), "]".repeat(1000)), 1),
        ),
        ("no claims", "null".to_owned()),
    ] {
        cases.push((name.to_owned(), Reason::Json, fixture.sign(&header.to_string(), &payload)));
    }
    cases
}

/// Time claims. The valid token is issued now and expires after 600 s.
fn times(fixture: &Fixture) -> Vec<Case> {
    let at = now().timestamp();
    let (header, good) = fixture.valid_parts();
    let lived = |iat: Value, exp: Value| {
        let claims: Value = serde_json::from_str(&tampered(good.clone(), "iat", Some(iat))).unwrap();
        fixture.sign(&header.to_string(), &tampered(claims, "exp", Some(exp)))
    };
    let mut cases: Vec<Case> = [
        ("expired this second", Reason::Expired, lived(json!(at - 600), json!(at))),
        ("expired long ago", Reason::Expired, lived(json!(at - 9000), json!(at - 8400))),
        ("exp in 1970", Reason::Expired, lived(json!(-1), json!(1))),
        ("iat 31 s ahead", Reason::NotYet, lived(json!(at + 31), json!(at + 600))),
        ("nbf 31 s ahead", Reason::NotYet, fixture.with_claim("nbf", Some(json!(at + 31)))),
        ("nbf far ahead", Reason::NotYet, fixture.with_claim("nbf", Some(json!(i64::MAX)))),
        ("lives 601 s", Reason::Lifetime, lived(json!(at), json!(at + 601))),
        ("exp far away", Reason::Lifetime, lived(json!(at), json!(i64::MAX))),
        ("lifetime overflows", Reason::Lifetime, lived(json!(i64::MIN), json!(i64::MAX))),
        ("iat long ago, exp soon", Reason::Lifetime, lived(json!(0), json!(at + 60))),
        ("ends before it begins", Reason::Lifetime, lived(json!(at + 20), json!(at + 10))),
        ("ends as it begins", Reason::Lifetime, lived(json!(at + 20), json!(at + 20))),
    ]
    .into_iter()
    .map(|(name, reason, token)| (name.to_owned(), reason, token))
    .collect();
    for name in ["iat", "exp", "nbf"] {
        for value in [
            json!(null),
            json!((at + 60).to_string()),
            json!(at as f64 + 0.5),
            json!([at]),
            json!(1e30),
            json!(u64::MAX),
        ] {
            cases.push((format!("{name} {value}"), Reason::Claim(name), fixture.with_claim(name, Some(value))));
        }
    }
    cases.push(("iat missing".into(), Reason::Claim("iat"), fixture.with_claim("iat", None)));
    cases.push(("exp missing".into(), Reason::Claim("exp"), fixture.with_claim("exp", None)));
    cases
}

/// The outer format and the signature.
fn forms(fixture: &Fixture) -> Vec<Case> {
    let good = fixture.token();
    let [header, claims, signature] = parts(&good);
    let foreign = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let (good_header, good_claims) = fixture.valid_parts();
    let other = fixture.with_claim("jti", Some(json!("other")));
    let der = BASE64URL_NOPAD.encode(&[&[0x30, 0x44][..], &[1; 68]].concat());
    let long = fixture.with_claim("x", Some(json!("x".repeat(MAX_TOKEN_BYTES))));
    let flip_last = |part: &str| {
        // 64 bytes leave four unused bits in the last character: they must be zero.
        let last = part.chars().last().unwrap();
        let with_unused_bits = char::from_u32(u32::from(last) + 1).unwrap();
        format!("{}{with_unused_bits}", &part[..part.len() - 1])
    };
    [
        ("nothing", Reason::Parts, String::new()),
        ("two dots", Reason::Parts, "..".to_owned()),
        ("two parts", Reason::Parts, format!("{header}.{claims}")),
        ("signature stripped", Reason::Parts, format!("{header}.{claims}.")),
        ("a fourth part", Reason::Parts, format!("{good}.{signature}")),
        ("a dot at the end", Reason::Parts, format!("{good}.")),
        ("five parts, as if encrypted", Reason::Parts, format!("{good}.e30.e30")),
        ("padding on the signature", Reason::Encoding, format!("{good}==")),
        ("padding on the claims", Reason::Encoding, format!("{header}.{claims}=.{signature}")),
        ("blank before", Reason::Encoding, format!(" {good}")),
        ("blank after", Reason::Encoding, format!("{good} ")),
        ("line end after", Reason::Encoding, format!("{good}\n")),
        ("blank within", Reason::Encoding, format!("{header}. {claims}.{signature}")),
        ("standard alphabet", Reason::Encoding, format!("{header}.{claims}.{}+/", &signature[2..])),
        ("stray bits in the signature", Reason::Encoding, format!("{header}.{claims}.{}", flip_last(signature))),
        ("letters beyond ASCII", Reason::Encoding, format!("{header}.{claims}đ.{signature}")),
        ("signature of another token", Reason::Signature, format!("{header}.{claims}.{}", parts(&other)[2])),
        ("claims of another token", Reason::Signature, format!("{header}.{}.{signature}", parts(&other)[1])),
        ("signature of zeros", Reason::Signature, format!("{header}.{claims}.{}", "A".repeat(86))),
        ("signature in DER", Reason::Signature, format!("{header}.{claims}.{der}")),
        ("half a signature", Reason::Signature, format!("{header}.{claims}.{}", "A".repeat(43))),
        ("foreign key", Reason::Signature, sign_with(&foreign, &good_header.to_string(), &good_claims.to_string())),
        ("over 4 KiB", Reason::Length, long),
        ("4,097 bytes of dots", Reason::Length, ".".repeat(MAX_TOKEN_BYTES + 1)),
    ]
    .into_iter()
    .map(|(name, reason, token)| (name.to_owned(), reason, token))
    .collect()
}

#[tokio::test]
async fn valid_tokens_are_accepted() {
    let fixture = Fixture::new().await;
    let at = now().timestamp();
    let (header, claims) = fixture.valid_parts();

    for (name, token) in [
        ("issued", fixture.token()),
        ("rebuilt", fixture.sign(&header.to_string(), &claims.to_string())),
        ("the long name of the type", fixture.with_header("typ", Some(json!("application/at+jwt")))),
        ("nbf 30 s ahead", fixture.with_claim("nbf", Some(json!(at + 30)))),
        ("iat 30 s ahead", fixture.with_claim("iat", Some(json!(at + 30)))),
        ("one second left", fixture.with_claim("exp", Some(json!(at + 1)))),
        ("an unknown claim", fixture.with_claim("acr", Some(json!("x")))),
        ("an unknown header parameter", fixture.with_header("cty", Some(json!("x")))),
    ] {
        assert_eq!(fixture.refusal(&token).await, None, "{name}");
        assert_eq!(fixture.refusal(&token).await, None, "{name}, remembered");
    }
}

#[tokio::test]
async fn each_malformed_token_is_refused_by_the_rule_that_it_violates() {
    let fixture = Fixture::new().await;
    let cases =
        [algorithms(&fixture).await, headers(&fixture), claims(&fixture), times(&fixture), forms(&fixture)].concat();

    assert!(cases.len() > 100);
    for (name, reason, token) in cases {
        assert_eq!(fixture.refusal(&token).await, Some(reason), "{name}");
        assert_eq!(fixture.refusal(&token).await, Some(reason), "{name}, again");
    }
}

/// Changes one to three bytes of a valid token, `times` times, and expects each change to be refused. The seed is
/// printed; `CADRE_TEST_SEED` repeats a run.
pub(super) async fn expect_mutations_refused(good: &str, times: usize, is_refused: impl AsyncFn(&str) -> bool) {
    let seed = seed().unwrap_or_else(|| fastrand::u64(..));
    println!("CADRE_TEST_SEED={seed}");
    let mut draw = fastrand::Rng::with_seed(seed);
    let mut done = 0;
    while done < times {
        let mut bytes = good.as_bytes().to_vec();
        for _ in 0..draw.usize(1..=3) {
            let at = draw.usize(..bytes.len());
            match draw.u8(..8) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, draw.u8(0x20..0x7f)),
                2 => {
                    let other = draw.usize(..bytes.len());
                    bytes.swap(at, other);
                }
                _ => bytes[at] = draw.u8(0x20..0x7f),
            }
        }
        let token = String::from_utf8(bytes).unwrap();
        if token != good {
            assert!(is_refused(&token).await, "seed {seed}: {token}");
            done += 1;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "no setting of the program")]
fn seed() -> Option<u64> {
    std::env::var("CADRE_TEST_SEED").ok()?.parse().ok()
}

#[tokio::test]
async fn ten_thousand_mutated_tokens_are_refused() {
    let fixture = Fixture::new().await;
    let good = fixture.token();
    assert_eq!(fixture.refusal(&good).await, None, "the control");
    expect_mutations_refused(&good, 10_000, async |token| fixture.refusal(token).await.is_some()).await;
    assert_eq!(fixture.refusal(&good).await, None, "the control");
}
