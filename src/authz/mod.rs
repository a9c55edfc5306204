//! Access control. The database connection is private to the domain, rows of a caller are already restricted to its
//! reach, and only a permit opens a transaction that writes.

mod appraisal_counts;
mod appraisals;
mod authorized;
mod cadre_with_rotations;
mod cadres;
mod change_log;
mod changes;
mod disclosure;
mod disclosures;
mod duties;
mod duty_exemptions;
mod export;
mod gateway;
mod import;
mod opened_appraisal;
mod permit;
mod person;
pub mod policy;
mod protected_fields;
mod rotation_details;
mod rotations;
mod standard_exemptions;
mod statistics;
mod study;
mod tag;
mod title_index;
mod training;
mod unit_references;

pub(crate) use appraisal_counts::AppraisalCount;
pub use appraisals::AppraisalYears;
pub use authorized::{AuthorizedCadre, AuthorizedCadreId, RelatedCadre};
pub use cadre_with_rotations::WithRotations;
pub(crate) use cadres::PostOn;
pub(crate) use cadres::custodians;
pub use cadres::{Cadres, PostCondition};
pub(crate) use change_log::Change;
pub use changes::{ChangeOperation, ChangeType, VisibleChange};
pub use disclosure::Unaudited;
pub use duties::DutyFacts;
pub(crate) use duties::FactExpressions;
pub use duty_exemptions::SealedExemption;
pub use gateway::Gateway;
pub(crate) use import::protected_files;
pub use opened_appraisal::VisibleAppraisal;
pub use permit::{Area, CommandKind, Permit, Txn};
pub use protected_fields::{Exemption, Identity, Origin, Political, Protected};
pub(crate) use protected_fields::{RetirementOutlook, ServiceKey};
pub use rotation_details::{AuthorizedRotationId, RuleInputs};
pub use rotations::{Rotations, VisibleRotation};
pub use statistics::Statistics;
pub use training::{AuthorizedClassId, Quotas, Training, VisibleClass, VisibleEnrolment, VisiblePlan, VisibleQuota};
pub use unit_references::ReferencesUnit;

use std::sync::{Arc, OnceLock};

use entity::value::{CadreId, Day, Purpose, Scope, UnitId};
use sea_orm::{
    ConnectionTrait, DatabaseBackend, EntityTrait, QuerySelect, QueryTrait, Select,
    sea_query::{Alias, Expr, Func, Query, SelectStatement},
};
use uuid::Uuid;

use crate::{
    app_state::{AppState, QueryCaches, ReachDigest, Snapshot},
    auth::{Caller, User},
    db::{PreparedReads, ReadMode, ReadSession, RowScope},
    error::{Error, Result},
    limit::Limits,
    page::{BoundedCount, Cursors, FeedCursors},
    reference::{
        ReferenceData,
        units::{Subtree, SubtreeKey, UnitSet, fingerprint},
    },
};

/// Units within the caller's reach. Only `Access::within_reach` and `within` create values, so a filter by them is
/// never wider than the reach.
#[derive(Debug)]
pub struct ReachedUnits(Arc<UnitSet>);

impl ReachedUnits {
    /// Whether the set contains a unit.
    pub fn contains(&self, unit: UnitId) -> bool {
        self.0.contains(&unit)
    }

    /// Number of units.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Text that is equal for equal sets of units, however they were computed.
    pub(crate) fn fingerprint(&self) -> String {
        fingerprint(&self.0)
    }

    /// Ids of the units, in no particular order.
    pub(crate) fn ids(&self) -> impl ExactSizeIterator<Item = Uuid> {
        self.0.iter().map(|unit| unit.0)
    }
}

/// Rights of one caller during one request. Created from a verified caller only.
#[derive(Debug)]
pub struct Access {
    app_state: Arc<AppState>,
    snapshot: Arc<Snapshot>,
    caller: Caller,
    purpose: Option<Purpose>,
    disclosures: disclosures::Disclosures,
    reach: Arc<UnitSet>,
    reach_digest: Arc<OnceLock<ReachDigest>>,
    today: Day,
    /// Limits of a client whose grant has none.
    service_limits: Limits,
    /// Read session with row-level security: a second protection in addition to the restricted selects.
    read_session: ReadSession,
}

