//! The keys that an issuer publishes (RFC 7517, section 5): pure rules.

use entity::value::KeyAlgorithm;
use serde_json::Value;

use crate::auth::{
    jws::{Compact, Reason, object},
    public_key::{PublicKey, verifies},
};

/// Keys of one set that are read; a longer set is cut.
const MAX_KEYS: usize = 32;

/// The keys of an issuer that are of use here: one for each key and each algorithm that it may sign with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeySet(Vec<PublicKey>);

impl KeySet {
    /// Reads a set; nothing if no key in it is of use. A key of another kind, without an id, for another purpose or with
    /// private parts is passed over, as section 5 has it.
    pub fn read(text: &[u8], algorithms: &[KeyAlgorithm]) -> Option<Self> {
        let set = object(text).ok()?;
        let named = set.get("keys")?.as_array()?.iter().filter(|key| key.get("kid").is_some_and(Value::is_string));
        let texts = named.take(MAX_KEYS).map(Value::to_string);
        let usable = |text: String| {
            let read = |algorithm: &KeyAlgorithm| PublicKey::read(&text, Some(*algorithm)).ok();
            algorithms.iter().filter_map(read).collect::<Vec<_>>()
        };
        let keys: Vec<_> = texts.flat_map(usable).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// Whether there is no key; so before the first set was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key has this id.
    pub fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid == kid)
    }

    /// Checks that the key of this id has signed a token with an algorithm that it may sign with.
    pub fn verify(&self, kid: &str, algorithm: KeyAlgorithm, token: &Compact<'_>) -> Result<(), Reason> {
        let mut keys = self.0.iter().filter(|key| key.kid == kid).peekable();
        keys.peek().ok_or(Reason::Key)?;
        let mut fitting = keys.filter(|key| key.algorithm == algorithm).peekable();
        fitting.peek().ok_or(Reason::Algorithm)?;
        if fitting.any(|key| verifies(algorithm, &key.der, token)) { Ok(()) } else { Err(Reason::Signature) }
    }
}
