//! Permits and the transactions they open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SubsecRound, Utc};
use entity::{
    audit_entry, change,
    value::{CadreId, ChangeKind, Day, Log, Scope, UnitId},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    DatabaseTransaction, EntityTrait, IntoActiveModel,
};

use crate::{
    clock::Clock,
    db::{self, Database, LockMode, ReadSession},
    domain::{
        authz::Access,
        hash_chain::{Content, Entry, Head},
        projection::{self, ChangedCadres},
        reference_data::ReferenceData,
    },
    error::{Error, Result},
};

/// The lock that every act on records shares. An act that holds it alone, such as an import, sees no other act's changes to
/// records. SQLite has one writer at a time and needs no lock.
const LOCK: &str = "cadre-api acts";

/// Everything that can be done to the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Reference lists that ship with the service are brought up to date.
    ReferenceInstall,
    /// A bundle is imported.
    Import,
    /// A read model is made anew from the tables that it is derived from.
    ReadModelRebuild,
    /// The used seats of quotas are counted again.
    QuotaRecount,
    /// A client is registered with its grant.
    ClientAdd,
    /// A client is revoked.
    ClientRevoke,
    /// A client gets a grant in the place of the one before.
    ClientGrant,
    /// The grant of a client ends, and none takes its place.
    ClientEndGrant,
    /// A client gets a new secret.
    ClientRotateSecret,
    /// A client is left without secrets.
    ClientEndSecrets,
    /// A client gets a public key.
    ClientKeyAdd,
    /// A public key of a client is revoked.
    ClientKeyRevoke,
    /// A client is linked with what an external issuer calls it.
    ClientLink,
    /// What an external issuer calls a client is forgotten.
    ClientUnlink,
    /// A person for whom clients ask is registered.
    PersonAdd,
    /// A person for whom clients ask is revoked.
    PersonRevoke,
    /// A key of the service is made.
    KeyMake,
    /// A plain key of the service is encrypted.
    KeyEncrypt,
    /// The next key of access tokens is made.
    KeyRotate,
    /// A key that has ended is destroyed.
    KeyDestroy,
    /// Readings of a person's protected data are withheld until a day.
    AccessWithhold,
    /// A rotation is proposed.
    RotationPropose,
    /// The next step of a rotation's procedure is taken.
    RotationAdvance,
    /// A rotation is decided.
    RotationDecide,
    /// The decision on a rotation is published.
    RotationPublish,
    /// A rotation begins.
    RotationStart,
    /// A rotation gets a later planned end.
    RotationExtend,
    /// A rotation ends.
    RotationEnd,
    /// A person is placed after a rotation.
    RotationPlace,
    /// A rotation is given up, or its decision revoked.
    RotationCancel,
    /// The appraisal of a year is recorded.
    RotationAppraise,
    /// A rule need not hold for a rotation.
    RotationOverride,
    /// A plan gives a quota to a unit.
    QuotaIssue,
    /// A quota is handed on to a unit below.
    QuotaAllocate,
    /// Seats go back to the quota that they came from.
    QuotaReturn,
    /// An unused quota is taken back.
    QuotaRevoke,
    /// A quota gets another number of seats.
    QuotaAmend,
    /// A class is planned.
    ClassPlan,
    /// A class is led to its next state.
    ClassAdvance,
    /// A class gets another number of seats.
    ClassAmend,
    /// A person is enrolled in a class.
    ClassEnrol,
    /// Who waited gets a seat.
    EnrolmentConfirm,
    /// A learner gives up.
    EnrolmentDrop,
    /// The result of a learner is recorded.
    EnrolmentComplete,
    /// The result of a learner is taken back.
    EnrolmentRevoke,
    /// A training plan is drafted.
    PlanDraft,
    /// A training plan is led to its next state.
    PlanAdvance,
}

impl Act {
    /// Whether the act concerns clients, persons who act, keys or the access log alone, which no record depends on.
    fn is_apart(self) -> bool {
        ["client.", "person.", "key.", "access."].iter().any(|area| self.name().starts_with(area))
    }