impl Access {
    /// Access of a caller with an optional purpose. The snapshot and the current day are fixed for the whole request.
    ///
    /// # Errors
    /// `PurposeNotAllowed` if the caller's grant does not allow the purpose.
    pub fn of(
        caller: Caller,
        purpose: Option<Purpose>,
        app_state: Arc<AppState>,
        service_limits: Limits,
    ) -> Result<Self> {
        if purpose.is_some_and(|purpose| !caller.purposes().contains(&purpose)) {
            return Err(Error::PurposeNotAllowed { allowed: caller.purposes().iter().copied().collect() });
        }
        let snapshot = app_state.snapshot();
        let today = app_state.clock().today();
        let of_user = caller.on_behalf_of().map(User::roots);
        let units = snapshot.reference_data().units();
        let reach = snapshot.caches().reach_of(units, caller.roots(), of_user, today);
        let read_session = app_state.database().read_session(reach.row_scope);
        Ok(Self {
            app_state,
            snapshot,
            caller,
            purpose,
            disclosures: Default::default(),
            reach: reach.units,
            reach_digest: reach.digest,
            today,
            service_limits,
            read_session,
        })
    }

    /// Limits of a client whose grant has none.
    pub(crate) fn service_limits(&self) -> Limits {
        self.service_limits
    }

    /// Removes the restriction of selects, to test row-level security alone. Not part of release builds.
    #[cfg(debug_assertions)]
    #[doc(hidden)]
    pub fn without_narrowing(self) -> Self {
        let everything = self.reference_data().units().all().map(|unit| unit.row.id).collect();
        Self { reach: Arc::new(everything), reach_digest: Arc::default(), ..self }
    }

