//! Checkpoints: signed positions and hashes of the chain, stored outside the database (RFC 7515). They reveal if an
//! owner of the database rewrites the chain or removes its end.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use entity::{log_head, signing_key, value::KeyPurpose};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};

use crate::{
    audit::hash_chain::Hash,
    auth::{KeyStore, StatementSigner},
    clock::Clock,
    error::{Error, Result},
};

/// A checkpoint is due after this number of new entries.
const ENTRIES: i64 = 1_000;

/// A checkpoint is also due after this time if there are new entries.
const INTERVAL: TimeDelta = TimeDelta::seconds(60);

/// Position and hash of the chain at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Position of the last link.
    pub position: i64,
    /// Hash of the last link.
    pub hash: Hash,
    /// Time of the checkpoint.
    pub at: DateTime<Utc>,
}

/// Signed content of a line of the file.
#[derive(Clone, Serialize, Deserialize)]
struct Claims {
    position: i64,
    hash: String,
    at: DateTime<Utc>,
}

/// Reason why a file of checkpoints cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file cannot be read.
    #[error("the checkpoint file cannot be read: {0}")]
    File(#[from] io::Error),
    /// A line is not a checkpoint signed by a key of this database.
    #[error("line {0} of the checkpoint file was changed, or was signed by another database")]
    Line(usize),
}

/// Writes checkpoints to a file as the chain grows.
#[derive(Debug)]
pub struct Keeper {
    store: KeyStore,
    clock: Clock,
    path: PathBuf,
    /// Last checkpoint written by this process.
    last: Option<Checkpoint>,
}

impl Keeper {
    /// Writes the checkpoints of a database to a file.
    pub fn new(store: KeyStore, clock: Clock, path: PathBuf) -> Self {
        Self { store, clock, path, last: None }
    }

    /// Writes a checkpoint if one is due. Returns whether it was written.
    ///
    /// # Errors
    /// `Unavailable` or `Internal` if the database does not answer or the file cannot be written.
    pub async fn write_if_due(&mut self) -> Result<bool> {
        let Some(now) = self.unwritten().await? else { return Ok(false) };
        let is_due =
            self.last.is_none_or(|last| now.position - last.position >= ENTRIES || now.at - last.at >= INTERVAL);
        if is_due { self.write(now).await.map(|()| true) } else { Ok(false) }
    }

    /// Writes a last checkpoint at shutdown if there are new entries.
    ///
    /// # Errors
    /// The errors of `write_if_due`.
    pub async fn finish(&mut self) -> Result<()> {
        match self.unwritten().await? {
            Some(now) => self.write(now).await,
            None => Ok(()),
        }
    }

    async fn unwritten(&self) -> Result<Option<Checkpoint>> {
        let head = log_head::Entity::find_by_id(1).one(self.store.database.control()).await?;
        let head = head.ok_or_else(|| Error::internal("the head row of the hash chain is missing"))?;
        let hash =
            head.hash.try_into().map_err(|_| Error::internal("the head row of the hash chain has no valid hash"))?;
        let now = Checkpoint { position: head.position, hash, at: self.clock.now() };
        Ok((now.position > self.last.map_or(0, |last| last.position)).then_some(now))
    }

    async fn write(&mut self, now: Checkpoint) -> Result<()> {
        let key = seals(&self.store)
            .await?
            .pop()
            .ok_or_else(|| Error::internal("the database has no key that signs checkpoints"))?;
        let claims = Claims { position: now.position, hash: HEXLOWER.encode(&now.hash), at: now.at };
        let line = key.seal(&claims)?;
        append(&self.path, &line).map_err(|error| {
            metrics::counter!("cadre_checkpoints_failed_total").increment(1);
            Error::internal(io::Error::new(error.kind(), format!("{}: {error}", self.path.display())))
        })?;
        self.last = Some(now);
        Ok(())
    }
}

/// Appends a line and syncs it to the disk. Removes partial lines left by a full disk or a crash: one of them would
/// make the whole file invalid.
fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // The service may not have permission to read the file.
    let mut file = options.clone().read(true).open(path).or_else(|_| options.open(path))?;
    trim_torn_line(&mut file);
    let written = file.write_all(format!("{line}\n").as_bytes()).and_then(|()| file.sync_data());
    if written.is_err() {
        trim_torn_line(&mut file);
    }
    written
}

/// Truncates a file after its last complete line. A file that cannot be read or truncated is left unchanged.
fn trim_torn_line(file: &mut File) {
    /// Longer than a line of this file.
    const TAIL: u64 = 8_192;
    let complete = |file: &mut File| -> io::Result<Option<u64>> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let start = metadata.len().saturating_sub(TAIL);
        let mut tail = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(TAIL).read_to_end(&mut tail)?;
        let end = tail.iter().rposition(|byte| *byte == b'\n').map(|at| start + at as u64 + 1);
        Ok(if tail.last() == Some(&b'\n') { None } else { end.or((start == 0).then_some(0)) })
    };
    if let Ok(Some(length)) = complete(file)
        && let Err(error) = file.set_len(length)
    {
        tracing::warn!(%error, "an incomplete line could not be removed from the checkpoint file");
    }
}

