//! In-memory snapshot of clients, their grants, keys and revoked tokens, at most 2 s old.
//!
//! Each request reads its authorization from memory; a revocation takes effect with the next snapshot. Ages use the
//! monotonic clock: a step of the wall clock must not extend a right.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use entity::{
    client, client_grant, grant_unit, revoked_token, signing_key,
    value::{AllowedDocuments, ClientId, Day, GrantId, Purpose, Scope, UnitId},
};
use sea_orm::{DbErr, EntityTrait};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    auth::{encryption::KeyStore, keys::Keys, user::ExternalNames},
    error::{Error, Result},
    limit::Overrides,
};

/// Age after which a request refreshes the snapshot.
const REFRESH_AGE: Duration = Duration::from_secs(2);

/// Age at which a snapshot expires: older ones are rejected. A revocation takes effect within this time.
const MAX_AGE: Duration = Duration::from_secs(5);

/// Maximum time that a refresh may delay a request.
const TIMEOUT: Duration = Duration::from_secs(1);

/// A grant with its root units.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    row: client_grant::Model,
    pub scopes: BTreeSet<Scope>,
    pub purposes: BTreeSet<Purpose>,
    pub roots: Vec<UnitId>,
    pub limits: Overrides,
}

impl Grant {
    pub fn of(row: client_grant::Model, roots: Vec<UnitId>) -> Self {
        let limits = Overrides::of_columns(row.requests_per_second, row.cost_per_minute);
        Self { scopes: row.scopes().collect(), purposes: row.purposes().collect(), roots, limits, row }
    }

    /// Id of the grant.
    pub fn id(&self) -> GrantId {
        self.row.id
    }

    /// Legal basis for reading protected data.
    pub fn legal_basis(&self) -> Option<&str> {
        self.row.legal_basis.as_deref()
    }

    /// Documents that the client may run.
    pub fn documents(&self) -> AllowedDocuments {
        self.row.documents
    }

    /// The grant in force on the day. Of several grants only the latest applies: the scopes of one must never be
    /// combined with the units of another.
    pub fn in_force<G: AsRef<Self>>(grants: &[G], day: Day) -> Option<&G> {
        grants.iter().filter(|grant| grant.as_ref().row.is_valid_on(day)).max_by_key(|grant| grant.as_ref().row.id)
    }
}

impl AsRef<Self> for Grant {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// A client in the snapshot. Revoked clients are included, so a client that is missing must be new.
#[derive(Debug)]
pub(super) struct ClientEntry {
    pub name: Arc<str>,
    /// Version of the client; it increases with every change of the client, its grants and its documents.
    pub version: i32,
    pub is_revoked: bool,
    pub grants: Vec<Arc<Grant>>,
}

/// Snapshot of the tables.
pub(super) struct Snapshot {
    clients: HashMap<ClientId, ClientEntry>,
    keys: Arc<Keys>,
    key_rows: Vec<signing_key::Model>,
    revoked: HashSet<String>,
    external: ExternalNames,
    /// Time at which reading began: earlier commits are included.
    read_at: Instant,
}

impl Snapshot {
    /// The client with this id.
    pub fn client(&self, id: ClientId) -> Option<&ClientEntry> {
        self.clients.get(&id)
    }

    /// Whether the token with this id was revoked.
    pub fn is_revoked(&self, jti: &str) -> bool {
        self.revoked.contains(jti)
    }

    /// Clients and persons by their names at external issuers.
    pub fn external(&self) -> &ExternalNames {
        &self.external
    }

    /// Keys of the service.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// Reads clients before their grants: both are written in one transaction, so no client in the snapshot lacks its
    /// grant.
    async fn read(store: &KeyStore, before: Option<&Self>) -> Result<Self> {
        let connection = store.database.control();
        let read_at = Instant::now();
        let clients = client::Entity::find().all(connection).await?;
        let grants = client_grant::Entity::find().all(connection).await?;
        let units = grant_unit::Entity::find().all(connection).await?;
        let key_rows = signing_key::Entity::find().all(connection).await?;
        let revoked = revoked_token::Entity::find().all(connection).await?;
        let external = ExternalNames::read(connection).await?;

        let keys = match before {
            Some(before) if before.key_rows == key_rows => before.keys.clone(),
            _ => Arc::new(Keys::of(&key_rows, &store.encryption)?),
        };
        let revoked = revoked.into_iter().map(|row| row.jti).collect();
        Ok(Self { clients: client_entries(clients, grants, units), keys, key_rows, revoked, external, read_at })
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("keys", &self.keys).finish_non_exhaustive()
    }
}

fn client_entries(
    clients: Vec<client::Model>,
    grants: Vec<client_grant::Model>,
    units: Vec<grant_unit::Model>,
) -> HashMap<ClientId, ClientEntry> {
    let mut roots: HashMap<GrantId, Vec<UnitId>> = HashMap::new();
    for root in units {
        roots.entry(root.grant_id).or_default().push(root.unit_id);
    }
    let mut granted: HashMap<ClientId, Vec<Arc<Grant>>> = HashMap::new();
    for row in grants {
        let roots = roots.remove(&row.id).unwrap_or_default();
        granted.entry(row.client_id).or_default().push(Arc::new(Grant::of(row, roots)));
    }
    let entry = |row: client::Model| {
        let grants = granted.remove(&row.id).unwrap_or_default();
        (
            row.id,
            ClientEntry { name: row.name.into(), version: row.version, is_revoked: row.revoked_at.is_some(), grants },
        )
    };
    clients.into_iter().map(entry).collect()
}

/// The latest snapshot, and its refresh.
pub(super) struct Register {
    store: KeyStore,
    latest: ArcSwap<Snapshot>,
    /// Refresh lock, with the time of the last failed refresh.
    refresh_lock: Mutex<Option<Instant>>,
}

impl Register {
    /// Reads the first snapshot; no request can be served without one.
    pub async fn load(store: KeyStore) -> Result<Self> {
        let latest = ArcSwap::from_pointee(Snapshot::read(&store, None).await?);
        Ok(Self { store, latest, refresh_lock: Mutex::new(None) })
    }

