//! Secrets of clients: random, shown once, kept as a hash, compared in constant time.
//!
//! A secret has 256 random bits, so a plain SHA-256 keeps it: there is nothing to guess that a slow hash would slow.

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::error::{Error, Result};

/// Secrets of one client that live at once: one that lasts, and the one before it.
pub const MOST: usize = 2;

/// What an unknown client's secret is compared with, so that it costs the same work. No secret has this hash known.
const NOBODY: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A client secret (RFC 6749, section 2.3.1) on its one way to the operator.
pub struct Secret(String);

impl Secret {
    /// Draws a secret of 256 random bits.
    pub fn draw() -> Result<Self> {
        let mut bits = [0; 32];
        aws_lc_rs::rand::fill(&mut bits).map_err(Error::internal)?;
        Ok(Self(BASE64URL_NOPAD.encode(&bits)))
    }

    /// What is stored in its place.
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

/// Whether a presented secret has one of the stored hashes; the same work whether there are two, one or none.
pub fn matches(presented: &str, stored: &[&str]) -> bool {
    let presented = hash(presented);
    let has = |at: usize| {
        let stored = stored.get(at);
        let same = presented.as_bytes().ct_eq(stored.copied().unwrap_or(NOBODY).as_bytes());
        same & Choice::from(u8::from(stored.is_some()))
    };
    (0..MOST).map(has).fold(Choice::from(0), |found, same| found | same).into()
}

fn hash(secret: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_what_was_stored_for_it_and_nothing_else() {
        let (secret, other) = (Secret::draw().unwrap(), Secret::draw().unwrap());
        let stored = secret.hash();
        let text = secret.into_text();

        assert_eq!(text.len(), 43);
        assert_eq!(stored.len(), 64);
        let of_other = other.hash();
        for kept in [&[stored.as_str()][..], &[&stored, &of_other], &[&of_other, &stored]] {
            assert!(matches(&text, kept));
            for wrong in ["", &stored, &text[1..], &format!("{text} "), "other"] {
                assert!(!matches(wrong, kept), "{wrong}");
            }
        }
        assert!(!matches(&text, &[&of_other]) && !matches(&other.into_text(), &[&stored]));
    }

    #[test]
    fn nobody_has_no_secret() {
        for presented in ["", NOBODY, "secret"] {
            for kept in [&[][..], &[""], &[NOBODY], &[NOBODY, ""]] {
                assert!(!matches(presented, kept));
            }
        }
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = Secret::draw().unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }
}
