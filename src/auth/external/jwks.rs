//! Parsing of an issuer's key set (RFC 7517, section 5): pure rules.

use entity::value::KeyAlgorithm;
use serde_json::Value;

use crate::auth::{
    jws::{Compact, Reason, object},
    public_key::{PublicKey, verifies},
};

/// Maximum number of keys that are read from a set; further keys are ignored.
const MAX_KEYS: usize = 32;

/// The usable keys of an issuer: one entry for each key and each algorithm that it may sign with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeySet(Vec<PublicKey>);

impl KeySet {
    /// Parses a set; `None` if no key is usable. Keys of unsupported types, without an id, for another purpose or with
    /// private parts are skipped, as section 5 requires.
    pub fn read(text: &[u8], algorithms: &[KeyAlgorithm]) -> Option<Self> {
        let set = object(text).ok()?;
        let with_kid = set.get("keys")?.as_array()?.iter().filter(|key| key.get("kid").is_some_and(Value::is_string));
        let texts = with_kid.take(MAX_KEYS).map(Value::to_string);
        let usable = |text: String| {
            let read = |algorithm: &KeyAlgorithm| PublicKey::read(&text, Some(*algorithm)).ok();
            algorithms.iter().filter_map(read).collect::<Vec<_>>()
        };
        let keys: Vec<_> = texts.flat_map(usable).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// Whether the set is empty, as before the first fetch.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key has this id.
    pub fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid == kid)
    }

    /// Checks that the key with this id signed the token with an algorithm that it may use.
    pub fn verify(&self, kid: &str, algorithm: KeyAlgorithm, token: &Compact<'_>) -> Result<(), Reason> {
        let mut keys = self.0.iter().filter(|key| key.kid == kid).peekable();
        keys.peek().ok_or(Reason::Key)?;
        let mut with_algorithm = keys.filter(|key| key.algorithm == algorithm).peekable();
        with_algorithm.peek().ok_or(Reason::Algorithm)?;
        if with_algorithm.any(|key| verifies(algorithm, &key.der, token)) { Ok(()) } else { Err(Reason::Signature) }
    }
}
