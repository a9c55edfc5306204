//! Public keys of clients: parsed from a file, stored as SubjectPublicKeyInfo, used to verify signatures.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rsa::{PublicEncryptingKey, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
        VerificationAlgorithm,
    },
};
use data_encoding::BASE64URL_NOPAD;
use entity::{client_key, value::KeyAlgorithm};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::auth::jws::{Compact, object};

/// Maximum number of active public keys of a client. An assertion that names no key is verified with each of them.
pub const MAX_OF_CLIENT: usize = 5;

/// Maximum size of a key file.
const MAX_FILE_BYTES: usize = 16 * 1024;

/// Members of a JWK that are secret (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1).
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key that a client may sign with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The key id of the JWK, or SHA-256 of the key in base64url.
    pub kid: String,
    /// Signature algorithm.
    pub algorithm: KeyAlgorithm,
    /// SubjectPublicKeyInfo in DER.
    pub der: Vec<u8>,
}

/// Why a text contains no usable public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Neither PEM nor JWK.
    #[error("neither PEM nor JWK")]
    Form,
    /// It contains a private key.
    #[error("a private key")]
    Private,
    /// Neither P-256, nor Ed25519, nor RSA of 2048 to 8192 bits.
    #[error("an unsupported kind of key")]
    Kind,
    /// The key cannot sign with the requested algorithm.
    #[error("the key cannot be used with this algorithm")]
    Algorithm,
}

impl PublicKey {
    /// Parses a public key in PEM (RFC 7468, section 13) or as a JWK (RFC 7517). `wanted` or the member `alg` of a JWK
    /// chooses between PS256 and RS256; the default for RSA keys is PS256.
    pub fn read(text: &str, wanted: Option<KeyAlgorithm>) -> Result<Self, Unusable> {
        let text = text.trim();
        if text.len() > MAX_FILE_BYTES {
            return Err(Unusable::Form);
        }
        if text.starts_with('{') { Self::of_jwk(text, wanted) } else { Self::of_pem(text, wanted) }
    }

    fn of_pem(text: &str, wanted: Option<KeyAlgorithm>) -> Result<Self, Unusable> {
        let found = pem::parse_many(text).map_err(|_| Unusable::Form)?;
        if found.iter().any(|block| block.tag().contains("PRIVATE KEY")) {
            return Err(Unusable::Private);
        }
        match &found[..] {
            [block] if block.tag() == "PUBLIC KEY" => Self::of_der(block.contents(), wanted, None),
            _ => Err(Unusable::Form),
        }
    }

    fn of_jwk(text: &str, wanted: Option<KeyAlgorithm>) -> Result<Self, Unusable> {
        let jwk = object(text.as_bytes()).map_err(|_| Unusable::Form)?;
        if SECRET_MEMBERS.iter().any(|name| jwk.contains_key(*name)) {
            return Err(Unusable::Private);
        }
        let member = |name: &str| jwk.get(name).and_then(Value::as_str);
        if jwk.contains_key("use") && member("use") != Some("sig") {
            return Err(Unusable::Kind);
        }
        let stated_algorithm = match jwk.get("alg") {
            None => None,
            Some(alg) => Some(alg.as_str().and_then(|alg| KeyAlgorithm::of_alg(alg).ok()).ok_or(Unusable::Algorithm)?),
        };
        if let (Some(stated_algorithm), Some(wanted)) = (stated_algorithm, wanted)
            && stated_algorithm != wanted
        {
            return Err(Unusable::Algorithm);
        }
        let key = match (member("kty"), member("crv")) {
            (Some("EC"), Some("P-256")) => [vec![4], bytes(&jwk, "x", 32)?, bytes(&jwk, "y", 32)?].concat(),
            (Some("OKP"), Some("Ed25519")) => bytes(&jwk, "x", 32)?,
            (Some("RSA"), _) => {
                let components = PublicKeyComponents { n: number(&jwk, "n")?, e: number(&jwk, "e")? };
                let der: PublicKeyX509Der<'_> = components.as_der().map_err(|_| Unusable::Kind)?;
                der.as_ref().to_vec()
            }
            _ => return Err(Unusable::Kind),
        };
        Self::of_der(&key, stated_algorithm.or(wanted), member("kid"))
    }

