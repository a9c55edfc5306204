//! Keys of the service, as the database holds them: those of access tokens (ES256) and that of page cursors (HMAC).

use std::fmt;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use entity::{signing_key, value::KeyPurpose};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use sea_orm::ActiveValue::Set;
use serde::Serialize;
use serde_json::json;

use crate::{
    clock::Clock,
    error::{Error, Result},
};

/// A younger key does not sign yet: every node must have read it before it meets a token of it.
const SETTLING: TimeDelta = TimeDelta::seconds(60);

/// A new key of the service, not written anywhere.
///
/// `serial` counts the keys of one purpose from 1. It makes the key id, and so the primary key: two nodes that make
/// the same key at once meet there.
pub fn generate(purpose: KeyPurpose, serial: u32, clock: Clock) -> Result<signing_key::ActiveModel> {
    let (kid, material) = match purpose {
        KeyPurpose::AccessToken => (format!("access-{serial}"), signing_material()?),
        KeyPurpose::AuditCheckpoint => (format!("checkpoint-{serial}"), signing_material()?),
        KeyPurpose::Cursor => {
            let mut bits = vec![0; 32];
            aws_lc_rs::rand::fill(&mut bits).map_err(Error::internal)?;
            (format!("cursor-{serial}"), bits)
        }
    };
    Ok(signing_key::ActiveModel {
        kid: Set(kid),
        purpose: Set(purpose),
        material: Set(material),
        created_at: Set(clock.now()),
    })
}

/// A PKCS#8 document of P-256.
fn signing_material() -> Result<Vec<u8>> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    Ok(document.map_err(Error::internal)?.as_ref().to_vec())
}

/// The keys at one moment.
pub struct Keys {
    /// Oldest first.
    access: Vec<AccessKey>,
    jwks: String,
}

struct AccessKey {
    kid: String,
    created_at: DateTime<Utc>,
    signing: EncodingKey,
    verifying: DecodingKey,
    /// Public point, uncompressed: 4, x, y.
    public: [u8; 65],
}

impl Keys {
    /// The keys of these rows.
    pub(super) fn of(rows: &[signing_key::Model]) -> Result<Self> {
        let mut rows: Vec<_> = rows.iter().collect();
        rows.sort_by_key(|row| (row.created_at, &row.kid));
        let of_tokens = rows.iter().filter(|row| row.purpose == KeyPurpose::AccessToken);
        let access: Vec<_> = of_tokens.map(|row| AccessKey::of(row)).collect::<Result<_>>()?;
        if access.is_empty() {
            return Err(Error::internal("the keys of the service are missing: domain::key::ensure makes them"));
        }
        let jwks = json!({ "keys": access.iter().map(AccessKey::jwk).collect::<Vec<_>>() }).to_string();
        Ok(Self { access, jwks })
    }

    /// The public halves as a JWK set (RFC 7517, section 5).
    pub fn jwks(&self) -> &str {
        &self.jwks
    }

    /// Signs claims as an access token (RFC 9068, section 2.1).
    pub(super) fn sign(&self, claims: &impl Serialize, now: DateTime<Utc>) -> Result<String> {
        let settled = |key: &&AccessKey| now.signed_duration_since(key.created_at) >= SETTLING;
        // `of` lets no set without an access key through.
        let key = self.access.iter().rfind(settled).unwrap_or(&self.access[0]);
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(key.kid.clone());
        jsonwebtoken::encode(&header, claims, &key.signing).map_err(Error::internal)
    }

    /// Whether the key is still one of ours.
    pub(super) fn knows(&self, kid: &str) -> bool {
        self.key(kid).is_some()
    }

    /// Whether our key `kid` made this signature over exactly these bytes; nothing if it is not ours.
    pub(super) fn verify(&self, kid: &str, message: &str, signature: &str) -> Option<bool> {
        let key = &self.key(kid)?.verifying;
        let fits = jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, Algorithm::ES256);
        Some(fits.unwrap_or(false))
    }

    fn key(&self, kid: &str) -> Option<&AccessKey> {
        self.access.iter().find(|key| key.kid == kid)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.access.iter().map(|key| &key.kid)).finish()
    }
}

