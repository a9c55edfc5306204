//! Authentication of clients, over HTTP and at the command line.

mod assertion;
mod rejected;
mod revocation;
mod rotation;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use cadre_api::{clock::Clock, domain::client::key};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::support::{Caller, TestApp, clock};

const GRANT: &str = "grant_type=client_credentials";
const ASSERTED: &str = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

/// A key pair of a client.
struct Pair(EcdsaKeyPair);

impl Pair {
    fn draw() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"))
    }

    /// A key pair whose public key is registered for a client with the key id `k`.
    async fn of(app: &TestApp, caller: &Caller<'_>) -> Self {
        let pair = Self::draw();
        let add = key::Add {
            client: caller.id.parse().expect("an id"),
            text: pair.pem(),
            kid: Some("k".into()),
            algorithm: None,
        };
        key::add(&app.database, clock(), add).await.expect("a key");
        pair
    }

    /// The public key in PEM.
    fn pem(&self) -> String {
        let der: PublicKeyX509Der<'_> = self.0.public_key().as_der().expect("DER");
        let text = data_encoding::BASE64.encode(der.as_ref());
        format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
    }

    /// An assertion of a client for an issuer, valid for five minutes.
    fn assertion(&self, client: &str, issuer: &str, clock: Clock, jti: &str) -> String {
        let at = clock.now().timestamp();
        self.sign(&json!({
            "iss": client, "sub": client, "aud": issuer, "jti": jti, "iat": at, "exp": at + 300,
        }))
    }

    fn sign(&self, claims: &Value) -> String {
        let encoded = |json: &Value| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
        let message = format!("{}.{}", encoded(&json!({ "alg": "ES256" })), encoded(claims));
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).expect("a signature");
        format!("{message}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }
}

/// Sends a form to a path and returns status and body.
async fn sent(url: &str, path: &str, form: String) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{url}{path}")).body(form);
    let answer = request.header("Content-Type", "application/x-www-form-urlencoded").send().await.expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("text");
    (status, serde_json::from_str(&text).unwrap_or_default())
}
