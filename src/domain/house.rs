//! What all requests share: the database, the clock and the registry of the moment.

use std::sync::Arc;

use arc_swap::ArcSwap;

use entity::{signing_key, value::KeyPurpose};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::{
    clock::Clock,
    db::Database,
    domain::{page::CursorKey, registry::Registry},
    error::{Error, Result},
};

/// The running service, as the domain sees it.
#[derive(Debug)]
pub struct House {
    database: Database,
    clock: Clock,
    registry: ArcSwap<Registry>,
    cursor_key: CursorKey,
}

impl House {
    /// Opens the house over a migrated database whose keys have been made.
    ///
    /// # Errors
    /// `Unavailable` or `Internal` if the database does not answer or has no key for cursors.
    pub async fn open(database: Database, clock: Clock) -> Result<Self> {
        let registry = Registry::load(database.reader()).await?;
        let key = signing_key::Entity::find()
            .filter(signing_key::Column::Purpose.eq(KeyPurpose::Cursor))
            .order_by_desc(signing_key::Column::CreatedAt)
            .one(database.reader())
            .await?
            .ok_or_else(|| Error::internal("the database holds no key for cursors"))?;
        let cursor_key = CursorKey::new(key.material);
        Ok(Self { database, clock, registry: ArcSwap::from_pointee(registry), cursor_key })
    }

    /// Takes in what was committed since, by this process or another. Returns whether there was something.
    pub async fn refresh(&self) -> Result<bool> {
        if Registry::last_change(self.database.control()).await? == self.registry.load().mark() {
            return Ok(false);
        }
        self.registry.store(Arc::new(Registry::load(self.database.control()).await?));
        Ok(true)
    }

    /// The database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The key of page cursors.
    pub(in crate::domain) fn cursor_key(&self) -> &CursorKey {
        &self.cursor_key
    }

    /// The registry of the moment; it does not change under its holder.
    pub fn registry(&self) -> Arc<Registry> {
        self.registry.load_full()
    }
}
