//! State shared by all requests: the database, the clock, and the current snapshot of the reference data with its
//! caches.

mod query_caches;
mod rounding_key;
mod tag_key;

pub(crate) use query_caches::{QueryCaches, ReachDigest};
pub use rounding_key::RoundingKey;
pub(crate) use rounding_key::rounded;
pub(crate) use tag_key::TagKey;

pub(crate) use crate::audit::last_commands::LastCommands;

use std::sync::Arc;

use arc_swap::ArcSwap;

use entity::{signing_key, value::KeyPurpose};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, StreamTrait};
use tokio::sync::watch;

use crate::{
    audit::hash_chain,
    auth::KeyStore,
    clock::Clock,
    db::Database,
    error::{Error, Result},
    page::CursorKey,
    reference::ReferenceData,
};

/// Snapshot of the reference data, with the caches that are valid for it.
#[derive(Debug)]
pub struct Snapshot {
    reference_data: Arc<ReferenceData>,
    caches: QueryCaches,
}

impl Snapshot {
    async fn load(connection: &(impl ConnectionTrait + StreamTrait)) -> Result<Self> {
        let reference_data = Arc::new(ReferenceData::load(connection).await?);
        Ok(Self { reference_data, caches: QueryCaches::new() })
    }

    /// Units and reference lists.
    pub fn reference_data(&self) -> &Arc<ReferenceData> {
        &self.reference_data
    }

    /// Caches that are valid for this snapshot.
    pub(crate) fn caches(&self) -> &QueryCaches {
        &self.caches
    }
}

/// State of the running service.
#[derive(Debug)]
pub struct AppState {
    database: Database,
    clock: Clock,
    snapshot: ArcSwap<Snapshot>,
    cursor_key: CursorKey,
    rounding_key: RoundingKey,
    tag_key: TagKey,
    last_commands: ArcSwap<LastCommands>,
    commits: watch::Sender<Option<i64>>,
}

impl AppState {
    /// Opens the state over a migrated database that has its keys.
    ///
    /// # Errors
    /// `Unavailable` or `Internal` if the database does not answer or has no key for cursors.
    pub async fn open(store: KeyStore, clock: Clock) -> Result<Self> {
        let KeyStore { database, encryption } = store;
        // Read before the snapshot, which therefore contains the effects of these commands.
        let last_commands = ArcSwap::from_pointee(LastCommands::start(database.reader()).await?);
        let snapshot = ArcSwap::from_pointee(Snapshot::load(database.reader()).await?);
        let commits = watch::Sender::new(Some(snapshot.load().reference_data().log_position()));
        let key = signing_key::Entity::find()
            .filter(signing_key::Column::Purpose.eq(KeyPurpose::Cursor))
            .order_by_desc(signing_key::Column::CreatedAt)
            .one(database.reader())
            .await?
            .ok_or_else(|| Error::internal("the database has no key for cursors"))?;
        let material = encryption.decrypt(&key)?;
        let rounding_key = RoundingKey::derived(&material);
        let tag_key = TagKey::derived(&material);
        let cursor_key = CursorKey::new(material);
        Ok(Self { database, clock, snapshot, cursor_key, rounding_key, tag_key, last_commands, commits })
    }

    /// Loads changes committed by any process. Returns whether the snapshot was replaced.
    ///
    /// # Errors
    /// `Unavailable` or `Internal` if the database does not answer; the snapshot is then unchanged.
    pub async fn refresh(&self) -> Result<bool> {
        let (connection, reference_data) = (self.database.control(), self.reference_data());
        let end = hash_chain::end(connection).await?;
        if end == reference_data.log_position() {
            return Ok(false);
        }
        let commands = hash_chain::commands_after(connection, reference_data.log_position()).await?;
        let is_outdated = ReferenceData::is_outdated(connection, &commands).await?;
        match is_outdated {
            true => self.snapshot.store(Arc::new(Snapshot::load(connection).await?)),
            false => reference_data.advance_to(end),
        }
        if !commands.is_empty() {
            // Here, so that a request after a command does not take longer than others: its caller may not see it.
            self.last_commands(connection).await?;
            self.commits.send_if_modified(|known| known.as_mut().map(|known| *known = end).is_some());
        }
        Ok(is_outdated)
    }

    /// Notifies of commands that any process has committed, within the interval of `refresh`. The value is a position
    /// in the log, or `None` once the service stops.
    pub fn commits(&self) -> watch::Receiver<Option<i64>> {
        self.commits.subscribe()
    }

    /// Wakes all requests that wait for commits, so that the service can stop.
    pub fn stop_waiting(&self) {
        self.commits.send_replace(None);
    }

    /// Database of the service.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Clock of the service.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Key of page cursors.
    pub(crate) fn cursor_key(&self) -> &CursorKey {
        &self.cursor_key
    }

    /// Key of the rounding offsets.
    pub(crate) fn rounding_key(&self) -> &RoundingKey {
        &self.rounding_key
    }

    /// Key of the tags of answers.
    pub(crate) fn tag_key(&self) -> &TagKey {
        &self.tag_key
    }

    /// The last commands of any process, read from the database now.
    ///
    /// # Errors
    /// `Unavailable` or `Internal` if the database does not answer.
    pub(crate) async fn last_commands(&self, connection: &impl ConnectionTrait) -> Result<Arc<LastCommands>> {
        let known = self.last_commands.load_full();
        let Some(newer) = known.read(connection, &ReferenceData::UNCACHED).await? else { return Ok(known) };
        let newer = Arc::new(newer);
        self.last_commands.rcu(|known| Arc::clone(if known.read_to() < newer.read_to() { &newer } else { known }));
        Ok(newer)
    }

    /// Current snapshot. It does not change while it is used.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Reference data of the current snapshot.
    pub fn reference_data(&self) -> Arc<ReferenceData> {
        Arc::clone(self.snapshot.load().reference_data())
    }
}
