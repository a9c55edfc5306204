//! Permits and the write transactions that they open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SubsecRound, Utc};
use entity::{
    audit_entry,
    value::{CadreId, ChangeKind, Day, Log, Scope, UnitId},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ConnectionTrait, DatabaseBackend, DatabaseTransaction,
};

use crate::{
    audit::hash_chain::{Content, Entry, Head},
    authz::{
        Access,
        change_log::{Change, ChangeLog},
    },
    clock::Clock,
    db::{self, Database, LockMode, ReadSession},
    error::{Error, Result},
    projection::{self, ChangedCadres},
    reference::ReferenceData,
};

/// Advisory lock shared by all commands on records. A command that holds it exclusively, such as an import, sees no
/// concurrent change of records. SQLite has a single writer and needs no lock.
const LOCK: &str = "cadre-api acts";

/// The data that a command changes, which decides the lock that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// Records: units, people, rotations, training. An import excludes these commands while it loads.
    Records,
    /// Clients, users, keys and the access log, on which no record depends.
    Administration,
}

/// Properties of a command that a permit and the audit log use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandKind {
    /// Name in the audit log.
    name: &'static str,
    /// Scope that allows clients to run the command; `None` if only the operator may.
    scope: Option<Scope>,
    area: Area,
}

impl CommandKind {
    /// A command that the operator runs on the command line.
    pub const fn of_operator(name: &'static str, area: Area) -> Self {
        Self { name, scope: None, area }
    }

    /// A command that clients with a scope run.
    pub const fn of_client(name: &'static str, scope: Scope, area: Area) -> Self {
        Self { name, scope: Some(scope), area }
    }

    /// Name in the audit log.
    pub const fn name(self) -> &'static str {
        self.name
    }
}

impl Access {
    /// Permit for a command of the caller that concerns the units.
    ///
    /// # Errors
    /// `Forbidden` without the command's scope; `NotFound` if a unit is out of reach.
    pub fn may(&self, kind: CommandKind, units: &[UnitId]) -> Result<Permit<'_>> {
        let scope = kind
            .scope
            .ok_or_else(|| Error::internal("a client requested a command that is reserved for the operator"))?;
        self.require(scope, kind.name)?;
        if !units.iter().all(|unit| self.reaches(*unit)) {
            return Err(Error::NotFound);
        }
        let (database, clock) = (self.app_state.database(), self.app_state.clock());
        let (actor, read_session) = (self.caller().actor(), Some(self.reader()));
        let reference_data = Some(Arc::clone(self.snapshot.reference_data()));
        Ok(Permit { database, clock, actor, kind, read_session, reference_data })
    }
}

/// Permit for one command; the only source of write transactions.
#[derive(Debug)]
pub struct Permit<'a> {
    database: &'a Database,
    clock: Clock,
    actor: String,
    kind: CommandKind,
    /// Read session of the caller.
    read_session: Option<&'a ReadSession>,
    /// Units and lists in the caller's snapshot.
    reference_data: Option<Arc<ReferenceData>>,
}

impl<'a> Permit<'a> {
    /// Permit of the operator, who has direct access to the database and may run every command of the command line.
    pub fn operator(database: &'a Database, clock: Clock, kind: CommandKind) -> Self {
        Self { database, clock, actor: "operator".to_owned(), kind, read_session: None, reference_data: None }
    }

    /// The same permit for a command that may change units: its read models use the units of its transaction.
    pub(super) fn with_current_units(self) -> Self {
        Self { reference_data: None, ..self }
    }

    /// Begins the command's transaction and writes its audit entry in it, so that both commit or neither. The caller's
    /// read session ends; later reads see the new state.
    ///
    /// `object` is the code or id of the command's target; `detail` contains numbers and codes, never a protected
    /// value.
    ///
    /// # Errors
    /// `TimedOut` if the time limit of the caller's operation has passed; no command begins after it.
    pub async fn begin(self, object: Option<String>, detail: Option<String>) -> Result<Txn> {
        let inner = match self.read_session {
            Some(read_session) => {
                read_session.deadline().check()?;
                read_session.end().await;
                match self.kind.area {
                    Area::Records => self.database.begin_small_sharing(LOCK).await?,
                    Area::Administration => self.database.begin_small().await?,
                }
            }
            None => {
                let inner = self.database.begin().await?;
                if self.kind.area == Area::Records {
                    db::lock(&inner, LOCK, LockMode::Shared).await?;
                }
                inner
            }
        };
        self.enter(inner, object, detail).await
    }

    /// Begins a transaction that excludes all other commands on records: they wait until it ends. It has no audit entry
    /// until `enter` is called.
    pub(crate) async fn begin_alone(&self) -> Result<DatabaseTransaction> {
        let inner = self.database.begin().await?;
        db::lock(&inner, LOCK, LockMode::Alone).await?;
        Ok(inner)
    }