    /// Rights that the policy checks.
    pub fn rights(&self) -> policy::Rights<'_> {
        policy::Rights {
            scopes: self.caller.scopes(),
            purposes: self.caller.purposes(),
            purpose: self.purpose,
            is_for_a_cadre: self.caller.on_behalf_of().is_some_and(|person| person.cadre_id().is_some()),
        }
    }

    /// Whether the caller acts on behalf of the person with this cadre id.
    pub(crate) fn is_for(&self, cadre: CadreId) -> bool {
        self.caller.on_behalf_of().and_then(User::cadre_id) == Some(cadre)
    }

    /// Caller of the request.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Day of the request in Việt Nam.
    pub fn today(&self) -> Day {
        self.today
    }

    /// Snapshot of reference lists and, within the domain, of units.
    pub fn reference_data(&self) -> &ReferenceData {
        self.snapshot.reference_data()
    }

    /// Loads the reference data that a command of this request has changed, so that the next request of the client finds
    /// it. If that fails, it is loaded within a second, as in other processes.
    pub(crate) async fn refresh_reference_data(&self) {
        if let Err(error) = self.app_state.refresh().await {
            tracing::warn!(error = %error, "the reference data was not refreshed after a command");
        }
    }

    /// Reads the command that this request has committed, before its client gets the answer. Otherwise the next 304 of any
    /// client would read it and take longer, although its caller may not know of the command.
    pub(crate) async fn note_commit(&self) {
        if let Err(error) = self.app_state.last_commands(self.app_state.database().reader()).await {
            tracing::warn!(error = %error, "the last commands were not read after a command");
        }
    }

    /// Caches of the request's snapshot.
    pub(crate) fn caches(&self) -> &QueryCaches {
        self.snapshot.caches()
    }

    /// Subtree of a unit, not restricted to the reach. Cached with the snapshot.
    pub(crate) fn subtree(&self, key: SubtreeKey) -> Arc<Subtree> {
        self.caches().subtree(self.reference_data().units(), key)
    }

    /// Whether the grant reaches a unit.
    pub fn reaches(&self, unit: UnitId) -> bool {
        self.reach.contains(&unit)
    }

    /// Part of a set of units within the grant's reach.
    pub fn within_reach(&self, mut units: UnitSet) -> ReachedUnits {
        units.retain(|unit| self.reaches(*unit));
        ReachedUnits(Arc::new(units))
    }

    /// Part of a subtree within the grant's reach.
    pub(crate) fn within(&self, subtree: &Subtree) -> ReachedUnits {
        match self.reaches_all_of(subtree) {
            true => ReachedUnits(Arc::clone(subtree.units())),
            false => self.within_reach(UnitSet::clone(subtree.units())),
        }
    }

    /// Fingerprint of the part of a subtree within the grant's reach.
    pub(crate) fn fingerprint(&self, subtree: &Subtree) -> String {
        match self.reaches_all_of(subtree) {
            true => subtree.fingerprint().to_owned(),
            false => self.within(subtree).fingerprint(),
        }
    }

    /// Whether the grant reaches all units of a subtree.
    pub(crate) fn reaches_all_of(&self, subtree: &Subtree) -> bool {
        self.narrowing().is_none() || subtree.is_within(&self.reach)
    }

    /// Checks that the grant contains a scope.
    ///
    /// # Errors
    /// `Forbidden` with the field and the scope.
    pub(crate) fn require(&self, scope: Scope, field: &str) -> Result<()> {
        if self.caller.has(scope) {
            return Ok(());
        }
        Err(Error::Forbidden { fields: vec![field.to_owned()], missing: vec![scope] })
    }

    /// Number of rows of a select, at most `max`.
    pub(crate) async fn count<E: EntityTrait>(&self, select: Select<E>, max: u64) -> Result<BoundedCount> {
        let bounded = select.select_only().expr_as(Expr::val(1), "one").limit(max + 1).into_query();
        let count = Query::select()
            .expr_as(Func::count(Expr::cust("*")), "found")
            .from_subquery(bounded, Alias::new("bounded"))
            .take();
        Ok(BoundedCount::of(self.number(&count).await?, max))
    }

    /// The single number that a statement returns, such as a count; 0 if it returns no row or a negative number.
    pub(crate) async fn number(&self, select: &SelectStatement) -> Result<u64> {
        let row = self.reader().query_one(select).await?;
        let number: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(number).unwrap_or(0))
    }

    /// Cursors of a list, bound to this caller.
    pub(crate) fn cursors(&self, list: &impl serde::Serialize) -> Cursors {
        // Cursors are also bound to the person on whose behalf the client acts.
        let person = self.caller.on_behalf_of().map(User::id);
        let key = self.app_state.cursor_key();
        match person {
            None => key.cursors(self.caller.client_id(), list),
            Some(person) => key.cursors(self.caller.client_id(), &(person, list)),
        }
    }

    /// Cursors of the change feed, bound to this caller.
    pub(crate) fn feed_cursors(&self) -> FeedCursors {
        let person = self.caller.on_behalf_of().map(User::id);
        self.app_state.cursor_key().feed_cursors(&(self.caller.client_id().0, person.map(|person| person.0)))
    }

    /// Units of the reach; `None` if it contains all units.
    pub(crate) fn narrowing(&self) -> Option<&UnitSet> {
        (self.reach.len() < self.reference_data().units().len()).then_some(&*self.reach)
    }

    pub(crate) fn backend(&self) -> DatabaseBackend {
        self.app_state.database().backend()
    }

    /// Read session of the request; row-level security hides rows out of reach.
    pub(crate) fn reader(&self) -> &ReadSession {
        &self.read_session
    }

    /// Read session with prepared statements, for the few statements whose plan is good for all values.
    pub(crate) fn prepared(&self) -> PreparedReads<'_> {
        self.read_session.prepared()
    }

    /// Starts the reads of a request in the mode that it was compiled for.
    pub async fn start_reading(&self, read_mode: ReadMode) {
        self.read_session.start(read_mode).await;
    }

    /// Continues reading in this mode or a more general one. Rows that were read before must not become part of the
    /// response, because the next read may see a later snapshot.
    pub async fn continue_reading(&self, read_mode: ReadMode) {
        self.read_session.continue_in(read_mode).await;
    }

    /// Read session without row-level security, for data that is checked and not shown. Ends the caller's own session
    /// first, so that no request holds two connections.
    pub(crate) async fn beyond_reach(&self) -> ReadSession {
        self.read_session.end().await;
        self.app_state.database().read_session_on(&self.read_session, RowScope::Everything)
    }
}
