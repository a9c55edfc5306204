//! Shared by all requests: the database, the clock and the current registry.

use std::sync::Arc;

use arc_swap::ArcSwap;

use entity::{signing_key, value::KeyPurpose};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    auth::KeyStore,
    clock::Clock,
    db::Database,
    domain::{authz::RoundingKey, hash_chain, page::CursorKey, reference_data::ReferenceData},
    error::{Error, Result},
};

/// State of the running service.
#[derive(Debug)]
pub struct AppState {
    database: Database,
    clock: Clock,
    reference_data: ArcSwap<ReferenceData>,
    cursor_key: CursorKey,
    rounding_key: RoundingKey,
}

impl AppState {
    /// Opens the state over a migrated database that has its keys.
    ///
    /// # Errors
    /// `Unavailable` or `Internal` if the database does not answer or has no key for cursors.
    pub async fn open(store: KeyStore, clock: Clock) -> Result<Self> {
        let KeyStore { database, encryption } = store;
        let reference_data = ReferenceData::load(database.reader()).await?;
        let key = signing_key::Entity::find()
            .filter(signing_key::Column::Purpose.eq(KeyPurpose::Cursor))
            .order_by_desc(signing_key::Column::CreatedAt)
            .one(database.reader())
            .await?
            .ok_or_else(|| Error::internal("the database holds no key for cursors"))?;
        let material = encryption.decrypt(&key)?;
        let rounding_key = RoundingKey::derived(&material);
        let cursor_key = CursorKey::new(material);
        Ok(Self { database, clock, reference_data: ArcSwap::from_pointee(reference_data), cursor_key, rounding_key })
    }

    /// Loads changes committed by any process. Returns whether the registry was replaced.
    ///
    /// # Errors
    /// `Unavailable` or `Internal` if the database does not answer; the registry is then unchanged.
    pub async fn refresh(&self) -> Result<bool> {
        let (connection, reference_data) = (self.database.control(), self.reference_data());
        let end = hash_chain::end(connection).await?;
        if end == reference_data.log_position() {
            return Ok(false);
        }
        let is_outdated = reference_data.is_outdated(connection).await?;
        match is_outdated {
            true => self.reference_data.store(Arc::new(ReferenceData::load(connection).await?)),
            false => reference_data.advance_to(end),
        }
        Ok(is_outdated)
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
    pub(in crate::domain) fn cursor_key(&self) -> &CursorKey {
        &self.cursor_key
    }

    /// Key of the rounding offsets.
    pub(in crate::domain) fn rounding_key(&self) -> &RoundingKey {
        &self.rounding_key
    }

    /// Current snapshot of the registry. It does not change while it is used.
    pub fn reference_data(&self) -> Arc<ReferenceData> {
        self.reference_data.load_full()
    }
}
