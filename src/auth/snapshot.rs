//! The clients, their grants, the keys and the revoked tokens, as the database showed them a moment ago.
//!
//! Rights are asked for with every request, so they are answered from memory; a revocation acts as soon as the next
//! picture is taken. Ages are measured on the monotonic clock: a step of the wall clock must not keep a right alive.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use entity::{
    client, client_grant, grant_unit, revoked_token, signing_key,
    value::{ClientId, Day, GrantId, Purpose, Scope, UnitId},
};
use sea_orm::{DbErr, EntityTrait};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    auth::{encryption::KeyStore, keys::Keys, user::ExternalNames},
    error::{Error, Result},
    limit::Overrides,
};

/// An older picture is taken anew.
const FRESH: Duration = Duration::from_secs(2);

/// From this age on a picture is not believed, even if there is no newer one: a revocation acts within this time.
const BELIEVED: Duration = Duration::from_secs(5);

/// How long taking a picture may hold a request.
const TIMEOUT: Duration = Duration::from_secs(1);

/// A grant with its unit roots.
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

    /// The legal basis of readings of protected data.
    pub fn legal_basis(&self) -> Option<&str> {
        self.row.legal_basis.as_deref()
    }

    /// The grant that holds on the day. Of several the one made last holds alone: the scopes of one must never meet
    /// the units of another.
    pub fn in_force<G: AsRef<Self>>(grants: &[G], day: Day) -> Option<&G> {
        grants.iter().filter(|grant| grant.as_ref().row.is_valid_on(day)).max_by_key(|grant| grant.as_ref().row.id)
    }
}

impl AsRef<Self> for Grant {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// A client in the picture; revoked ones are in it too, so that an unknown client is a new one.
#[derive(Debug)]
pub(super) struct ClientEntry {
    pub name: Arc<str>,
    pub is_revoked: bool,
    pub grants: Vec<Arc<Grant>>,
}

/// One picture of the tables.
pub(super) struct Snapshot {
    clients: HashMap<ClientId, ClientEntry>,
    keys: Arc<Keys>,
    key_rows: Vec<signing_key::Model>,
    revoked: HashSet<String>,
    external: ExternalNames,
    /// When it began to be taken: it shows everything committed before.
    read_at: Instant,
}

impl Snapshot {
    /// The client as it stands.
    pub fn client(&self, id: ClientId) -> Option<&ClientEntry> {
        self.clients.get(&id)
    }

    /// Whether the token of this id was revoked.
    pub fn is_revoked(&self, jti: &str) -> bool {
        self.revoked.contains(jti)
    }

    /// Who is meant by the names in tokens of external issuers.
    pub fn external(&self) -> &ExternalNames {
        &self.external
    }

    /// The keys of the service.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// Clients are read before their grants: a grant is written in the transaction of its client, so no client of the
    /// picture lacks one.
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
        (row.id, ClientEntry { name: row.name.into(), is_revoked: row.revoked_at.is_some(), grants })
    };
    clients.into_iter().map(entry).collect()
}

/// The latest picture, and who takes the next one.
pub(super) struct Register {
    store: KeyStore,
    latest: ArcSwap<Snapshot>,
    /// Whoever holds it takes the next picture; in it, when one last failed.
    turn: Mutex<Option<Instant>>,
}

impl Register {
    /// Takes the first picture; without one nothing can be served.
    pub async fn load(store: KeyStore) -> Result<Self> {
        let latest = ArcSwap::from_pointee(Snapshot::read(&store, None).await?);
        Ok(Self { store, latest, turn: Mutex::new(None) })
    }

    /// The latest picture, however old: for what needs no rights.
    pub fn latest(&self) -> Arc<Snapshot> {
        self.latest.load_full()
    }

    /// A picture that may be believed at `now`.
    ///
    /// One request at a time takes a new picture while the others go on with the old one; when that is too old to be
    /// believed, they wait for the new one.
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

    /// A picture that began to be taken at `moment` or later.
    pub async fn since(&self, moment: Instant) -> Result<Arc<Snapshot>> {
        let asked = Instant::now();
        let turn = self.turn.lock().await;
        let latest = self.latest();
        if latest.read_at >= moment {
            return Ok(latest);
        }
        // An attempt that failed while this request waited has answered it as well: nobody waits twice.
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
    Error::Unavailable(DbErr::Custom("the register of clients could not be read in time".to_owned()))
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
