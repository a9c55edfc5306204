//! Encryption of the service's keys in the database (AES-256-GCM). The encryption key comes from outside: a copy of the
//! database alone is not enough to sign.

use std::{fmt, sync::Arc};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use data_encoding::{BASE64, HEXLOWER};
use entity::{signing_key, value::KeyPurpose};
use sha2::{Digest, Sha256};

use crate::{
    db::Database,
    error::{Error, Result},
};

/// Length of the key, in bytes.
const LENGTH: usize = 32;

/// Location and encryption key of the service's keys.
#[derive(Clone, Debug)]
pub struct KeyStore {
    /// The database.
    pub database: Database,
    /// The key encryption key.
    pub encryption: Arc<KeyEncryption>,
}

/// A key encryption key.
pub struct KeyEncryption {
    id: String,
    key: RandomizedNonceKey,
}

impl KeyEncryption {
    /// Generates a key as text: 32 random bytes in base64.
    pub fn draw() -> Result<String> {
        let mut bits = [0; LENGTH];
        aws_lc_rs::rand::fill(&mut bits).map_err(Error::internal)?;
        Ok(BASE64.encode(&bits))
    }

    /// Parses a key; `None` if the text is not 32 bytes in base64.
    pub fn read(text: &str) -> Option<Self> {
        let bits = BASE64.decode(text.trim().as_bytes()).ok().filter(|bits| bits.len() == LENGTH)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bits).ok()?;
        // The id distinguishes keys and reveals nothing about them: there are 256 random bits to guess.
        let id = Sha256::new().chain_update(b"cadre-api key encryption key").chain_update(&bits).finalize();
        Some(Self { id: HEXLOWER.encode(&id[..8]), key })
    }

    /// The id of the key, stored with each encrypted value.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Encrypts the material of a key. Decryption requires the same key id and purpose, so rows cannot be swapped.
    pub fn encrypt(&self, kid: &str, purpose: KeyPurpose, material: &[u8]) -> Result<Vec<u8>> {
        let mut ciphertext = material.to_vec();
        let nonce = self.key.seal_in_place_append_tag(bound_to(kid, purpose), &mut ciphertext);
        let nonce = nonce.map_err(Error::internal)?;
        Ok([&nonce.as_ref()[..], &ciphertext].concat())
    }

    /// Decrypts the material of a key.
    ///
    /// # Errors
    /// `Internal` if it is not encrypted, was encrypted with another key, or was modified.
    pub(crate) fn decrypt(&self, row: &signing_key::Model) -> Result<Vec<u8>> {
        let fault = |why: &str| Error::internal(format!("the key {} {why}", row.kid));
        match &row.encryption_key_id {
            None => return Err(fault("is not encrypted; restart the service, which encrypts it")),
            Some(id) if *id != self.id => {
                return Err(fault(
                    "is encrypted with another key; check CADRE_KEY_ENCRYPTION_KEY or CADRE_KEY_ENCRYPTION_KEY_FILE",
                ));
            }
            Some(_) => {}
        }
        self.decrypt_material(&row.kid, row.purpose, &row.material)
    }

    /// Decrypts material that was encrypted for this key id and purpose.
    ///
    /// # Errors
    /// `Internal` if it was encrypted for others or with another key, or was modified.
    pub(crate) fn decrypt_material(&self, kid: &str, purpose: KeyPurpose, material: &[u8]) -> Result<Vec<u8>> {
        let broken = || {
            Error::internal(format!(
                "the key {kid} cannot be decrypted, because its row was changed; restore it from a backup"
            ))
        };
        let (nonce, ciphertext) = material.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(Error::internal)?;
        let mut plain = ciphertext.to_vec();
        let length = self.key.open_in_place(nonce, bound_to(kid, purpose), &mut plain);
        let length = length.map_err(|_| broken())?.len();
        plain.truncate(length);
        Ok(plain)
    }
}

fn bound_to(kid: &str, purpose: KeyPurpose) -> Aad<String> {
    Aad::from(format!("{purpose} {kid}"))
}

impl fmt::Debug for KeyEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyEncryption").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(encryption: &KeyEncryption, material: &[u8]) -> signing_key::Model {
        signing_key::Model {
            kid: "access-1".to_owned(),
            purpose: KeyPurpose::AccessToken,
            material: encryption.encrypt("access-1", KeyPurpose::AccessToken, material).unwrap(),
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            encryption_key_id: Some(encryption.id().to_owned()),
            signs_from: None,
        }
    }

    #[test]
    fn a_key_opens_with_its_own_key_in_its_own_place_and_unchanged() {
        let text = KeyEncryption::draw().unwrap();
        let encryption = KeyEncryption::read(&format!("{text}\n")).unwrap();
        let other = KeyEncryption::read(&KeyEncryption::draw().unwrap()).unwrap();
        let good = row(&encryption, b"private");

        assert_eq!(encryption.decrypt(&good).unwrap(), b"private");
        assert_ne!(row(&encryption, b"private").material, good.material, "each time another nonce");
        assert!(!good.material.windows(7).any(|seven| seven == b"private"));
        for at in 0..good.material.len() {
            let mut bent = good.clone();
            bent.material[at] ^= 1;
            assert!(encryption.decrypt(&bent).is_err(), "byte {at}");
        }
        for bent in [
            signing_key::Model { kid: "access-2".into(), ..good.clone() },
            signing_key::Model { purpose: KeyPurpose::Cursor, ..good.clone() },
            signing_key::Model { encryption_key_id: None, ..good.clone() },
            signing_key::Model { encryption_key_id: None, material: b"private".to_vec(), ..good.clone() },
            signing_key::Model { material: good.material[..11].to_vec(), ..good.clone() },
            signing_key::Model { material: Vec::new(), ..good.clone() },
        ] {
            assert!(encryption.decrypt(&bent).is_err(), "{bent:?}");
        }
        assert!(other.decrypt(&good).is_err());
        let pretended = signing_key::Model { encryption_key_id: Some(other.id().to_owned()), ..good };
        assert!(other.decrypt(&pretended).is_err());
    }

    #[test]
    fn what_is_no_key_is_not_read_and_a_key_does_not_print_itself() {
        let text = KeyEncryption::draw().unwrap();
        for bad in ["", "x", &text[1..], &text.replace('=', ""), &format!("{text}{text}"), &"A".repeat(44)] {
            assert!(KeyEncryption::read(bad).is_none(), "{bad}");
        }
        let printed = format!("{:?}", KeyEncryption::read(&text).unwrap());
        assert!(!printed.contains(&text[..10]) && printed.contains("id"), "{printed}");
    }
}
