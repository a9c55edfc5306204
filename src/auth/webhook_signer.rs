//! Signatures of announcements to webhooks, in the form of the Standard Webhooks specification.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use entity::{
    signing_key,
    value::{ClientId, KeyPurpose},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{
    auth::encryption::KeyEncryption,
    error::{Error, Result},
};

/// Length of a secret, in bytes.
const LENGTH: usize = 32;

/// Generates an Ed25519 key pair as a PKCS#8 document.
pub(super) fn signing_material() -> Result<Vec<u8>> {
    let pair = Ed25519KeyPair::generate().map_err(Error::internal)?;
    Ok(pair.to_pkcs8v1().map_err(Error::internal)?.as_ref().to_vec())
}

/// A secret that the service shares with the endpoint of a client.
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// Generates a secret of 256 random bits.
    ///
    /// # Errors
    /// `Internal` if the system has no random numbers.
    pub fn draw() -> Result<Self> {
        let mut bits = vec![0; LENGTH];
        aws_lc_rs::rand::fill(&mut bits).map_err(Error::internal)?;
        Ok(Self(bits))
    }

    /// The text to show, once.
    pub fn text(&self) -> String {
        format!("whsec_{}", BASE64.encode(&self.0))
    }

    /// The secret in the form in which it is stored for a client.
    pub(crate) fn encrypt(&self, encryption: &KeyEncryption, client: ClientId) -> Result<Vec<u8>> {
        encryption.encrypt(&client.to_string(), KeyPurpose::Webhook, &self.0)
    }

    /// The stored secret of a client.
    pub(crate) fn decrypt(encryption: &KeyEncryption, client: ClientId, stored: &[u8]) -> Result<Self> {
        encryption.decrypt_material(&client.to_string(), KeyPurpose::Webhook, stored).map(Self)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

/// The key of the service that signs announcements for endpoints that verify with its public key.
pub struct WebhookSigner(Ed25519KeyPair);

impl fmt::Debug for WebhookSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSigner(..)")
    }
}

impl WebhookSigner {
    /// Decrypts the key of a row.
    ///
    /// # Errors
    /// `Internal` if its material cannot be decrypted, or is no Ed25519 key.
    pub(crate) fn of(row: &signing_key::Model, encryption: &KeyEncryption) -> Result<Self> {
        let material = encryption.decrypt(row)?;
        let pair = Ed25519KeyPair::from_pkcs8(&material);
        let pair = pair.map_err(|_| Error::internal(format!("the material of key {} cannot be read", row.kid)))?;
        Ok(Self(pair))
    }

    /// The public key as text.
    pub fn public_key(&self) -> String {
        format!("whpk_{}", BASE64.encode(self.0.public_key().as_ref()))
    }

    /// Value of the header `webhook-signature`: one signature for each secret, and one of this key.
    pub(crate) fn sign(&self, secrets: &[WebhookSecret], (id, at): (&str, DateTime<Utc>), body: &str) -> String {
        let message = format!("{id}.{}.{body}", at.timestamp());
        let shared = secrets.iter().map(|secret| {
            let mac = Hmac::<Sha256>::new_from_slice(&secret.0).expect("HMAC takes keys of any length");
            format!("v1,{}", BASE64.encode(&mac.chain_update(message.as_bytes()).finalize().into_bytes()))
        });
        let own = format!("v1a,{}", BASE64.encode(self.0.sign(message.as_bytes()).as_ref()));
        shared.chain([own]).collect::<Vec<_>>().join(" ")
    }
}
