//! Client secrets: random, shown once, stored as a hash.
//!
//! A secret has 256 random bits, so plain SHA-256 is enough: a slow hash protects only secrets that can be guessed.
//! Secrets are looked up by their hash. The timing may reveal a part of the hash, which does not help to find the
//! secret.

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// A client secret (RFC 6749, section 2.3.1) until it is shown to the operator.
pub struct Secret(String);

impl Secret {
    /// Generates a secret of 256 random bits.
    pub fn draw() -> Result<Self> {
        let mut bits = [0; 32];
        aws_lc_rs::rand::fill(&mut bits).map_err(Error::internal)?;
        Ok(Self(BASE64URL_NOPAD.encode(&bits)))
    }

    /// The hash that is stored.
    pub fn hash(&self) -> String {
        hash(&self.0)
    }

    /// The text to show, once.
    pub fn into_text(self) -> String {
        self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The hash of a secret that is stored.
pub(super) fn hash(secret: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_stored_as_the_hash_of_its_text() {
        let (secret, other) = (Secret::draw().unwrap(), Secret::draw().unwrap());
        let stored = secret.hash();
        let text = secret.into_text();

        assert_eq!((text.len(), stored.len()), (43, 64));
        assert_eq!(hash(&text), stored);
        for wrong in ["", &stored, &text[1..], &format!("{text} "), &other.into_text()] {
            assert_ne!(hash(wrong), stored, "{wrong}");
        }
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = Secret::draw().unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }
}
