//! The service's keys in the database: for access tokens (ES256), which rotate, and for page cursors (HMAC).

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
    auth::{claims::LIFETIME_SECONDS, encryption::KeyEncryption, webhook_signer},
    clock::Clock,
    error::{Error, Result},
};

/// How long a new key is published before it signs. Within this time every node reads it, and so do external verifiers,
/// which may cache the key set for 5 minutes.
pub const LEAD: TimeDelta = TimeDelta::minutes(10);

/// How long a key verifies after its successor began to sign: the lifetime of its last token, plus the clock difference
/// of two nodes.
pub const RETIREMENT: TimeDelta = TimeDelta::seconds(LIFETIME_SECONDS + 60);

/// State of an access token key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, not signing yet.
    Next,
    /// Signs.
    Active,
    /// Verifies its tokens, signs no more.
    Retired,
    /// All its tokens have expired.
    Ended,
}

/// Signing period of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyLifetime {
    /// Start (inclusive).
    pub from: DateTime<Utc>,
    /// End (exclusive): the start of its successor; `None` without one.
    pub until: Option<DateTime<Utc>>,
}

impl KeyLifetime {
    /// State of the key. It depends on time only, so all nodes agree.
    pub fn state(&self, now: DateTime<Utc>) -> KeyState {
        match self.until {
            _ if now < self.from => KeyState::Next,
            Some(until) if now >= until + RETIREMENT => KeyState::Ended,
            Some(until) if now >= until => KeyState::Retired,
            _ => KeyState::Active,
        }
    }
}

/// The access token keys among these rows with their signing periods, ordered by start.
pub fn lifetimes(rows: &[signing_key::Model]) -> Vec<(&signing_key::Model, KeyLifetime)> {
    let from = |row: &signing_key::Model| row.signs_from.unwrap_or(row.created_at);
    let mut rows: Vec<_> = rows.iter().filter(|row| row.purpose == KeyPurpose::AccessToken).collect();
    rows.sort_by_key(|row| (from(row), &row.kid));
    let untils: Vec<_> = rows.iter().skip(1).map(|row| Some(from(row))).chain([None]).collect();
    rows.into_iter().zip(untils).map(|(row, until)| (row, KeyLifetime { from: from(row), until })).collect()
}

/// Generates an encrypted key without storing it. An access token key signs after `LEAD`, unless it is the first.
///
/// `serial` counts the keys of one purpose from 1. It determines the key id, which is the primary key: if two nodes
/// generate the same key at once, one insert fails.
pub fn generate(
    encryption: &KeyEncryption,
    (purpose, serial): (KeyPurpose, u32),
    clock: Clock,
) -> Result<signing_key::ActiveModel> {
    let (kid, material) = match purpose {
        KeyPurpose::AccessToken => (format!("access-{serial}"), signing_material()?),
        KeyPurpose::AuditCheckpoint => (format!("checkpoint-{serial}"), signing_material()?),
        KeyPurpose::Webhook => (format!("webhook-{serial}"), webhook_signer::signing_material()?),
        KeyPurpose::Cursor => {
            let mut bits = vec![0; 32];
            aws_lc_rs::rand::fill(&mut bits).map_err(Error::internal)?;
            (format!("cursor-{serial}"), bits)
        }
    };
    let is_follower = purpose == KeyPurpose::AccessToken && serial > 1;
    Ok(signing_key::ActiveModel {
        material: Set(encryption.encrypt(&kid, purpose, &material)?),
        kid: Set(kid),
        purpose: Set(purpose),
        created_at: Set(clock.now()),
        encryption_key_id: Set(Some(encryption.id().to_owned())),
        signs_from: Set(is_follower.then(|| clock.now() + LEAD)),
    })
}

/// Generates a P-256 key pair as a PKCS#8 document.
fn signing_material() -> Result<Vec<u8>> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    Ok(document.map_err(Error::internal)?.as_ref().to_vec())
}

/// The keys at one moment.
pub struct Keys {
    /// Ordered by the start of signing; never empty.
    access: Vec<AccessKey>,
}

struct AccessKey {
    kid: String,
    lifetime: KeyLifetime,
    signing: EncodingKey,
    verifying: DecodingKey,
    /// Public point, uncompressed: 4, x, y.
    public: [u8; 65],
}

impl Keys {
    /// Decrypts the keys of these rows.
    pub(super) fn of(rows: &[signing_key::Model], encryption: &KeyEncryption) -> Result<Self> {
        let access =
            lifetimes(rows).into_iter().map(|(row, lifetime)| AccessKey::of(row, lifetime, &encryption.decrypt(row)?));
        let access: Vec<_> = access.collect::<Result<_>>()?;
        if access.is_empty() {
            return Err(Error::internal(
                "the keys of the service are missing; restart the service, which creates them",
            ));
        }
        Ok(Self { access })
    }

    /// The public keys as a JWK set (RFC 7517, section 5): those that verify, and the next one.
    pub fn jwks(&self, now: DateTime<Utc>) -> String {
        let published = self.access.iter().filter(|key| key.lifetime.state(now) != KeyState::Ended);
        json!({ "keys": published.map(AccessKey::jwk).collect::<Vec<_>>() }).to_string()
    }

    /// Signs claims as an access token (RFC 9068, section 2.1).
    pub(super) fn sign(&self, claims: &impl Serialize, now: DateTime<Utc>) -> Result<String> {
        // A clock behind that of the node that generated the first key must not leave the service without a key.
        let key = self.access.iter().rfind(|key| key.lifetime.from <= now).unwrap_or(&self.access[0]);
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(key.kid.clone());
        jsonwebtoken::encode(&header, claims, &key.signing).map_err(Error::internal)
    }