/// Reads the checkpoints of a file and verifies each signature with the keys of the database.
///
/// # Errors
/// `Unavailable` or `Internal` if the database does not answer. Faults of the file are part of the result.
pub async fn read(store: &KeyStore, path: &Path) -> Result<std::result::Result<Vec<Checkpoint>, Unreadable>> {
    let keys = seals(store).await?;
    Ok(File::open(path).map_err(Unreadable::from).and_then(|file| {
        let lines = BufReader::new(file).lines().enumerate();
        lines.map(|(nth, line)| opened(&keys, &line?).ok_or(Unreadable::Line(nth + 1))).collect()
    }))
}

fn opened(keys: &[StatementSigner], line: &str) -> Option<Checkpoint> {
    let claims: Claims = keys.iter().find_map(|key| key.open(line))?;
    let hash = HEXLOWER.decode(claims.hash.as_bytes()).ok()?.try_into().ok()?;
    Some(Checkpoint { position: claims.position, hash, at: claims.at })
}

/// Signing keys of checkpoints, oldest first.
async fn seals(store: &KeyStore) -> Result<Vec<StatementSigner>> {
    let rows = signing_key::Entity::find()
        .filter(signing_key::Column::Purpose.eq(KeyPurpose::AuditCheckpoint))
        .order_by_asc(signing_key::Column::CreatedAt)
        .all(store.database.control())
        .await?;
    rows.iter().map(|row| StatementSigner::of(row, &store.encryption)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        auth::tests::fixture,
        domain::{key, maintenance},
    };

    #[tokio::test]
    async fn a_checkpoint_is_written_a_minute_after_new_entries() {
        let (folder, database) = fixture::database().await;
        key::ensure(&fixture::store(&database), fixture::clock()).await.unwrap();
        let path = folder.path().join("checkpoints");
        let at = |seconds| Clock::Fixed(fixture::clock().now() + TimeDelta::seconds(seconds));
        let mut keeper = Keeper::new(fixture::store(&database), at(0), path.clone());

        assert!(keeper.write_if_due().await.unwrap(), "the first is due at once");
        keeper.clock = at(600);
        assert!(!keeper.write_if_due().await.unwrap(), "nothing is new");
        maintenance::install_reference_lists(&database, fixture::clock()).await.unwrap();
        keeper.clock = at(59);
        assert!(!keeper.write_if_due().await.unwrap(), "it is too early");
        keeper.clock = at(60);
        assert!(keeper.write_if_due().await.unwrap());
        keeper.finish().await.unwrap();

        let stored = read(&fixture::store(&database), &path).await.unwrap().unwrap();
        assert_eq!(stored.iter().map(|stored| stored.position).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(stored[1].at, at(60).now());
    }

    #[tokio::test]
    async fn a_checkpoint_that_was_changed_is_not_read() {
        let (folder, database) = fixture::database().await;
        key::ensure(&fixture::store(&database), fixture::clock()).await.unwrap();
        let path = folder.path().join("checkpoints");
        Keeper::new(fixture::store(&database), fixture::clock(), path.clone()).finish().await.unwrap();
        let line = std::fs::read_to_string(&path).unwrap();
        assert!(read(&fixture::store(&database), &path).await.unwrap().is_ok(), "the control");

        let parts: Vec<_> = line.trim().split('.').collect();
        for tampered in [
            String::new(),
            format!("{}.{}.{}A", parts[0], parts[1], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}.{}", parts[0], parts[1].replacen('e', "f", 1), parts[2]),
        ] {
            std::fs::write(&path, format!("{line}{tampered}\n")).unwrap();
            assert!(
                matches!(read(&fixture::store(&database), &path).await.unwrap(), Err(Unreadable::Line(2))),
                "{tampered}"
            );
        }
    }

    #[tokio::test]
    async fn an_incomplete_line_is_replaced_by_the_next_checkpoint() {
        let (folder, database) = fixture::database().await;
        key::ensure(&fixture::store(&database), fixture::clock()).await.unwrap();
        let path = folder.path().join("checkpoints");
        for before in ["", "torn", "eyJh"] {
            let stored = std::fs::read_to_string(&path).unwrap_or_default();
            std::fs::write(&path, format!("{stored}{before}")).unwrap();
            Keeper::new(fixture::store(&database), fixture::clock(), path.clone()).finish().await.unwrap();
        }
        let stored = read(&fixture::store(&database), &path).await.unwrap();
        assert_eq!(stored.unwrap().len(), 3);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_checkpoint_that_does_not_fit_on_the_disk_is_an_error_and_is_written_later() {
        let (folder, database) = fixture::database().await;
        key::ensure(&fixture::store(&database), fixture::clock()).await.unwrap();
        let mut keeper = Keeper::new(fixture::store(&database), fixture::clock(), "/dev/full".into());
        for _ in 0..2 {
            let refused = keeper.write_if_due().await;
            let Err(Error::Internal(error)) = refused else { panic!("{refused:?}") };
            assert!(error.to_string().starts_with("/dev/full: "), "{error}");
        }
        assert!(matches!(keeper.finish().await, Err(Error::Internal(_))));

        keeper.path = folder.path().join("checkpoints");
        keeper.finish().await.unwrap();
        assert_eq!(read(&fixture::store(&database), &keeper.path).await.unwrap().unwrap().len(), 1);
    }
}
