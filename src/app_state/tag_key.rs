//! Key of the tags of answers.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Length of a tag in bytes: 128 bits.
const TAG: usize = 16;

/// Secret key of the tags of answers. Positions of the log follow from a tag only with the key.
#[derive(Clone)]
pub(crate) struct TagKey(Vec<u8>);

impl TagKey {
    /// Derives the key from another key of the service, so that all processes have the same.
    pub(crate) fn derived(from: &[u8]) -> Self {
        Self(hmac(from, b"tags of answers"))
    }

    /// Tag of everything that an answer depends on.
    pub(crate) fn tag(&self, of: &[u8]) -> String {
        BASE64URL_NOPAD.encode(&hmac(&self.0, of)[..TAG])
    }
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TagKey(sealed)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_depends_on_its_content_and_on_the_key() {
        let (key, other) = (TagKey::derived(&[1; 32]), TagKey::derived(&[2; 32]));
        assert_eq!(key.tag(b"a"), TagKey::derived(&[1; 32]).tag(b"a"));
        assert_ne!(key.tag(b"a"), key.tag(b"b"));
        assert_ne!(key.tag(b"a"), other.tag(b"a"));
        assert_eq!(format!("{key:?}"), "TagKey(sealed)");
    }
}
