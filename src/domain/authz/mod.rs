//! Who reaches what. The connection is in here and leaves only within the domain; a caller's rows come out of here
//! already narrowed; only a permit opens a transaction that writes.

mod cadre_with_rotations;
mod cadres;
mod disclosure;
mod permit;
mod person;
pub mod policy;
mod protected_fields;
mod rotation_details;
mod rotations;
mod statistics;
mod training;
mod unit_references;

pub use cadre_with_rotations::WithRotations;
pub use cadres::{AuthorizedCadre, AuthorizedCadreId, Cadres, HoldsPost};
pub use disclosure::Unaudited;
pub use permit::{Act, Permit, Txn};
pub use person::RelatedCadre;
pub use protected_fields::{Identity, Origin, Political, Protected};
pub(in crate::domain) use protected_fields::{RetirementOutlook, ServiceKey};
pub use rotation_details::{AuthorizedRotationId, RuleInputs};
pub use rotations::{Rotations, VisibleRotation};
pub use statistics::{RoundingKey, Statistics};
pub use training::{AuthorizedClassId, Quotas, Training, VisibleClass, VisibleEnrolment, VisiblePlan, VisibleQuota};
pub use unit_references::ReferencesUnit;

use std::sync::Arc;

use entity::value::{CadreId, Day, Purpose, Scope, UnitId};
use sea_orm::DatabaseBackend;
use uuid::Uuid;

use crate::{
    auth::{Caller, User},
    db::{LastReadMode, PreparedReads, ReadSession, RowScope},
    domain::{
        app_state::AppState,
        page::Cursors,
        reference_data::ReferenceData,
        unit::{Subtree, UnitSet, fingerprint},
    },
    error::{Error, Result},
};

/// Units that the caller reaches. Made by `Access::within_reach` and `within` alone, so that a bound to them is never wider
/// than the reach.
#[derive(Debug)]
pub struct ReachedUnits(Arc<UnitSet>);

impl ReachedUnits {
    /// Whether a unit is one of them.
    pub fn contains(&self, unit: UnitId) -> bool {
        self.0.contains(&unit)
    }

    /// How many they are.
    pub(in crate::domain) fn len(&self) -> usize {
        self.0.len()
    }

    /// The same text for the same units, whatever way they were found in.
    pub(in crate::domain) fn fingerprint(&self) -> String {
        fingerprint(&self.0)
    }

    /// Their ids, in no order.
    pub(in crate::domain) fn ids(&self) -> impl ExactSizeIterator<Item = Uuid> {
        self.0.iter().map(|unit| unit.0)
    }
}

/// What one caller may do in one request: made from a verified caller, and from nothing else.
#[derive(Debug)]
pub struct Access {
    app_state: Arc<AppState>,
    reference_data: Arc<ReferenceData>,
    caller: Caller,
    purpose: Option<Purpose>,
    disclosures: disclosure::Disclosures,
    reach: Arc<UnitSet>,
    today: Day,
    /// The second wall: whatever is asked, it reads no further than the reach.
    read_session: ReadSession,
}

impl Access {
    /// The access of a caller who states a purpose or none, with the registry and the day that the whole request sees.
    ///
    /// # Errors
    /// `PurposeNotAllowed` where the caller's grant does not allow the purpose.
    pub fn of(caller: Caller, purpose: Option<Purpose>, app_state: Arc<AppState>) -> Result<Self> {
        if purpose.is_some_and(|purpose| !caller.purposes().contains(&purpose)) {
            return Err(Error::PurposeNotAllowed { allowed: caller.purposes().iter().copied().collect() });
        }
        let reference_data = app_state.reference_data();
        let today = app_state.clock().today();
        let of_person = caller.on_behalf_of().map(User::roots);
        let (reach, row_scope) = reference_data.reach_of(caller.roots(), of_person, today);
        let read_session = app_state.database().read_session(row_scope);
        Ok(Self {
            app_state,
            reference_data,
            caller,
            purpose,
            disclosures: Default::default(),
            reach,
            today,
            read_session,
        })
    }

    /// The same without its own narrowing, for the test that the database's holds alone. No release build has it.
    #[cfg(debug_assertions)]
    #[doc(hidden)]
    pub fn without_narrowing(self) -> Self {
        let everything = self.reference_data.units().all().map(|unit| unit.row.id).collect();
        Self { reach: Arc::new(everything), ..self }
    }