    fn of_der(key: &[u8], wanted: Option<KeyAlgorithm>, kid: Option<&str>) -> Result<Self, Unusable> {
        let is_rsa = PublicEncryptingKey::from_der(key).is_ok();
        let can_sign = |algorithm: &KeyAlgorithm| match algorithm {
            KeyAlgorithm::Ps256 | KeyAlgorithm::Rs256 => is_rsa,
            KeyAlgorithm::Es256 | KeyAlgorithm::EdDsa => parse(*algorithm, key).is_some(),
        };
        let possible = [KeyAlgorithm::Es256, KeyAlgorithm::EdDsa, KeyAlgorithm::Ps256, KeyAlgorithm::Rs256];
        let mut possible = possible.into_iter().filter(can_sign).peekable();
        possible.peek().ok_or(Unusable::Kind)?;
        let algorithm =
            possible.find(|algorithm| wanted.is_none_or(|wanted| wanted == *algorithm)).ok_or(Unusable::Algorithm)?;
        let der: PublicKeyX509Der<'_> =
            parse(algorithm, key).and_then(|key| key.as_der().ok()).ok_or(Unusable::Kind)?;
        let der = der.as_ref().to_vec();
        let kid = kid.map_or_else(|| BASE64URL_NOPAD.encode(&Sha256::digest(&der)), str::to_owned);
        Ok(Self { kid, algorithm, der })
    }
}

/// Whether the stored key made the signature of a token.
pub(super) fn has_signed(row: &client_key::Model, token: &Compact<'_>) -> bool {
    verifies(row.algorithm, &row.public_key, token)
}

/// Whether a key, as SubjectPublicKeyInfo, made the signature of a token.
pub(super) fn verifies(algorithm: KeyAlgorithm, key: &[u8], token: &Compact<'_>) -> bool {
    let Ok(signature) = BASE64URL_NOPAD.decode(token.signature.as_bytes()) else { return false };
    let key = parse(algorithm, key);
    key.is_some_and(|key| key.verify_sig(token.message.as_bytes(), &signature).is_ok())
}

/// A public key that no client can have, for each algorithm: verified if a client has no key, so that the time is
/// equal.
pub(super) fn decoy(algorithm: KeyAlgorithm) -> &'static [u8] {
    static DECOYS: LazyLock<Vec<(KeyAlgorithm, Vec<u8>)>> = LazyLock::new(|| {
        // The generator of P-256, the first key of RFC 8032, section 7.1, and a modulus that is no product of two
        // primes.
        let (x, y) = ("axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU");
        let ec = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#);
        let okp = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let rsa = format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, BASE64URL_NOPAD.encode(&[0xff; 256]));
        let texts = [
            (KeyAlgorithm::Es256, ec.as_str()),
            (KeyAlgorithm::EdDsa, okp),
            (KeyAlgorithm::Ps256, &rsa),
            (KeyAlgorithm::Rs256, &rsa),
        ];
        let key = |(algorithm, text)| Some((algorithm, PublicKey::read(text, Some(algorithm)).ok()?.der));
        texts.into_iter().filter_map(key).collect()
    });
    let found = DECOYS.iter().find(|(of, _)| *of == algorithm);
    found.map_or(&[], |(_, key)| key)
}

fn parse(algorithm: KeyAlgorithm, key: &[u8]) -> Option<ParsedPublicKey> {
    let verification: &'static dyn VerificationAlgorithm = match algorithm {
        KeyAlgorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        KeyAlgorithm::EdDsa => &ED25519,
        KeyAlgorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        KeyAlgorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
    };
    ParsedPublicKey::new(verification, key).ok()
}

/// A member of exactly `length` bytes.
fn bytes(jwk: &Map<String, Value>, name: &str, length: usize) -> Result<Vec<u8>, Unusable> {
    number(jwk, name).and_then(|bytes| if bytes.len() == length { Ok(bytes) } else { Err(Unusable::Form) })
}

