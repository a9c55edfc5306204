//! Cache of compiled documents, by a hash of their text. Clients send the same few texts repeatedly; compiling is half
//! the cost of a small request.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use crate::graphql::guard::compile::compile;
use crate::graphql::guard::document::Document;
use crate::graphql::guard::limits::Limits;
use crate::graphql::guard::rejection::{Measure, Rejection};
use crate::graphql::guard::schema_index::SchemaIndex;

/// Capacity of the cache in bytes of documents.
const CAPACITY: u64 = 16 * 1024 * 1024;
/// Estimated number of documents in a full cache.
const ESTIMATED_DOCUMENTS: usize = 1_000;

/// A cryptographic digest, because a collision would let a client substitute its document for
/// another one.
type Key = [u8; 32];

/// Recently compiled documents. Refusals are not cached: they are cheap to repeat.
#[derive(Debug)]
pub struct Documents {
    schema_index: Arc<SchemaIndex>,
    limits: Limits,
    cache: Cache<Key, Arc<Document>, Bytes>,
}

#[derive(Clone, Debug)]
struct Bytes;

impl Weighter<Key, Arc<Document>> for Bytes {
    fn weight(&self, _: &Key, document: &Arc<Document>) -> u64 {
        document.weight()
    }
}

impl Documents {
    /// An empty cache for documents of this schema under these limits.
    #[must_use]
    pub fn new(schema_index: Arc<SchemaIndex>, limits: Limits) -> Documents {
        Documents { schema_index, limits, cache: Cache::with_weighter(ESTIMATED_DOCUMENTS, CAPACITY, Bytes) }
    }

    /// The schema of the documents, needed by `Operation::plan`.
    #[must_use]
    pub fn schema_index(&self) -> &SchemaIndex {
        &self.schema_index
    }

    /// The compiled document of a text.
    pub fn get_or_compile(&self, text: &str) -> Result<Arc<Document>, Rejection> {
        let bytes = text.len() as u64;
        if bytes > self.limits.max_bytes {
            return Err(Rejection::limit(Measure::Bytes, self.limits.max_bytes, bytes, None));
        }
        let key: Key = Sha256::digest(text).into();
        if let Some(document) = self.cache.get(&key) {
            return Ok(document);
        }
        // Two requests may compile the same text concurrently; waiting for each other would block
        // the event loop.
        let document = Arc::new(compile(&self.schema_index, &self.limits, text)?);
        self.cache.insert(key, Arc::clone(&document));
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{CAPACITY, Documents};
    use crate::graphql::guard::limits::Limits;
    use crate::graphql::guard::test_schema;

    fn documents() -> Documents {
        Documents::new(test_schema::schema_index(), Limits::default())
    }

    #[test]
    fn the_same_text_is_compiled_once() {
        let documents = documents();

        let first = documents.get_or_compile("{ programmes }").expect("it is small");
        let second = documents.get_or_compile("{ programmes }").expect("it is small");
        let other = documents.get_or_compile("{ programmes  }").expect("it is small");

        assert!(Arc::ptr_eq(&first, &second));
        assert!(!Arc::ptr_eq(&first, &other));
    }

    #[test]
    fn a_refusal_is_not_cached() {
        let documents = documents();

        for text in ["{", "subscription { a }", &" ".repeat(70_000)] {
            assert!(documents.get_or_compile(text).is_err());
        }

        assert!(documents.cache.is_empty());
    }

    #[test]
    fn the_cache_stays_within_its_bytes() {
        let documents = documents();

        for number in 0..200 {
            let text = format!("{{ {} }} # {number}", "programmes ".repeat(900).trim_end());
            let limits = Limits { max_root_fields: 1_000, ..Limits::default() };
            let document = super::compile(&documents.schema_index, &limits, &text).expect("the limit was raised");
            documents.cache.insert([number; 32], Arc::new(document));
        }

        assert!(documents.cache.weight() <= CAPACITY);
        assert!(documents.cache.len() < 200);
    }
}
