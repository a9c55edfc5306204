//! Limits of imports over the API: one at a time, and the size of what a client sends.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Default size of a zip archive, in MiB.
pub const ARCHIVE: u32 = 32;
/// Default number of entries of a zip archive.
pub const ENTRIES: u32 = 64;
/// Default size of the unpacked files, in MiB.
pub const UNPACKED: u32 = 256;

/// Limits of a zip archive.
#[derive(Clone, Copy, Debug)]
pub struct ArchiveLimits {
    /// Its size, in MiB.
    pub size: u32,
    /// Entries, of any kind.
    pub entries: u32,
    /// Size of all CSV files together after they are unpacked, in MiB.
    pub unpacked: u32,
}

/// Limits of imports over the API.
#[derive(Clone, Debug)]
pub struct Imports {
    archive: ArchiveLimits,
    places: Arc<Semaphore>,
}

/// The place of an import, released on drop.
#[derive(Debug)]
pub struct ImportPlace(#[expect(dead_code, reason = "it is held until the import ends")] OwnedSemaphorePermit);

impl Imports {
    /// One import at a time, of an archive within these limits.
    pub fn within(archive: ArchiveLimits) -> Self {
        Self { archive, places: Arc::new(Semaphore::new(1)) }
    }

    /// Limits of the archive.
    pub fn archive(&self) -> ArchiveLimits {
        self.archive
    }

    /// The place for an import; `None` while another import has it.
    pub fn enter(&self) -> Option<ImportPlace> {
        Arc::clone(&self.places).try_acquire_owned().ok().map(ImportPlace)
    }
}

impl Default for Imports {
    fn default() -> Self {
        Self::within(ArchiveLimits { size: ARCHIVE, entries: ENTRIES, unpacked: UNPACKED })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_import_runs_at_a_time() {
        let imports = Imports::default();
        let place = imports.enter().expect("a place");
        assert!(imports.enter().is_none());
        drop(place);
        assert!(imports.enter().is_some());
    }
}