    /// Turns an open transaction into the command's transaction and writes its audit entry.
    pub(crate) async fn enter(
        self,
        inner: DatabaseTransaction,
        object: Option<String>,
        detail: Option<String>,
    ) -> Result<Txn> {
        let at = self.clock.now().trunc_subsecs(6);
        let entry = audit_entry::ActiveModel {
            seq: NotSet,
            at: Set(at),
            actor: Set(self.actor.clone()),
            act: Set(self.kind.name.to_owned()),
            object: Set(object),
            detail: Set(detail),
        };
        let entry = entry.insert(&inner).await?;
        let log = tokio::sync::Mutex::new(ChangeLog::of(entry.seq, Content::of_command(&entry)));
        let (reference_data, today, changed_cadres) = (self.reference_data, self.clock.today(), Mutex::default());
        let others = Mutex::default();
        Ok(Txn {
            inner,
            audit_seq: entry.seq,
            actor: self.actor,
            at,
            log,
            others,
            reference_data,
            today,
            changed_cadres,
        })
    }
}

/// Write transaction of one command. Rolled back if dropped without `commit`.
#[derive(Debug)]
pub struct Txn {
    inner: DatabaseTransaction,
    audit_seq: i64,
    actor: String,
    at: DateTime<Utc>,
    /// Changes of the command, written at commit.
    log: tokio::sync::Mutex<ChangeLog>,
    /// Entries of other logs that are not yet part of the hash chain.
    others: Mutex<Vec<Entry>>,
    /// Units and lists in the caller's snapshot.
    reference_data: Option<Arc<ReferenceData>>,
    today: Day,
    /// Persons whose read models are updated at commit.
    changed_cadres: Mutex<ChangedCadres>,
}

impl Txn {
    /// Connection of the transaction.
    pub(crate) fn connection(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// Kind of the database.
    pub(crate) fn backend(&self) -> DatabaseBackend {
        self.inner.get_database_backend()
    }

    /// Connection for writing inputs of read models: a person, the person's posts, qualifications and rotations.
    pub(crate) fn of_person(&self, person: CadreId) -> &DatabaseTransaction {
        self.changed_cadres().add(person);
        &self.inner
    }

    /// Same as `of_person` for several persons.
    pub(crate) fn of_persons(&self, persons: impl Iterator<Item = CadreId>) -> &DatabaseTransaction {
        persons.for_each(|person| self.changed_cadres().add(person));
        &self.inner
    }

    /// Marks all read models for a rebuild.
    pub(crate) fn all_persons_changed(&self) {
        *self.changed_cadres() = ChangedCadres::All;
    }

    fn changed_cadres(&self) -> MutexGuard<'_, ChangedCadres> {
        self.changed_cadres.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Actor: a client id with the user on whose behalf it acts, or the operator.
    pub(crate) fn actor(&self) -> &str {
        &self.actor
    }

    /// Time at which the command is recorded.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Records the change of one object. Its units, which determine the readers of the change feed that see it, are
    /// found at commit.
    pub(crate) async fn record(&self, kind: ChangeKind, object_type: &str, object: impl Into<String>) -> Result<()> {
        self.record_change(Change::of(kind, object_type, object)).await
    }

    /// Records a change.
    pub(crate) async fn record_change(&self, change: Change) -> Result<()> {
        self.log.lock().await.add(&self.inner, change).await
    }

    /// Whether the command has more changes than the change feed lists one by one.
    pub(crate) async fn is_bulk(&self) -> bool {
        self.log.lock().await.is_bulk() || matches!(*self.changed_cadres(), ChangedCadres::All)
    }

    /// Adds an entry that the command wrote to another log to the hash chain.
    pub(crate) fn also(&self, entry: Entry) {
        self.others.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// Updates the read models, writes the changes, links the log entries to the hash chain and commits. The lock on
    /// the end of the chain is taken last.
    pub(crate) async fn commit(self) -> Result<()> {
        let Self { inner, audit_seq, log, others, reference_data, today, changed_cadres, .. } = self;
        let changed_cadres = changed_cadres.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (renewed, posts) = projection::renew(&inner, changed_cadres, (reference_data, today)).await?;
        let content = log.into_inner().write(&inner, posts.as_ref(), today).await?;
        let others = others.into_inner().unwrap_or_else(PoisonError::into_inner);
        let command_entry = Entry { log: Log::Audit, number: audit_seq, content: content.digest() };
        let place = Head::lock(&inner).await?.link(&inner, [command_entry].into_iter().chain(others)).await?;
        renewed.at(&inner, place).await?;
        Ok(inner.commit().await?)
    }
}