    /// The name in the audit log.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReferenceInstall => "reference.install",
            Self::Import => "import",
            Self::ReadModelRebuild => "read-model.rebuild",
            Self::QuotaRecount => "quota.recount",
            Self::ClientAdd => "client.add",
            Self::ClientRevoke => "client.revoke",
            Self::ClientGrant => "client.grant",
            Self::ClientEndGrant => "client.end-grant",
            Self::ClientRotateSecret => "client.rotate-secret",
            Self::ClientEndSecrets => "client.end-secrets",
            Self::ClientKeyAdd => "client.key-add",
            Self::ClientKeyRevoke => "client.key-revoke",
            Self::ClientLink => "client.link",
            Self::ClientUnlink => "client.unlink",
            Self::PersonAdd => "person.add",
            Self::PersonRevoke => "person.revoke",
            Self::KeyMake => "key.make",
            Self::KeyEncrypt => "key.encrypt",
            Self::KeyRotate => "key.rotate",
            Self::KeyDestroy => "key.destroy",
            Self::AccessWithhold => "access.withhold",
            Self::RotationPropose => "rotation.propose",
            Self::RotationAdvance => "rotation.advance",
            Self::RotationDecide => "rotation.decide",
            Self::RotationPublish => "rotation.publish",
            Self::RotationStart => "rotation.start",
            Self::RotationExtend => "rotation.extend",
            Self::RotationEnd => "rotation.end",
            Self::RotationPlace => "rotation.place",
            Self::RotationCancel => "rotation.cancel",
            Self::RotationAppraise => "rotation.appraise",
            Self::RotationOverride => "rotation.override",
            Self::QuotaIssue => "quota.issue",
            Self::QuotaAllocate => "quota.allocate",
            Self::QuotaReturn => "quota.return",
            Self::QuotaRevoke => "quota.revoke",
            Self::QuotaAmend => "quota.amend",
            Self::ClassPlan => "class.plan",
            Self::ClassAdvance => "class.advance",
            Self::ClassAmend => "class.amend",
            Self::ClassEnrol => "class.enrol",
            Self::EnrolmentConfirm => "enrolment.confirm",
            Self::EnrolmentDrop => "enrolment.drop",
            Self::EnrolmentComplete => "enrolment.complete",
            Self::EnrolmentRevoke => "enrolment.revoke",
            Self::PlanDraft => "plan.draft",
            Self::PlanAdvance => "plan.advance",
        }
    }

    /// The scope that opens the act to clients; nothing for what only the operator does.
    fn scope(self) -> Option<Scope> {
        match self {
            Self::ReferenceInstall
            | Self::Import
            | Self::ReadModelRebuild
            | Self::QuotaRecount
            | Self::ClientEndGrant
            | Self::ClientEndSecrets
            | Self::ClientKeyAdd
            | Self::ClientKeyRevoke
            | Self::ClientLink
            | Self::ClientUnlink
            | Self::PersonAdd
            | Self::PersonRevoke
            | Self::KeyMake
            | Self::KeyEncrypt
            | Self::KeyRotate
            | Self::KeyDestroy
            | Self::AccessWithhold => None,
            Self::ClientAdd | Self::ClientGrant | Self::ClientRevoke | Self::ClientRotateSecret => {
                Some(Scope::ClientsAdmin)
            }
            Self::RotationPropose
            | Self::RotationAdvance
            | Self::RotationDecide
            | Self::RotationPublish
            | Self::RotationStart
            | Self::RotationExtend
            | Self::RotationEnd
            | Self::RotationPlace
            | Self::RotationCancel
            | Self::RotationAppraise
            | Self::RotationOverride => Some(Scope::RotationWrite),
            Self::QuotaIssue | Self::QuotaAllocate | Self::QuotaReturn | Self::QuotaRevoke | Self::QuotaAmend => {
                Some(Scope::QuotaAllocate)
            }
            Self::ClassPlan
            | Self::ClassAdvance
            | Self::ClassAmend
            | Self::ClassEnrol
            | Self::EnrolmentConfirm
            | Self::EnrolmentDrop
            | Self::EnrolmentComplete
            | Self::EnrolmentRevoke
            | Self::PlanDraft
            | Self::PlanAdvance => Some(Scope::TrainingWrite),
        }
    }
}