impl AccessKey {
    fn of(row: &signing_key::Model) -> Result<Self> {
        // The library would find out only at the first token.
        let unreadable = || Error::internal(format!("the material of key {} is no PKCS#8 document of P-256", row.kid));
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &row.material).map_err(|_| unreadable())?;
        let public: [u8; 65] = pair.public_key().as_ref().try_into().map_err(|_| unreadable())?;
        Ok(Self {
            kid: row.kid.clone(),
            created_at: row.created_at,
            signing: EncodingKey::from_ec_der(&row.material),
            verifying: DecodingKey::from_ec_der(&public),
            public,
        })
    }

    /// RFC 7518, section 6.2.1: the public parameters alone.
    fn jwk(&self) -> serde_json::Value {
        let (x, y) = self.public[1..].split_at(32);
        json!({
            "kty": "EC",
            "use": "sig",
            "alg": "ES256",
            "kid": self.kid,
            "crv": "P-256",
            "x": BASE64URL_NOPAD.encode(x),
            "y": BASE64URL_NOPAD.encode(y),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(purpose: KeyPurpose, serial: u32, made_at: &str) -> signing_key::Model {
        let row = generate(purpose, serial, Clock::Fixed(made_at.parse().unwrap())).unwrap();
        sea_orm::TryIntoModel::try_into_model(row).unwrap()
    }

    fn signer(keys: &Keys, now: &str) -> String {
        let token = keys.sign(&json!({}), now.parse().unwrap()).unwrap();
        jsonwebtoken::decode_header(&token).unwrap().kid.unwrap()
    }

    #[test]
    fn a_new_key_verifies_at_once_and_signs_when_every_node_knows_it() {
        let old = key(KeyPurpose::AccessToken, 1, "2026-01-01T00:00:00Z");
        let new = key(KeyPurpose::AccessToken, 2, "2026-06-01T00:00:00Z");
        let keys = Keys::of(&[new, key(KeyPurpose::Cursor, 1, "2026-01-01T00:00:00Z"), old]).unwrap();

        for (now, kid) in [
            ("2026-01-01T00:00:00Z", "access-1"),
            ("2026-06-01T00:00:59Z", "access-1"),
            ("2026-06-01T00:01:00Z", "access-2"),
        ] {
            assert_eq!(signer(&keys, now), kid, "{now}");
        }
        assert!(keys.knows("access-1") && keys.knows("access-2") && !keys.knows("cursor-1"));
    }

    #[test]
    fn the_key_set_shows_public_parts_only() {
        let access = key(KeyPurpose::AccessToken, 1, "2026-01-01T00:00:00Z");
        let keys = Keys::of(&[access, key(KeyPurpose::Cursor, 1, "2026-01-01T00:00:00Z")]).unwrap();

        let set: serde_json::Value = serde_json::from_str(keys.jwks()).unwrap();
        let jwk = set["keys"][0].as_object().unwrap();
        assert_eq!(set["keys"].as_array().unwrap().len(), 1);
        assert_eq!(jwk.keys().collect::<Vec<_>>(), ["kty", "use", "alg", "kid", "crv", "x", "y"]);
        assert_eq!(format!("{keys:?}"), r#"["access-1"]"#);
    }

    #[test]
    fn keys_that_cannot_serve_are_not_taken() {
        let access = || key(KeyPurpose::AccessToken, 1, "2026-01-01T00:00:00Z");
        let cursor = || key(KeyPurpose::Cursor, 1, "2026-01-01T00:00:00Z");
        let broken = signing_key::Model { material: b"no document".to_vec(), ..access() };
        for rows in [vec![], vec![cursor()], vec![broken]] {
            assert!(Keys::of(&rows).is_err());
        }
        assert!(Keys::of(&[access(), cursor()]).is_ok());
    }
}