    /// What the request may ask.
    pub fn rights(&self) -> policy::Rights<'_> {
        policy::Rights {
            scopes: self.caller.scopes(),
            purposes: self.caller.purposes(),
            purpose: self.purpose,
            is_for_a_cadre: self.caller.on_behalf_of().is_some_and(|person| person.cadre_id().is_some()),
        }
    }

    /// Whether the caller asks for the person who this cadre is.
    pub(in crate::domain) fn is_for(&self, cadre: CadreId) -> bool {
        self.caller.on_behalf_of().and_then(User::cadre_id) == Some(cadre)
    }

    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The day of the request in Việt Nam.
    pub fn today(&self) -> Day {
        self.today
    }

    /// Reference lists, and units to the domain.
    pub fn reference_data(&self) -> &ReferenceData {
        &self.reference_data
    }

    /// Whether the grant reaches a unit.
    pub fn reaches(&self, unit: UnitId) -> bool {
        self.reach.contains(&unit)
    }

    /// What of a set of units the grant reaches.
    pub fn within_reach(&self, mut units: UnitSet) -> ReachedUnits {
        units.retain(|unit| self.reaches(*unit));
        ReachedUnits(Arc::new(units))
    }

    /// What of a subtree the grant reaches.
    pub(in crate::domain) fn within(&self, subtree: &Subtree) -> ReachedUnits {
        match self.reaches_all_of(subtree) {
            true => ReachedUnits(Arc::clone(subtree.units())),
            false => self.within_reach(UnitSet::clone(subtree.units())),
        }
    }

    /// The fingerprint of what of a subtree the grant reaches.
    pub(in crate::domain) fn fingerprint(&self, subtree: &Subtree) -> String {
        match self.reaches_all_of(subtree) {
            true => subtree.fingerprint().to_owned(),
            false => self.within(subtree).fingerprint(),
        }
    }

    /// Whether the grant reaches the whole of a subtree.
    pub(in crate::domain) fn reaches_all_of(&self, subtree: &Subtree) -> bool {
        self.narrowing().is_none() || subtree.is_within(&self.reach)
    }

    /// Checks that the grant holds a scope.
    ///
    /// # Errors
    /// `Forbidden` naming the field and the scope.
    pub(in crate::domain) fn require(&self, scope: Scope, field: &str) -> Result<()> {
        if self.caller.has(scope) {
            return Ok(());
        }
        Err(Error::Forbidden { fields: vec![field.to_owned()], missing: vec![scope] })
    }

    /// The cursors of a list, bound to this caller.
    pub(in crate::domain) fn cursors(&self, list: &impl serde::Serialize) -> Cursors {
        // A cursor of one person opens nothing for another.
        let person = self.caller.on_behalf_of().map(User::id);
        let key = self.app_state.cursor_key();
        match person {
            None => key.cursors(self.caller.client_id(), list),
            Some(person) => key.cursors(self.caller.client_id(), &(person, list)),
        }
    }

    /// The units of the reach where they are fewer than all.
    pub(in crate::domain) fn narrowing(&self) -> Option<&UnitSet> {
        (self.reach.len() < self.reference_data.units().len()).then_some(&*self.reach)
    }

    pub(in crate::domain) fn backend(&self) -> DatabaseBackend {
        self.app_state.database().backend()
    }

    /// What questions are read through: nothing out of reach is in its sight.
    pub(in crate::domain) fn reader(&self) -> &ReadSession {
        &self.read_session
    }

    /// The same for statements of which there are few, each good by one plan whatever its values.
    pub(in crate::domain) fn prepared(&self) -> PreparedReads<'_> {
        self.read_session.prepared()
    }

    /// Asks in the course that the same question took last, and again in a wider one where it leads beyond.
    ///
    /// # Errors
    /// Whatever the question gives.
    pub async fn along<T>(&self, last: &LastReadMode, ask: impl AsyncFn() -> Result<T>) -> Result<T> {
        self.read_session.take(last.get()).await;
        loop {
            let answer = ask().await;
            match self.read_session.beyond().await {
                Some(wider) => self.read_session.take(wider).await,
                None => {
                    last.set(self.read_session.leave().await);
                    return answer;
                }
            }
        }
    }

    /// What sees everything, for what is weighed beyond the reach and not shown. The caller's own reading ends, so that
    /// nobody holds two connections.
    pub(in crate::domain) async fn beyond_reach(&self) -> ReadSession {
        self.read_session.end().await;
        self.app_state.database().read_session_on(&self.read_session, RowScope::Everything)
    }
}