impl Access {
    /// The right of the caller to do an act that concerns these units.
    ///
    /// # Errors
    /// `Forbidden` without the act's scope; `NotFound` if a unit is out of reach.
    pub fn may(&self, act: Act, units: &[UnitId]) -> Result<Permit<'_>> {
        let scope = act.scope().ok_or_else(|| Error::internal("an act of the operator asked by a client"))?;
        self.require(scope, act.name())?;
        if !units.iter().all(|unit| self.reaches(*unit)) {
            return Err(Error::NotFound);
        }
        let (database, clock) = (self.app_state.database(), self.app_state.clock());
        let (actor, read_session) = (self.caller().actor(), Some(self.reader()));
        let reference_data = Some(Arc::clone(&self.reference_data));
        Ok(Permit { database, clock, actor, act, read_session, reference_data })
    }
}

/// The right to do one act. A transaction that writes comes from nowhere else.
#[derive(Debug)]
pub struct Permit<'a> {
    database: &'a Database,
    clock: Clock,
    actor: String,
    act: Act,
    /// What the caller has read through so far.
    read_session: Option<&'a ReadSession>,
    /// Units and lists as the caller sees them.
    reference_data: Option<Arc<ReferenceData>>,
}

impl<'a> Permit<'a> {
    /// The operator at the keyboard, who holds the database itself, may do every act of the command line.
    pub fn operator(database: &'a Database, clock: Clock, act: Act) -> Self {
        Self { database, clock, actor: "operator".to_owned(), act, read_session: None, reference_data: None }
    }

    /// Begins the act's transaction, with its audit entry already in it: the entry stays or falls with the act. What the
    /// caller reads afterwards is read anew.
    ///
    /// `object` is what the act is done to, by code or id; `detail` holds numbers and codes, never a protected value.
    ///
    /// # Errors
    /// `TimedOut` if the time limit of the caller's operation has passed: no act begins after it.
    pub async fn begin(self, object: Option<String>, detail: Option<String>) -> Result<Txn> {
        let inner = match self.read_session {
            Some(read_session) => {
                read_session.deadline().check()?;
                read_session.end().await;
                match self.act.is_apart() {
                    true => self.database.begin_small().await?,
                    false => self.database.begin_small_sharing(LOCK).await?,
                }
            }
            None => {
                let inner = self.database.begin().await?;
                if !self.act.is_apart() {
                    db::lock(&inner, LOCK, LockMode::Shared).await?;
                }
                inner
            }
        };
        self.enter(inner, object, detail).await
    }

    /// Begins a transaction during which no other act on records is done: such acts wait until it ends. It has no audit entry before
    /// `enter`.
    pub(in crate::domain) async fn begin_alone(&self) -> Result<DatabaseTransaction> {
        let inner = self.database.begin().await?;
        db::lock(&inner, LOCK, LockMode::Alone).await?;
        Ok(inner)
    }

    /// Makes a transaction that has begun the act's, with its audit entry in it.
    pub(in crate::domain) async fn enter(
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
            act: Set(self.act.name().to_owned()),
            object: Set(object),
            detail: Set(detail),
        };
        let entry = entry.insert(&inner).await?;
        let log = Mutex::new(Unlinked { act: Content::of_act(&entry), others: Vec::new() });
        let (reference_data, today, touched) = (self.reference_data, self.clock.today(), Mutex::default());
        Ok(Txn { inner, audit_seq: entry.seq, actor: self.actor, at, log, reference_data, today, touched })
    }
}

