//! Protected data that the request has read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use entity::value::{CadreId, DataCategory};

use crate::authz::gateway::Gateway;

/// Categories of protected data, by person.
pub(super) type Categories = BTreeMap<CadreId, BTreeSet<DataCategory>>;

/// Protected data opened by the request, by person and category.
#[derive(Debug, Default)]
pub(super) struct Disclosures {
    notes: Mutex<Notes>,
    /// SHA-256 digest of the GraphQL document of the request, or the name of an export.
    pub(super) operation: OnceLock<String>,
    /// Gateway through which the request came.
    pub(super) gateway: Gateway,
}

#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Not written to the access log yet.
    pub(super) pending: Categories,
    /// Already written to the access log.
    pub(super) written: Categories,
}

impl Disclosures {
    /// Locks the notes.
    pub(super) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
