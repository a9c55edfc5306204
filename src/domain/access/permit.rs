//! Permits and the transactions they open.

use chrono::{DateTime, Utc};
use entity::{
    audit_entry, change,
    value::{ChangeKind, Scope, UnitId},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    DatabaseTransaction, EntityTrait,
};

use crate::{
    clock::Clock,
    db::Database,
    domain::access::Access,
    error::{Error, Result},
};

/// Everything that can be done to the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Reference lists that ship with the service are brought up to date.
    ReferenceInstall,
    /// A bundle is imported.
    Import,
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
    /// A key of the service is made.
    KeyMake,
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
    /// The name in the audit log.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReferenceInstall => "reference.install",
            Self::Import => "import",
            Self::ClientAdd => "client.add",
            Self::ClientRevoke => "client.revoke",
            Self::ClientGrant => "client.grant",
            Self::ClientEndGrant => "client.end-grant",
            Self::ClientRotateSecret => "client.rotate-secret",
            Self::ClientEndSecrets => "client.end-secrets",
            Self::ClientKeyAdd => "client.key-add",
            Self::ClientKeyRevoke => "client.key-revoke",
            Self::KeyMake => "key.make",
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
            | Self::ClientEndGrant
            | Self::ClientEndSecrets
            | Self::ClientKeyAdd
            | Self::ClientKeyRevoke
            | Self::KeyMake => None,
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
        let (database, clock) = (self.house.database(), self.house.clock());
        Ok(Permit { database, clock, actor: self.caller().client_id().to_string(), act })
    }
}

/// The right to do one act. A transaction that writes comes from nowhere else.
#[derive(Debug)]
pub struct Permit<'a> {
    database: &'a Database,
    clock: Clock,
    actor: String,
    act: Act,
}

impl<'a> Permit<'a> {
    /// The operator at the keyboard, who holds the database itself, may do every act of the command line.
    pub fn operator(database: &'a Database, clock: Clock, act: Act) -> Self {
        Self { database, clock, actor: "operator".to_owned(), act }
    }

    /// Begins the act's transaction, with its audit entry already in it: the entry stays or falls with the act.
    ///
    /// `object` is what the act is done to, by code or id; `detail` holds numbers and codes, never a protected value.
    pub async fn begin(self, object: Option<String>, detail: Option<String>) -> Result<Txn> {
        let (inner, at) = (self.database.begin().await?, self.clock.now());
        let entry = audit_entry::ActiveModel {
            seq: NotSet,
            at: Set(at),
            actor: Set(self.actor.clone()),
            act: Set(self.act.name().to_owned()),
            object: Set(object),
            detail: Set(detail),
        };
        let audit_seq = entry.insert(&inner).await?.seq;
        Ok(Txn { inner, audit_seq, actor: self.actor, at })
    }
}

/// A writing transaction of one act. Dropped without `commit`, it changes nothing.
#[derive(Debug)]
pub struct Txn {
    inner: DatabaseTransaction,
    audit_seq: i64,
    actor: String,
    at: DateTime<Utc>,
}

impl Txn {
    /// The connection inside the transaction.
    pub(in crate::domain) fn connection(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// The audit entry of the act.
    pub(in crate::domain) fn audit_seq(&self) -> i64 {
        self.audit_seq
    }

    /// Who does the act: a client id, or the operator.
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
        let row = change::ActiveModel {
            seq: NotSet,
            audit_seq: Set(self.audit_seq),
            kind: Set(kind),
            object_type: Set(object_type.to_owned()),
            object: Set(object.into()),
            audience_id: Set(audience),
        };
        change::Entity::insert(row).exec_without_returning(&self.inner).await?;
        Ok(())
    }

    /// Makes the act true.
    pub(in crate::domain) async fn commit(self) -> Result<()> {
        Ok(self.inner.commit().await?)
    }
}