/// A writing transaction of one act. Dropped without `commit`, it changes nothing.
#[derive(Debug)]
pub struct Txn {
    inner: DatabaseTransaction,
    audit_seq: i64,
    actor: String,
    at: DateTime<Utc>,
    log: Mutex<Unlinked>,
    /// Units and lists as the caller sees them.
    reference_data: Option<Arc<ReferenceData>>,
    today: Day,
    /// Whom the read models are renewed for.
    touched: Mutex<ChangedCadres>,
}

/// What the chain will hold of an act.
#[derive(Debug)]
struct Unlinked {
    /// The act, with the changes recorded so far.
    act: Content,
    /// Entries of other logs that the act makes.
    others: Vec<Entry>,
}

impl Txn {
    /// The connection inside the transaction.
    pub(in crate::domain) fn connection(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// The same for writing what read models are derived from: a person, their posts, qualifications and rotations.
    pub(in crate::domain) fn of_person(&self, person: CadreId) -> &DatabaseTransaction {
        self.touched().add(person);
        &self.inner
    }

    /// The same for writing it of many.
    pub(in crate::domain) fn of_persons(&self, persons: impl Iterator<Item = CadreId>) -> &DatabaseTransaction {
        persons.for_each(|person| self.touched().add(person));
        &self.inner
    }

    /// Has all read models made anew.
    pub(in crate::domain) fn everybody_changed(&self) {
        *self.touched() = ChangedCadres::Everybody;
    }

    fn touched(&self) -> MutexGuard<'_, ChangedCadres> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who does the act: a client id, with the person for whom it asks; or the operator.
    pub(in crate::domain) fn actor(&self) -> &str {
        &self.actor
    }

    /// When the act is recorded.
    pub(in crate::domain) fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Writes the change of one object into the change log.
    pub(in crate::domain) async fn record(
        &self,
        kind: ChangeKind,
        object_type: &str,
        object: impl Into<String>,
    ) -> Result<()> {
        self.record_for(None, kind, object_type, object).await
    }

    /// Writes the change of one object of which only those may be told whose reach holds a unit.
    pub(in crate::domain) async fn record_for(
        &self,
        audience: Option<UnitId>,
        kind: ChangeKind,
        object_type: &str,
        object: impl Into<String>,
    ) -> Result<()> {
        let row = self.line(kind, object_type, (object.into(), audience));
        change::Entity::insert(row).exec_without_returning(&self.inner).await?;
        Ok(())
    }

    /// A line of the change log, to be written by the caller in the order in which lines are asked for.
    pub(in crate::domain) fn line(
        &self,
        kind: ChangeKind,
        object_type: &str,
        (object, audience_id): (String, Option<UnitId>),
    ) -> change::ActiveModel {
        let object_type = object_type.to_owned();
        let row = change::Model { seq: 0, audit_seq: self.audit_seq, kind, object_type, object, audience_id };
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.act = log.act.clone().with_change(&row);
        change::ActiveModel { seq: NotSet, ..row.into_active_model() }
    }

    /// Has the chain hold an entry of another log, which the act has written.
    pub(in crate::domain) fn also(&self, entry: Entry) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).others.push(entry);
    }

    /// Brings the read models up to what was written, makes the act true, and has the chain hold it. Nothing is locked
    /// after the end of the chain.
    pub(in crate::domain) async fn commit(self) -> Result<()> {
        let Self { inner, audit_seq, log, reference_data, today, touched, .. } = self;
        let touched = touched.into_inner().unwrap_or_else(PoisonError::into_inner);
        let renewed = projection::renew(&inner, touched, (reference_data, today)).await?;
        let Unlinked { act, others } = log.into_inner().unwrap_or_else(PoisonError::into_inner);
        let act = Entry { log: Log::Audit, number: audit_seq, content: act.digest() };
        let place = Head::lock(&inner).await?.link(&inner, [act].into_iter().chain(others)).await?;
        renewed.at(&inner, place).await?;
        Ok(inner.commit().await?)
    }
}
