//! Client assertions: valid ones of every algorithm are accepted once; each malformed one is refused by the rule that
//! it violates.

use std::collections::BTreeSet;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaKeyPair,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use entity::{
    assertion_use, client, client_key,
    value::{ClientId, KeyAlgorithm},
};
use futures_util::future::join_all;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::{Value, json};

use crate::{
    auth::{
        AuthenticatedClient, ClientCredential, Reason, Refused,
        jws::MAX_TOKEN_BYTES,
        public_key::PublicKey,
        tests::{
            fixture::{Fixture, PUBLIC_URL, add_client, now, sign_with},
            tampering::tampered,
        },
    },
    clock::Clock,
};

/// A client with a key of each kind. The key ids are the names of the algorithms.
struct Signer {
    fixture: Fixture,
    ec: EcdsaKeyPair,
    ed: Ed25519KeyPair,
    rsa: RsaKeyPair,
}

impl Signer {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let ed = Ed25519KeyPair::generate().unwrap();
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let signer = Self { fixture, ec, ed, rsa };
        for algorithm in [KeyAlgorithm::Es256, KeyAlgorithm::EdDsa, KeyAlgorithm::Ps256, KeyAlgorithm::Rs256] {
            signer.register(signer.fixture.client.id, algorithm).await;
        }
        signer
    }

    async fn register(&self, client_id: ClientId, algorithm: KeyAlgorithm) {
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let jwk = match algorithm {
            KeyAlgorithm::Es256 => {
                let (x, y) = self.ec.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y) })
            }
            KeyAlgorithm::EdDsa => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": text(self.ed.public_key().as_ref()) })
            }
            KeyAlgorithm::Ps256 | KeyAlgorithm::Rs256 => {
                let key = self.rsa.public_key();
                let (n, e) = (key.modulus(), key.exponent());
                let (n, e) = (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
                json!({ "kty": "RSA", "n": text(n), "e": text(e) })
            }
        };
        let key = PublicKey::read(&jwk.to_string(), Some(algorithm)).unwrap();
        let row = client_key::ActiveModel {
            client_id: Set(client_id),
            kid: Set(algorithm.to_string()),
            algorithm: Set(algorithm),
            public_key: Set(key.der),
            created_at: Set(now()),
            revoked_at: Set(None),
        };
        row.insert(self.fixture.tokens.database.writer()).await.unwrap();
    }

    /// Valid header and claims.
    fn valid_parts(&self) -> (Value, Value) {
        let (id, at) = (self.fixture.client.id.to_string(), now().timestamp());
        let header = json!({ "typ": "JWT", "alg": "ES256", "kid": "ES256" });
        let claims =
            json!({ "iss": id, "sub": id, "aud": PUBLIC_URL, "jti": "one", "iat": at, "nbf": at, "exp": at + 300 });
        (header, claims)
    }

    fn with_header(&self, name: &str, value: Option<Value>) -> String {
        let (header, claims) = self.valid_parts();
        sign_with(&self.ec, &tampered(header, name, value), &claims.to_string())
    }

    fn with_claim(&self, name: &str, value: Option<Value>) -> String {
        let (header, claims) = self.valid_parts();
        sign_with(&self.ec, &header.to_string(), &tampered(claims, name, value))
    }

    /// An assertion with several claims replaced; null removes a claim.
    fn with(&self, replaced: &Value) -> String {
        let (header, mut claims) = self.valid_parts();
        for (name, value) in replaced.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        sign_with(&self.ec, &header.to_string(), &claims.to_string())
    }

    /// Valid claims, signed with the key for an algorithm, with these header parameters.
    fn signed(&self, by: KeyAlgorithm, header: &Value, jti: &str) -> String {
        let (_, mut claims) = self.valid_parts();
        claims["jti"] = json!(jti);
        let encoded = |json: &Value| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
        let message = format!("{}.{}", encoded(header), encoded(&claims));
        let random = SystemRandom::new();
        let of_rsa = |padding| {
            let mut signature = vec![0; self.rsa.public_modulus_len()];
            self.rsa.sign(padding, &random, message.as_bytes(), &mut signature).unwrap();
            signature
        };
        let signature = match by {
            KeyAlgorithm::Es256 => self.ec.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            KeyAlgorithm::EdDsa => self.ed.sign(message.as_bytes()).as_ref().to_vec(),
            KeyAlgorithm::Ps256 => of_rsa(&RSA_PSS_SHA256),
            KeyAlgorithm::Rs256 => of_rsa(&RSA_PKCS1_SHA256),
        };
        format!("{message}.{}", BASE64URL_NOPAD.encode(&signature))
    }

    async fn authenticate(&self, assertion: &str) -> Result<AuthenticatedClient, Refused> {
        self.fixture.tokens.authenticate(ClientCredential::Assertion { assertion, id: None }).await
    }

    async fn refusal(&self, assertion: &str) -> Option<Reason> {
        reason(self.authenticate(assertion).await)
    }

    async fn uses(&self) -> u64 {
        assertion_use::Entity::find().count(self.fixture.tokens.database.reader()).await.unwrap()
    }
}

