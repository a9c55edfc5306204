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

/// An older snapshot is refreshed.
const FRESH: Duration = Duration::from_secs(2);

/// Hard expiry: older snapshots are rejected. A revocation takes effect within this time.
const BELIEVED: Duration = Duration::from_secs(5);

/// How long a refresh may delay a request.
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

    /// The grant in force on the day (inclusive). Of several only the latest applies: the scopes of one must never be
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

/// A client in the snapshot. Revoked clients are included, so a missing client must be a new one.
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
    /// When reading began: earlier commits are included.
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
    /// Refresh lock; holds the time of the last failed refresh.
    turn: Mutex<Option<Instant>>,
}

impl Register {
    /// Reads the first snapshot; no request can be served without one.
    pub async fn load(store: KeyStore) -> Result<Self> {
        let latest = ArcSwap::from_pointee(Snapshot::read(&store, None).await?);
        Ok(Self { store, latest, turn: Mutex::new(None) })
    }

    /// The latest snapshot regardless of its age, for uses without authorization.
    pub fn latest(&self) -> Arc<Snapshot> {
        self.latest.load_full()
    }

    /// A snapshot that has not expired at `now`.
    ///
    /// One request at a time refreshes it while the others use the old one; if that one has expired, they wait for the
    /// refresh.
    pub async fn current(&self, now: Instant) -> Result<Arc<Snapshot>> {
        let latest = self.latest();
        let age = now.saturating_duration_since(latest.read_at);
        if age <= FRESH {
            return Ok(latest);
        }
        if age >= BELIEVED {
            return self.since(now.checked_sub(FRESH).unwrap_or(now)).await;
        }
        let Ok(turn) = self.turn.try_lock() else { return Ok(latest) };
        let began = Instant::now();
        match self.take(turn).await {
            Ok(snapshot) => Ok(snapshot),
            Err(_) if age + began.elapsed() < BELIEVED => Ok(latest),
            Err(error) => Err(error),
        }
    }

    /// A snapshot whose reading began at `moment` or later.
    pub async fn since(&self, moment: Instant) -> Result<Arc<Snapshot>> {
        let asked = Instant::now();
        let turn = self.turn.lock().await;
        let latest = self.latest();
        if latest.read_at >= moment {
            return Ok(latest);
        }
        // A refresh that failed while this request waited counts for it too, so no request waits for two.
        if turn.is_some_and(|failed_at| failed_at >= asked) {
            return Err(unreadable());
        }
        self.take(turn).await
    }

    async fn take(&self, mut turn: MutexGuard<'_, Option<Instant>>) -> Result<Arc<Snapshot>> {
        let before = self.latest();
        let read = tokio::time::timeout(TIMEOUT, Snapshot::read(&self.store, Some(&before))).await;
        match read.unwrap_or_else(|_| Err(unreadable())) {
            Ok(snapshot) => {
                let snapshot = Arc::new(snapshot);
                self.latest.store(snapshot.clone());
                Ok(snapshot)
            }
            Err(error) => {
                *turn = Some(Instant::now());
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
    async fn while_one_request_looks_the_others_go_on_unless_the_picture_is_too_old() {
        let fixture = Fixture::new().await;
        let register = &fixture.tokens.register;
        let now = Instant::now();
        let someone_looks = register.turn.lock().await;

        for (age, goes_on) in [(0, true), (3, true), (4, true), (6, false), (600, false)] {
            let waits = register.current(now + Duration::from_secs(age)).now_or_never().is_none();
            assert_eq!(waits, !goes_on, "{age}");
        }

        drop(someone_looks);
        assert!(register.current(now + Duration::from_secs(6)).await.is_ok());
    }

    #[tokio::test]
    async fn who_waited_for_an_attempt_that_failed_is_answered_by_it() {
        let fixture = Fixture::new().await;
        let register = &fixture.tokens.register;
        let mut turn = register.turn.lock().await;
        let long_ago = register.latest().read_at;
        let mut waiting = std::pin::pin!(register.since(Instant::now() + Duration::from_secs(60)));
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());

        *turn = Some(Instant::now());
        drop(turn);

        assert!(matches!(waiting.await, Err(Error::Unavailable(_))));
        assert_eq!(register.latest().read_at, long_ago, "it has not looked by itself");
    }
}
