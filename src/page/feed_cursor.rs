//! Cursors of the change feed.
//!
//! They are encrypted, not only signed: a position counts readings of protected data and changes that the client may not
//! see, so readable positions would show how many there are. Each cursor has a random nonce (AES-256-GCM-SIV, RFC 8452), so
//! two cursors do not show whether their positions are equal.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;

use super::CursorKey;
use crate::error::{Error, Result};

/// Length of the id of an event in bytes.
const EVENT: usize = 16;

/// Seals the positions of the change feed for one caller.
pub(crate) struct FeedCursors {
    key: RandomizedNonceKey,
    /// The caller; part of every cursor and every event id.
    caller: Vec<u8>,
    events: Hmac<Sha256>,
}

impl CursorKey {
    /// Cursors of the change feed for a caller.
    pub(crate) fn feed_cursors(&self, caller: &impl Serialize) -> FeedCursors {
        let derived_key = |of: &[u8]| {
            let key = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
            key.chain_update(of).finalize().into_bytes()
        };
        let key = RandomizedNonceKey::new(&AES_256_GCM_SIV, &derived_key(b"change feed")).expect("a key of 256 bits");
        let caller = postcard::to_allocvec(caller).expect("a caller is plain data");
        let events = Hmac::new_from_slice(&derived_key(b"change feed events")).expect("HMAC takes keys of any length");
        FeedCursors { key, events: events.chain_update(&caller), caller }
    }
}

impl fmt::Debug for FeedCursors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FeedCursors(sealed)")
    }
}

impl FeedCursors {
    /// Encodes a cursor.
    pub(crate) fn seal(&self, cursor: &impl Serialize) -> String {
        let mut sealed = postcard::to_allocvec(cursor).expect("a cursor is plain data");
        let nonce = self.key.seal_in_place_append_tag(self.aad(), &mut sealed).expect("a short text");
        BASE64URL_NOPAD.encode(&[&nonce.as_ref()[..], &sealed].concat())
    }

    /// Decodes a cursor.
    ///
    /// # Errors
    /// `Invalid` for `after` if the cursor was not made for this caller.
    pub(crate) fn open<T: DeserializeOwned>(&self, cursor: &str) -> Result<T> {
        let invalid_cursor = || {
            Error::invalid(
                "after",
                "Con trỏ này không thuộc dòng thay đổi của hệ thống này; hãy dùng con trỏ do `changes` trả về.",
                "This cursor does not belong to the change feed of this client; use a cursor that `changes` returned.",
            )
        };
        let mut bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| invalid_cursor())?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN).ok_or_else(invalid_cursor)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| invalid_cursor())?;
        let opened = self.key.open_in_place(nonce, self.aad(), sealed).map_err(|_| invalid_cursor())?;
        postcard::from_bytes(opened).map_err(|_| invalid_cursor())
    }

    /// Id of an event: equal for repeated deliveries of a change to one caller.
    pub(crate) fn event_id(&self, change: i64) -> String {
        let tag = self.events.clone().chain_update(change.to_be_bytes()).finalize().into_bytes();
        BASE64URL_NOPAD.encode(&tag[..EVENT])
    }

    fn aad(&self) -> Aad<&[u8]> {
        Aad::from(&self.caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_for_its_caller_and_key() {
        let key = CursorKey::new(vec![1; 32]);
        let cursors = key.feed_cursors(&"client");
        let cursor = cursors.seal(&(7_i64, 8_i64));

        assert_eq!(cursors.open::<(i64, i64)>(&cursor).ok(), Some((7, 8)));
        assert_ne!(cursor, cursors.seal(&(7_i64, 8_i64)), "equal positions have different cursors");
        let other_cursors = [key.feed_cursors(&"other"), CursorKey::new(vec![2; 32]).feed_cursors(&"client")];
        for cursors_of_other in other_cursors {
            assert!(cursors_of_other.open::<(i64, i64)>(&cursor).is_err());
            assert_ne!(cursors_of_other.event_id(7), cursors.event_id(7));
        }
        for tampered in ["", "AAAA", &cursor[1..], &format!("{cursor}AAAA")] {
            assert!(cursors.open::<(i64, i64)>(tampered).is_err(), "{tampered}");
        }
        assert_ne!(cursors.event_id(7), cursors.event_id(8));
    }
}