fn reason(result: Result<AuthenticatedClient, Refused>) -> Option<Reason> {
    match result {
        Ok(_) => None,
        Err(Refused::InvalidAssertion(reason)) => Some(reason),
        Err(refused) => panic!("{refused}"),
    }
}

fn header(algorithm: &str, kid: &str) -> Value {
    json!({ "alg": algorithm, "kid": kid })
}

#[tokio::test]
async fn each_algorithm_authenticates_the_client_and_each_assertion_works_once() {
    let signer = Signer::new().await;
    for algorithm in [KeyAlgorithm::Es256, KeyAlgorithm::EdDsa, KeyAlgorithm::Ps256, KeyAlgorithm::Rs256] {
        let word = algorithm.to_string();
        for (header, name) in [(header(&word, &word), "named"), (json!({ "alg": word }), "not named")] {
            let assertion = signer.signed(algorithm, &header, &format!("{word} {name}"));
            let proven = signer.authenticate(&assertion).await;
            assert_eq!(proven.map(|proven| proven.id()).ok(), Some(signer.fixture.client.id), "{word}, {name}");
            assert_eq!(signer.refusal(&assertion).await, Some(Reason::Used), "{word}, {name}");
        }
    }
    let credential =
        ClientCredential::Assertion { assertion: &signer.with(&json!({ "jti": "for a token" })), id: None };
    let token = signer.fixture.tokens.exchange(credential, Some("stats:read")).await.unwrap();
    let caller = signer.fixture.tokens.verifier.verify(&token.token, now()).await.unwrap();
    assert_eq!(caller.scopes(), &BTreeSet::from([entity::value::Scope::StatsRead]));
}

#[tokio::test]
async fn valid_assertions_are_accepted() {
    let signer = Signer::new().await;
    let at = now().timestamp();
    let good = |jti: &str, replaced: Value| {
        let mut replaced = replaced;
        replaced["jti"] = json!(jti);
        signer.with(&replaced)
    };
    for (name, assertion) in [
        ("as it is", good("1", json!({}))),
        ("no iat, no nbf", good("2", json!({ "iat": null, "nbf": null }))),
        ("iat 30 s ahead", good("3", json!({ "iat": at + 30 }))),
        ("nbf 30 s ahead", good("4", json!({ "nbf": at + 30 }))),
        ("one second left", good("5", json!({ "exp": at + 1 }))),
        ("issued 299 s ago", good("6", json!({ "iat": at - 299, "exp": at + 1 }))),
        ("a claim that is not ours", good("7", json!({ "act": "x" }))),
        ("the longest jti", good(&"j".repeat(255), json!({}))),
        ("a jti of blanks", good(" ", json!({}))),
    ] {
        assert_eq!(signer.refusal(&assertion).await, None, "{name}");
    }
    for (at, header) in [json!({ "alg": "ES256" }), json!({ "alg": "ES256", "typ": "client-authentication+jwt" })]
        .into_iter()
        .enumerate()
    {
        let assertion = signer.signed(KeyAlgorithm::Es256, &header, &format!("header {at}"));
        assert_eq!(signer.refusal(&assertion).await, None, "{header}");
    }
}