fn number(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Unusable> {
    let text = jwk.get(name).and_then(Value::as_str).ok_or(Unusable::Form)?;
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Unusable::Form)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rsa::{KeyPair as RsaKeyPair, KeySize},
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
    };
    use serde_json::json;

    use super::*;

    fn pem(tag: &str, der: &[u8]) -> String {
        pem::encode(&pem::Pem::new(tag, der))
    }

    fn der(key: &impl AsDer<PublicKeyX509Der<'static>>) -> Vec<u8> {
        AsDer::<PublicKeyX509Der<'static>>::as_der(key).unwrap().as_ref().to_vec()
    }

    #[test]
    fn a_key_is_equal_from_pem_and_from_a_jwk() {
        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let (x, y) = ec.public_key().as_ref()[1..].split_at(32);
        let ed = Ed25519KeyPair::generate().unwrap();
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let (n, e) = (rsa.public_key().modulus(), rsa.public_key().exponent());
        let (n, e) = (text(n.big_endian_without_leading_zero()), text(e.big_endian_without_leading_zero()));

        for (der, jwk, wanted, algorithm) in [
            (
                der(ec.public_key()),
                json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y) }),
                None,
                KeyAlgorithm::Es256,
            ),
            (
                der(ed.public_key()),
                json!({ "kty": "OKP", "crv": "Ed25519", "x": text(ed.public_key().as_ref()) }),
                None,
                KeyAlgorithm::EdDsa,
            ),
            (der(rsa.public_key()), json!({ "kty": "RSA", "n": n, "e": e }), None, KeyAlgorithm::Ps256),
            (
                der(rsa.public_key()),
                json!({ "kty": "RSA", "n": n, "e": e, "use": "sig" }),
                Some(KeyAlgorithm::Rs256),
                KeyAlgorithm::Rs256,
            ),
        ] {
            let of_pem = PublicKey::read(&pem("PUBLIC KEY", &der), wanted).unwrap();
            let of_jwk = PublicKey::read(&jwk.to_string(), wanted).unwrap();
            assert_eq!(of_pem, of_jwk);
            assert_eq!((of_pem.algorithm, of_pem.der), (algorithm, der));
        }
        let named = json!({ "kty": "RSA", "n": n, "e": e, "alg": "RS256", "kid": "k" });
        let named = PublicKey::read(&named.to_string(), None).unwrap();
        assert_eq!((named.kid.as_str(), named.algorithm), ("k", KeyAlgorithm::Rs256));
    }

    #[test]
    fn there_is_a_decoy_for_each_algorithm() {
        for algorithm in <KeyAlgorithm as sea_orm::Iterable>::iter() {
            assert!(parse(algorithm, decoy(algorithm)).is_some(), "{algorithm}");
        }
    }

    #[test]
    fn unusable_public_keys_are_refused_with_their_reason() {
        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let (x, y) = ec.public_key().as_ref()[1..].split_at(32);
        let (x, y) = (BASE64URL_NOPAD.encode(x), BASE64URL_NOPAD.encode(y));
        let good = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
        let with = |name: &str, value: Value| {
            let mut jwk = good.clone();
            jwk[name] = value;
            jwk.to_string()
        };
        let public = pem("PUBLIC KEY", &der(ec.public_key()));
        let modulus = |bits: usize| BASE64URL_NOPAD.encode(&vec![0xff; bits / 8]);
        let rsa = |bits: usize| json!({ "kty": "RSA", "n": modulus(bits), "e": "AQAB" }).to_string();

        assert!(PublicKey::read(&good.to_string(), None).is_ok(), "the control");
        assert!(PublicKey::read(&rsa(2048), None).is_ok(), "the control");
        for (text, wanted, why) in [
            (String::new(), None, Unusable::Form),
            ("{".into(), None, Unusable::Form),
            (good.to_string().replacen('{', r#"{"kty":"RSA","#, 1), None, Unusable::Form),
            ("x".repeat(MAX_FILE_BYTES + 1), None, Unusable::Form),
            (pem("CERTIFICATE", b"x"), None, Unusable::Form),
            (format!("{public}{public}"), None, Unusable::Form),
            (pem("PRIVATE KEY", b"x"), None, Unusable::Private),
            (pem("EC PRIVATE KEY", b"x"), None, Unusable::Private),
            (format!("{public}{}", pem("RSA PRIVATE KEY", b"x")), None, Unusable::Private),
            (with("d", json!("x")), None, Unusable::Private),
            (json!({ "kty": "oct", "k": "x" }).to_string(), None, Unusable::Private),
            (with("use", json!("enc")), None, Unusable::Kind),
            (with("crv", json!("P-384")), None, Unusable::Kind),
            (with("y", json!(x)), None, Unusable::Kind),
            (with("x", json!("AA")), None, Unusable::Form),
            (with("x", json!(7)), None, Unusable::Form),
            (pem("PUBLIC KEY", b"nothing"), None, Unusable::Kind),
            (rsa(1024), None, Unusable::Kind),
            (rsa(2040), None, Unusable::Kind),
            (rsa(8200), None, Unusable::Kind),
            (public, Some(KeyAlgorithm::Rs256), Unusable::Algorithm),
            (with("alg", json!("ES384")), None, Unusable::Algorithm),
            (with("alg", json!("none")), None, Unusable::Algorithm),
            (with("alg", json!("HS256")), None, Unusable::Algorithm),
            (with("alg", json!("RS256")), None, Unusable::Algorithm),
            (with("alg", json!("ES256")), Some(KeyAlgorithm::EdDsa), Unusable::Algorithm),
        ] {
            assert_eq!(PublicKey::read(&text, wanted), Err(why), "{text}");
        }
    }
}