    /// The latest snapshot regardless of its age, for uses without authorization.
    pub fn latest(&self) -> Arc<Snapshot> {
        self.latest.load_full()
    }

    /// A snapshot that has not expired at `now`.
    ///
    /// One request at a time refreshes the snapshot while the others use the old one. If the old one has expired, they
    /// wait for the refresh.
    pub async fn current(&self, now: Instant) -> Result<Arc<Snapshot>> {
        let latest = self.latest();
        let age = now.saturating_duration_since(latest.read_at);
        if age <= REFRESH_AGE {
            return Ok(latest);
        }
        if age >= MAX_AGE {
            return self.since(now.checked_sub(REFRESH_AGE).unwrap_or(now)).await;
        }
        let Ok(refresh_lock) = self.refresh_lock.try_lock() else { return Ok(latest) };
        let began = Instant::now();
        match self.refresh(refresh_lock).await {
            Ok(snapshot) => Ok(snapshot),
            Err(_) if age + began.elapsed() < MAX_AGE => Ok(latest),
            Err(error) => Err(error),
        }
    }

    /// A snapshot whose reading began at `moment` or later.
    pub async fn since(&self, moment: Instant) -> Result<Arc<Snapshot>> {
        let requested_at = Instant::now();
        let refresh_lock = self.refresh_lock.lock().await;
        let latest = self.latest();
        if latest.read_at >= moment {
            return Ok(latest);
        }
        // If a refresh failed while this request waited, this request fails too, so that no request waits for two
        // refreshes.
        if refresh_lock.is_some_and(|failed_at| failed_at >= requested_at) {
            return Err(unreadable());
        }
        self.refresh(refresh_lock).await
    }

    async fn refresh(&self, mut refresh_lock: MutexGuard<'_, Option<Instant>>) -> Result<Arc<Snapshot>> {
        let before = self.latest();
        let read = tokio::time::timeout(TIMEOUT, Snapshot::read(&self.store, Some(&before))).await;
        match read.unwrap_or_else(|_| Err(unreadable())) {
            Ok(snapshot) => {
                let snapshot = Arc::new(snapshot);
                self.latest.store(snapshot.clone());
                Ok(snapshot)
            }
            Err(error) => {
                *refresh_lock = Some(Instant::now());
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.latest.load().fmt(f)
    }
}

fn unreadable() -> Error {
    Error::Unavailable(DbErr::Custom("the clients and their grants could not be read in time".to_owned()))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::auth::tests::fixture::Fixture;

    #[tokio::test]
    async fn during_a_refresh_other_requests_use_the_old_snapshot_until_it_expires() {
        let fixture = Fixture::new().await;
        let register = &fixture.tokens.register;
        let now = Instant::now();
        let running_refresh = register.refresh_lock.lock().await;

        for (age, continues) in [(0, true), (3, true), (4, true), (6, false), (600, false)] {
            let waits = register.current(now + Duration::from_secs(age)).now_or_never().is_none();
            assert_eq!(waits, !continues, "{age}");
        }

        drop(running_refresh);
        assert!(register.current(now + Duration::from_secs(6)).await.is_ok());
    }

    #[tokio::test]
    async fn a_request_that_waited_for_a_failed_refresh_fails_too() {
        let fixture = Fixture::new().await;
        let register = &fixture.tokens.register;
        let mut refresh_lock = register.refresh_lock.lock().await;
        let long_ago = register.latest().read_at;
        let mut waiting = std::pin::pin!(register.since(Instant::now() + Duration::from_secs(60)));
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());

        *refresh_lock = Some(Instant::now());
        drop(refresh_lock);

        assert!(matches!(waiting.await, Err(Error::Unavailable(_))));
        assert_eq!(register.latest().read_at, long_ago, "it has not looked by itself");
    }
}