fn headers(signer: &Signer) -> Vec<(String, Reason, String)> {
    let mut cases = Vec::new();
    for alg in ["none", "None", "", "es256", "ES384", "HS256", "EDDSA", "ES256 "] {
        let token = signer.with_header("alg", Some(json!(alg)));
        cases.push((format!("alg {alg:?}"), Reason::Algorithm, token));
    }
    // The key is the one registered for ES256, whatever the header says.
    for alg in ["EdDSA", "PS256", "RS256"] {
        cases.push((format!("alg {alg}"), Reason::Algorithm, signer.with_header("alg", Some(json!(alg)))));
    }
    // One RSA key, registered for two algorithms: a signature with one is invalid for the other.
    for (alg, by) in [("PS256", KeyAlgorithm::Rs256), ("RS256", KeyAlgorithm::Ps256)] {
        cases.push((format!("{alg} signed otherwise"), Reason::Signature, signer.signed(by, &header(alg, alg), "x")));
    }
    for (name, value) in [("missing", None), ("null", Some(json!(null))), ("a list", Some(json!(["ES256"])))] {
        cases.push((format!("alg {name}"), Reason::Algorithm, signer.with_header("alg", value)));
    }
    for kid in [json!("access-1"), json!("../ES256"), json!("es256"), json!(""), json!(null), json!(["ES256"])] {
        cases.push((format!("kid {kid}"), Reason::Key, signer.with_header("kid", Some(kid))));
    }
    for typ in [json!("at+jwt"), json!("jwt"), json!("JWT "), json!(""), json!(null), json!(["JWT"])] {
        cases.push((format!("typ {typ}"), Reason::Type, signer.with_header("typ", Some(typ))));
    }
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("jku", json!("https://evil.example/jwks.json")),
        ("jwk", json!({ "kty": "EC" })),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
    ] {
        let token = signer.with_header(name, Some(value.clone()));
        cases.push((format!("{name} {value}"), Reason::Parameter(name), token));
    }
    let (_, claims) = signer.valid_parts();
    let twice = sign_with(&signer.ec, r#"{"alg":"none","alg":"ES256","kid":"ES256"}"#, &claims.to_string());
    cases.push(("alg twice".into(), Reason::Json, twice));
    cases
}