    /// Whether the key belongs to this service and is still known.
    pub(super) fn knows(&self, kid: &str) -> bool {
        self.key(kid).is_some()
    }

    /// Whether key `kid` made this signature over exactly these bytes; `None` if the key is not ours.
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
    fn of(row: &signing_key::Model, lifetime: KeyLifetime, document: &[u8]) -> Result<Self> {
        // Checked here, because the library would fail only at the first token.
        let unreadable = || Error::internal(format!("key {} is not a PKCS#8 document of a P-256 key", row.kid));
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document).map_err(|_| unreadable())?;
        let public: [u8; 65] = pair.public_key().as_ref().try_into().map_err(|_| unreadable())?;
        Ok(Self {
            kid: row.kid.clone(),
            lifetime,
            signing: EncodingKey::from_ec_der(document),
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
    use data_encoding::BASE64;

    use super::*;

    fn encryption() -> KeyEncryption {
        KeyEncryption::read(&BASE64.encode(&[7; 32])).unwrap()
    }

    fn key(purpose: KeyPurpose, serial: u32, made_at: &str) -> signing_key::Model {
        let row = generate(&encryption(), (purpose, serial), Clock::Fixed(made_at.parse().unwrap())).unwrap();
        sea_orm::TryIntoModel::try_into_model(row).unwrap()
    }

    fn signer(keys: &Keys, now: &str) -> String {
        let token = keys.sign(&json!({}), now.parse().unwrap()).unwrap();
        jsonwebtoken::decode_header(&token).unwrap().kid.unwrap()
    }

    fn published(keys: &Keys, now: &str) -> Vec<String> {
        let set: serde_json::Value = serde_json::from_str(&keys.jwks(now.parse().unwrap())).unwrap();
        let kid = |key: &serde_json::Value| key["kid"].as_str().unwrap().to_owned();
        set["keys"].as_array().unwrap().iter().map(kid).collect()
    }

    #[test]
    fn a_key_is_published_then_signs_then_verifies_then_leaves() {
        let old = key(KeyPurpose::AccessToken, 1, "2026-01-01T00:00:00Z");
        let new = key(KeyPurpose::AccessToken, 2, "2026-06-01T00:00:00Z");
        let rows = [new, key(KeyPurpose::Cursor, 1, "2026-01-01T00:00:00Z"), old];
        let keys = Keys::of(&rows, &encryption()).unwrap();

        for (now, states, kid) in [
            ("2025-12-31T23:59:59Z", [KeyState::Next, KeyState::Next], "access-1"),
            ("2026-01-01T00:00:00Z", [KeyState::Active, KeyState::Next], "access-1"),
            ("2026-06-01T00:09:59Z", [KeyState::Active, KeyState::Next], "access-1"),
            ("2026-06-01T00:10:00Z", [KeyState::Retired, KeyState::Active], "access-2"),
            ("2026-06-01T00:20:59Z", [KeyState::Retired, KeyState::Active], "access-2"),
            ("2026-06-01T00:21:00Z", [KeyState::Ended, KeyState::Active], "access-2"),
        ] {
            let at = now.parse().unwrap();
            assert_eq!(
                lifetimes(&rows).iter().map(|(_, lifetime)| lifetime.state(at)).collect::<Vec<_>>(),
                states,
                "{now}"
            );
            assert_eq!(signer(&keys, now), kid, "{now}");
            let left: &[&str] = if states[0] == KeyState::Ended { &["access-2"] } else { &["access-1", "access-2"] };
            assert_eq!(published(&keys, now), left, "{now}");
        }
        assert!(keys.knows("access-1") && keys.knows("access-2") && !keys.knows("cursor-1"));
    }

    #[test]
    fn the_key_set_shows_public_parts_only() {
        let access = key(KeyPurpose::AccessToken, 1, "2026-01-01T00:00:00Z");
        let keys = Keys::of(&[access, key(KeyPurpose::Cursor, 1, "2026-01-01T00:00:00Z")], &encryption()).unwrap();

        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let set: serde_json::Value = serde_json::from_str(&keys.jwks(now)).unwrap();
        let jwk = set["keys"][0].as_object().unwrap();
        assert_eq!(set["keys"].as_array().unwrap().len(), 1);
        assert_eq!(jwk.keys().collect::<Vec<_>>(), ["kty", "use", "alg", "kid", "crv", "x", "y"]);
        assert_eq!(format!("{keys:?}"), r#"["access-1"]"#);
    }

    #[test]
    fn keys_that_cannot_serve_are_not_taken() {
        let access = || key(KeyPurpose::AccessToken, 1, "2026-01-01T00:00:00Z");
        let cursor = || key(KeyPurpose::Cursor, 1, "2026-01-01T00:00:00Z");
        let encrypted = encryption().encrypt("access-1", KeyPurpose::AccessToken, b"no document").unwrap();
        let broken = signing_key::Model { material: encrypted, ..access() };
        let plain = signing_key::Model { encryption_key_id: None, ..access() };
        let other = KeyEncryption::read(&KeyEncryption::draw().unwrap()).unwrap();
        for rows in [vec![], vec![cursor()], vec![broken], vec![access(), plain]] {
            assert!(Keys::of(&rows, &encryption()).is_err());
        }
        assert!(Keys::of(&[access(), cursor()], &other).is_err());
        assert!(Keys::of(&[access(), cursor()], &encryption()).is_ok());
    }
}
