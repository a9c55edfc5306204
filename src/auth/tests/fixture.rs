//! A database, keys, a client and its token for tests. Rows are written directly, because commands belong to a higher
//! layer.

use std::{collections::BTreeSet, sync::Arc};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use chrono::{DateTime, Utc};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use entity::{
    client, client_grant, client_secret, grant_unit, signing_key, unit,
    value::{ClientId, GrantId, KeyPurpose, Scope, SecretId, UnitId},
};
use migration::MigratorTrait;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{
    auth::{
        AccessToken, ClientCredential, KeyEncryption, KeyStore, Refused, Tokens, generate, install_provider,
        secret::Secret,
    },
    clock::Clock,
    db::{Database, Pool},
};

pub(crate) const PUBLIC_URL: &str = "https://canbo.example.vn";

pub(crate) fn now() -> DateTime<Utc> {
    "2026-03-02T03:00:00Z".parse().unwrap()
}

pub(crate) fn clock() -> Clock {
    Clock::Fixed(now())
}

pub(crate) fn url(folder: &TempDir) -> String {
    format!("sqlite://{}/cadre.db", folder.path().display())
}

/// An empty database with the current schema.
pub(crate) async fn database() -> (TempDir, Database) {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&url(&folder), Pool::default()).await.unwrap();
    migration::Migrator::up(database.writer(), None).await.unwrap();
    (folder, database)
}

/// The keys of a database, encrypted with the key of all these tests.
pub(crate) fn store(database: &Database) -> KeyStore {
    let encryption = KeyEncryption::read(&BASE64.encode(&[7; 32])).unwrap();
    KeyStore { database: database.clone(), encryption: Arc::new(encryption) }
}

/// A unit with the code.
pub(crate) async fn unit(database: &Database, code: &str) -> UnitId {
    let id = UnitId::new();
    let row = unit::ActiveModel { id: Set(id), code: Set(code.parse().unwrap()) };
    unit::Entity::insert(row).exec_without_returning(database.writer()).await.unwrap();
    id
}

/// Tokens over a database with keys and one client.
pub(crate) struct Fixture {
    pub _folder: TempDir,
    pub tokens: Tokens,
    pub client: client::Model,
    pub secret: String,
    pub root: UnitId,
    key: EcdsaKeyPair,
}

impl Fixture {
    pub async fn new() -> Self {
        install_provider();
        let (folder, database) = database().await;
        let store = store(&database);
        for purpose in [KeyPurpose::AccessToken, KeyPurpose::Cursor] {
            let key = generate(&store.encryption, (purpose, 1), clock()).unwrap();
            key.insert(database.writer()).await.unwrap();
        }
        let row = signing_key::Entity::find_by_id("access-1").one(database.reader()).await.unwrap().unwrap();
        let document = store.encryption.decrypt(&row).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &document).unwrap();
        let root = unit(&database, "DV1").await;
        let (client, secret) = add_client(&database, "Kho du lieu", "cadre:read stats:read", Some(root)).await;
        let tokens = Tokens::load(store, clock(), PUBLIC_URL).await.unwrap();
        Self { _folder: folder, tokens, client, secret, root, key }
    }

    /// A valid token.
    pub fn token(&self) -> String {
        let scopes = BTreeSet::from([Scope::CadreRead, Scope::StatsRead]);
        self.tokens.issuer.issue(&self.client, &scopes, now()).unwrap().token
    }

    /// Valid header and claims.
    pub fn valid_parts(&self) -> (Value, Value) {
        let (id, at) = (self.client.id.to_string(), now().timestamp());
        let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": "access-1" });
        let claims = json!({
            "iss": PUBLIC_URL, "aud": PUBLIC_URL, "sub": id, "client_id": id, "jti": "x",
            "scope": "cadre:read stats:read", "iat": at, "exp": at + 600,
        });
        (header, claims)
    }

    /// Signs any header and claims with the key of the service.
    pub fn sign(&self, header: &str, claims: &str) -> String {
        sign_with(&self.key, header, claims)
    }

    /// The stored hash of the secret.
    pub fn secret_hash(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.secret.as_bytes()))
    }

    /// The public key as bytes.
    pub fn public_key(&self) -> Vec<u8> {
        self.key.public_key().as_ref().to_vec()
    }
}

/// Exchanges a secret for a token.
pub(crate) async fn exchange(tokens: &Tokens, id: &impl ToString, secret: &str) -> Result<AccessToken, Refused> {
    tokens.exchange(ClientCredential::Secret { id: &id.to_string(), secret, from: None }, None).await
}

pub(crate) fn sign_with(key: &EcdsaKeyPair, header: &str, claims: &str) -> String {
    let message =
        format!("{}.{}", BASE64URL_NOPAD.encode(header.as_bytes()), BASE64URL_NOPAD.encode(claims.as_bytes()));
    let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
}

/// A client with a grant, and its secret.
pub(crate) async fn add_client(
    database: &Database,
    name: &str,
    scopes: &str,
    root: Option<UnitId>,
) -> (client::Model, String) {
    let secret = Secret::draw().unwrap();
    let row = client::ActiveModel {
        id: Set(ClientId::new()),
        name: Set(name.to_owned()),
        created_at: Set(now()),
        revoked_at: Set(None),
        version: Set(1),
        administrator_id: Set(None),
    };
    let client = row.insert(database.writer()).await.unwrap();
    let row = client_secret::ActiveModel {
        id: Set(SecretId::new()),
        client_id: Set(client.id),
        hash: Set(secret.hash()),
        created_at: Set(now()),
        expires_at: Set(None),
    };
    row.insert(database.writer()).await.unwrap();
    let grant = client_grant::ActiveModel {
        id: Set(GrantId::new()),
        client_id: Set(client.id),
        scopes: Set(scopes.to_owned()),
        purposes: Set("PERSONNEL".to_owned()),
        valid_from: Set(None),
        valid_to: Set(None),
        ..Default::default()
    };
    let grant = grant.insert(database.writer()).await.unwrap();
    if let Some(unit_id) = root {
        let row = grant_unit::ActiveModel { grant_id: Set(grant.id), unit_id: Set(unit_id) };
        row.insert(database.writer()).await.unwrap();
    }
    (client, secret.into_text())
}