fn claims(signer: &Signer) -> Vec<(String, Reason, String)> {
    let mut cases = Vec::new();
    let id = signer.fixture.client.id.to_string();
    for value in [
        None,
        Some(json!(null)),
        Some(json!([PUBLIC_URL])),
        Some(json!([PUBLIC_URL, "https://other.example"])),
        Some(json!(format!("{PUBLIC_URL}/"))),
        Some(json!(format!("{PUBLIC_URL}/oauth/token"))),
        Some(json!("https://other.example")),
        Some(json!("")),
    ] {
        cases.push((format!("aud {value:?}"), Reason::Claim("aud"), signer.with_claim("aud", value)));
    }
    for value in [None, Some(json!(null)), Some(json!([id])), Some(json!("x")), Some(json!(id.to_uppercase()))] {
        cases.push((format!("iss {value:?}"), Reason::Claim("iss"), signer.with_claim("iss", value)));
    }
    for value in [None, Some(json!(null)), Some(json!([id])), Some(json!("x")), Some(json!(""))] {
        cases.push((format!("sub {value:?}"), Reason::Claim("sub"), signer.with_claim("sub", value)));
    }
    for value in [None, Some(json!(null)), Some(json!(7)), Some(json!("")), Some(json!("j".repeat(256)))] {
        cases.push((format!("jti {value:?}"), Reason::Claim("jti"), signer.with_claim("jti", value)));
    }
    let nobody = ClientId::new().to_string();
    cases.push(("another client".into(), Reason::UnknownClient, signer.with(&json!({ "iss": nobody, "sub": nobody }))));
    let (header, good) = signer.valid_parts();
    let good = good.to_string();
    for (name, payload) in [
        ("exp twice", good.replace(r#""exp""#, r#""exp":1,"exp""#)),
        ("sub twice, once escaped", good.replacen('{', r#"{"\u0073ub":"x","#, 1)),
        ("an unknown claim twice", good.replacen('{', r#"{"x":1,"x":1,"#, 1)),
        ("claims in a list", format!("[{good}]")),
        ("no claims", "null".to_owned()),
    ] {
        cases.push((name.to_owned(), Reason::Json, sign_with(&signer.ec, &header.to_string(), &payload)));
    }
    cases
}

fn times(signer: &Signer) -> Vec<(String, Reason, String)> {
    let at = now().timestamp();
    let mut cases: Vec<_> = [
        ("expired this second", Reason::Expired, json!({ "iat": at - 300, "nbf": null, "exp": at })),
        ("expired long ago", Reason::Expired, json!({ "iat": 1, "nbf": null, "exp": 2 })),
        ("iat 31 s ahead", Reason::NotYet, json!({ "iat": at + 31 })),
        ("nbf 31 s ahead", Reason::NotYet, json!({ "nbf": at + 31 })),
        ("nbf far ahead", Reason::NotYet, json!({ "nbf": i64::MAX })),
        ("lives 301 s", Reason::Lifetime, json!({ "exp": at + 301 })),
        ("lives 301 s since long", Reason::Lifetime, json!({ "iat": at - 300, "exp": at + 1 })),
        ("lives 301 s without iat", Reason::Lifetime, json!({ "iat": null, "nbf": null, "exp": at + 301 })),
        ("exp far away", Reason::Lifetime, json!({ "exp": i64::MAX })),
        ("exp far away without iat", Reason::Lifetime, json!({ "iat": null, "nbf": null, "exp": i64::MAX })),
        ("lifetime overflows", Reason::Lifetime, json!({ "iat": i64::MIN, "exp": i64::MAX })),
        ("ends before it begins", Reason::Lifetime, json!({ "iat": at + 20, "exp": at + 10 })),
    ]
    .into_iter()
    .map(|(name, reason, replaced)| (name.to_owned(), reason, signer.with(&replaced)))
    .collect();
    for name in ["iat", "exp", "nbf"] {
        for value in [json!(null), json!((at + 60).to_string()), json!(at as f64 + 0.5), json!([at]), json!(u64::MAX)] {
            cases.push((format!("{name} {value}"), Reason::Claim(name), signer.with_claim(name, Some(value))));
        }
    }
    cases.push(("exp missing".into(), Reason::Claim("exp"), signer.with_claim("exp", None)));
    cases
}

fn forms(signer: &Signer) -> Vec<(String, Reason, String)> {
    let (good_header, good_claims) = signer.valid_parts();
    let good = signer.with(&json!({}));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (other, _) =
        signer.with(&json!({ "jti": "other" })).rsplit_once('.').map(|(m, s)| (m.to_owned(), s.len())).unwrap();
    let foreign = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let of_ours = signer.fixture.sign(&good_header.to_string(), &good_claims.to_string());
    [
        ("nothing", Reason::Parts, String::new()),
        ("two parts", Reason::Parts, message.to_owned()),
        ("signature stripped", Reason::Parts, format!("{message}.")),
        ("five parts, as if encrypted", Reason::Parts, format!("{good}.e30.e30")),
        ("padding", Reason::Encoding, format!("{good}==")),
        ("a line end", Reason::Encoding, format!("{good}\n")),
        ("signature of another", Reason::Signature, format!("{other}.{signature}")),
        ("signature of zeros", Reason::Signature, format!("{message}.{}", "A".repeat(86))),
        ("a short signature", Reason::Signature, format!("{message}.AA")),
        ("foreign key", Reason::Signature, sign_with(&foreign, &good_header.to_string(), &good_claims.to_string())),
        ("the key of the service", Reason::Signature, of_ours),
        ("an access token", Reason::Type, signer.fixture.token()),
        ("over 4 KiB", Reason::Length, signer.with(&json!({ "x": "x".repeat(MAX_TOKEN_BYTES) }))),
    ]
    .into_iter()
    .map(|(name, reason, token)| (name.to_owned(), reason, token))
    .collect()
}

#[tokio::test]
async fn each_malformed_assertion_is_refused_by_the_rule_that_it_violates() {
    let signer = Signer::new().await;
    let cases = [headers(&signer), claims(&signer), times(&signer), forms(&signer)].concat();

    assert!(cases.len() > 90, "{}", cases.len());
    for (name, reason, assertion) in cases {
        assert_eq!(signer.refusal(&assertion).await, Some(reason), "{name}");
    }
    assert_eq!(signer.uses().await, 0, "what is refused is not counted as used");
    assert_eq!(signer.refusal(&signer.with(&json!({}))).await, None, "the control");
}

#[tokio::test]
async fn a_key_of_ed25519_signs_under_either_name_of_its_algorithm() {
    let signer = Signer::new().await;
    for (at, alg) in ["EdDSA", "Ed25519"].into_iter().enumerate() {
        for header in [json!({ "alg": alg }), json!({ "alg": alg, "kid": "EdDSA" })] {
            let assertion = signer.signed(KeyAlgorithm::EdDsa, &header, &format!("{at} {header}"));
            assert_eq!(signer.refusal(&assertion).await, None, "{header}");
        }
    }
    for (by, alg, why) in [
        (KeyAlgorithm::Es256, "Ed25519", Reason::Signature),
        (KeyAlgorithm::EdDsa, "Ed448", Reason::Algorithm),
        (KeyAlgorithm::EdDsa, "ED25519", Reason::Algorithm),
    ] {
        let assertion = signer.signed(by, &json!({ "alg": alg }), alg);
        assert_eq!(signer.refusal(&assertion).await, Some(why), "{alg}");
    }
}

#[tokio::test]
async fn an_assertion_authenticates_only_its_client() {
    let signer = Signer::new().await;
    let (tokens, database) = (&signer.fixture.tokens, &signer.fixture.tokens.database);
    let (other, _) = add_client(database, "Khac", "cadre:read", None).await;
    signer.register(other.id, KeyAlgorithm::EdDsa).await;
    let of_other = other.id.to_string();
    let claims = json!({ "iss": of_other, "sub": of_other });

    // The key belongs to the first client, not to the named one.
    assert_eq!(signer.refusal(&signer.with(&claims)).await, Some(Reason::Key));
    let assertion = signer.with(&json!({}));
    for id in [of_other.as_str(), "", "nobody"] {
        let credential = ClientCredential::Assertion { assertion: &assertion, id: Some(id) };
        assert_eq!(reason(tokens.authenticate(credential).await), Some(Reason::Claim("sub")), "{id}");
    }
    let id = signer.fixture.client.id.to_string();
    assert!(tokens.authenticate(ClientCredential::Assertion { assertion: &assertion, id: Some(&id) }).await.is_ok());
}

#[tokio::test]
async fn revoked_keys_and_revoked_clients_are_refused() {
    let signer = Signer::new().await;
    let database = &signer.fixture.tokens.database;
    let assertion = signer.with(&json!({}));

    let key = client_key::Entity::find_by_id((signer.fixture.client.id, "ES256".to_owned()));
    let key = key.one(database.reader()).await.unwrap().unwrap();
    let key = client_key::ActiveModel { revoked_at: Set(Some(now())), ..key.into_active_model() };
    key.update(database.writer()).await.unwrap();
    assert_eq!(signer.refusal(&assertion).await, Some(Reason::Key));
    let unnamed = signer.signed(KeyAlgorithm::Es256, &json!({ "alg": "ES256" }), "unnamed");
    assert_eq!(signer.refusal(&unnamed).await, Some(Reason::Algorithm), "it is not among those that are tried");
    let by_another = signer.signed(KeyAlgorithm::EdDsa, &json!({ "alg": "EdDSA" }), "two");
    assert_eq!(signer.refusal(&by_another).await, None, "the control");

    let client = signer.fixture.client.clone().into_active_model();
    client::ActiveModel { revoked_at: Set(Some(now())), ..client }.update(database.writer()).await.unwrap();
    let by_another = signer.signed(KeyAlgorithm::EdDsa, &json!({ "alg": "EdDSA" }), "three");
    assert_eq!(signer.refusal(&by_another).await, Some(Reason::RevokedClient));
}

#[tokio::test]
async fn one_of_several_concurrent_uses_of_an_assertion_succeeds() {
    let signer = Signer::new().await;
    let assertion = signer.with(&json!({}));

    let all = join_all((0..64).map(|_| signer.refusal(&assertion))).await;

    assert_eq!(all.iter().filter(|reason| reason.is_none()).count(), 1);
    assert_eq!(all.iter().filter(|reason| **reason == Some(Reason::Used)).count(), 63);
}

#[tokio::test]
async fn used_assertions_are_stored_until_an_hour_after_their_expiry() {
    let mut signer = Signer::new().await;
    let assertion = signer.with(&json!({}));
    assert_eq!(signer.refusal(&assertion).await, None);

    let end: DateTime<Utc> = now() + TimeDelta::seconds(300);
    for (at, left) in [(now(), 1), (end + TimeDelta::minutes(59), 1), (end + TimeDelta::minutes(61), 0)] {
        signer.fixture.tokens.clock = Clock::Fixed(at);
        signer.fixture.tokens.sweep().await.unwrap();
        assert_eq!(signer.uses().await, left, "{at}");
    }
    assert_eq!(signer.refusal(&assertion).await, Some(Reason::Expired), "it is refused all the same");
}
