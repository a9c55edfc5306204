//! Registered documents of clients, in memory (decision 0033).
//!
//! The snapshot contains the version of each client, which increases with every registration. The documents of a client
//! are read once for each version, when a request first needs them. A request therefore costs no statement, and a
//! removed document is refused as soon as the next snapshot is read.

use std::{collections::HashMap, fmt, str::FromStr, sync::Arc};

use data_encoding::HEXLOWER;
use entity::{client_document, value::ClientId};
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};

use crate::{
    auth::caller::Caller,
    db::Database,
    error::{Error, Result},
};

/// Maximum number of registered documents of a client.
pub const MAX_DOCUMENTS_OF_CLIENT: usize = 1_000;
/// Maximum size of all registered documents of a client, in bytes.
pub const MAX_BYTES_OF_CLIENT: usize = 4 * 1024 * 1024;

/// Capacity of the cache in bytes of documents.
const CAPACITY: u64 = 64 * 1024 * 1024;
/// Estimated number of clients in a full cache.
const ESTIMATED_CLIENTS: usize = 1_000;
/// Estimated memory of a document without its text, and of a client without documents.
const OVERHEAD: u64 = 128;

/// SHA-256 of the text of a document, which identifies it. Written in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentHash([u8; 32]);

/// The text is not the lower-case hexadecimal form of a SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 64 lower-case hexadecimal digits")]
pub struct InvalidHash;

impl DocumentHash {
    /// The hash of the bytes of a text.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }
}

impl FromStr for DocumentHash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| InvalidHash)?;
        bytes.try_into().map(Self).map_err(|_| InvalidHash)
    }
}

impl fmt::Display for DocumentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for DocumentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Documents that are registered for one client.
#[derive(Debug, Default)]
pub struct ClientDocuments(HashMap<DocumentHash, Arc<str>>);

impl ClientDocuments {
    /// The text of a registered document.
    pub fn text(&self, hash: &DocumentHash) -> Option<&str> {
        self.0.get(hash).map(AsRef::as_ref)
    }

    /// Whether no document is registered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A client in one of its versions.
type Key = (ClientId, i32);

#[derive(Clone, Debug)]
struct Bytes;

impl Weighter<Key, Arc<ClientDocuments>> for Bytes {
    fn weight(&self, _: &Key, documents: &Arc<ClientDocuments>) -> u64 {
        OVERHEAD + documents.0.values().map(|text| OVERHEAD + text.len() as u64).sum::<u64>()
    }
}

type DocumentCache = Cache<Key, Arc<ClientDocuments>, Bytes>;

/// An empty cache. It has one shard: all documents of a client must fit into a shard, however many processors there
/// are.
fn cache() -> DocumentCache {
    let mut options = OptionsBuilder::new();
    let options = options.shards(1).estimated_items_capacity(ESTIMATED_CLIENTS).weight_capacity(CAPACITY).build();
    let options = options.expect("both capacities are set");
    Cache::with_options(options, Bytes, DefaultHashBuilder::default(), DefaultLifecycle::default())
}

/// The registered documents of all clients.
pub(super) struct RegisteredDocuments {
    database: Database,
    cache: DocumentCache,
}

impl RegisteredDocuments {
    pub fn new(database: Database) -> Self {
        Self { database, cache: cache() }
    }

    /// Documents of the caller's client, in the version of the caller's snapshot or a later one. Concurrent requests
    /// wait for one reading.
    pub async fn of(&self, caller: &Caller) -> Result<Arc<ClientDocuments>> {
        let (id, version) = (caller.client_id(), caller.client_version());
        self.cache.get_or_insert_async(&(id, version), self.read(id)).await
    }

    async fn read(&self, id: ClientId) -> Result<Arc<ClientDocuments>> {
        let of_client = client_document::Entity::find().filter(client_document::COLUMN.client_id.eq(id));
        let registered = of_client.filter(client_document::COLUMN.ended_at.is_null());
        let mut documents = HashMap::new();
        for row in registered.all(self.database.control()).await? {
            let hash = row.hash.parse().map_err(Error::internal)?;
            documents.insert(hash, Arc::from(row.body));
        }
        Ok(Arc::new(ClientDocuments(documents)))
    }
}

impl fmt::Debug for RegisteredDocuments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredDocuments").field("clients", &self.cache.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use entity::client;
    use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};

    use super::*;
    use crate::auth::tests::fixture::{Fixture, now};

    /// The caller of a token, with rights that are read after this call.
    async fn caller(fixture: &Fixture) -> Caller {
        let later = Instant::now() + Duration::from_secs(60);
        fixture.tokens.verifier.verify_at(&fixture.token(), now(), later).await.expect("a caller")
    }

    #[tokio::test]
    async fn documents_are_read_once_for_each_version_of_the_client() {
        let fixture = Fixture::new().await;
        let writer = fixture.tokens.database.writer();
        let before = caller(&fixture).await;
        assert!(fixture.tokens.documents_of(&before).await.expect("read").is_empty());

        let row = client_document::ActiveModel {
            client_id: Set(fixture.client.id),
            hash: Set(DocumentHash::of("{ viewer }").to_string()),
            body: Set("{ viewer }".to_owned()),
            name: Set(None),
            added_at: Set(now()),
            ended_at: Set(None),
        };
        row.insert(writer).await.expect("inserted");
        let cached = fixture.tokens.documents_of(&before).await.expect("cached");
        assert!(cached.is_empty(), "the version is the same, so nothing is read");

        let with_next_version = client::ActiveModel { version: Set(2), ..fixture.client.clone().into_active_model() };
        with_next_version.update(writer).await.expect("raised");
        let after = caller(&fixture).await;
        let read = fixture.tokens.documents_of(&after).await.expect("read");
        assert_eq!(read.text(&DocumentHash::of("{ viewer }")), Some("{ viewer }"));
        assert!(Arc::ptr_eq(&read, &fixture.tokens.documents_of(&after).await.expect("cached")));
    }

    #[test]
    fn a_hash_has_one_spelling() {
        let hash = DocumentHash::of("query($id:ID!){user(id:$id){name}}");
        let text = "71f7dc5758652baac68e4a10c50be732b741c892ade2883a99358f52b555286b";
        assert_eq!(hash.to_string(), text);
        assert_eq!(text.parse(), Ok(hash));
        for wrong in ["", "sha256:71f7", &text[1..], &text.to_uppercase(), &format!("{text}00"), &format!(" {text}")] {
            assert_eq!(wrong.parse::<DocumentHash>(), Err(InvalidHash), "{wrong}");
        }
    }

    #[test]
    fn the_largest_set_of_documents_fits_into_the_cache() {
        let (cache, key) = (cache(), (ClientId::new(), 1));
        let text = "x".repeat(MAX_BYTES_OF_CLIENT);
        cache.insert(key, Arc::new(ClientDocuments(HashMap::from([(DocumentHash::of(&text), Arc::from(text))]))));
        assert!(cache.contains_key(&key));
    }
}
