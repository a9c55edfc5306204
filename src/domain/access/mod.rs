//! Who reaches what. The connection is in here and leaves only within the domain; a caller's rows come out of here
//! already narrowed; only a permit opens a transaction that writes.

mod cadres;
mod names;
mod permit;
mod person;
pub mod policy;
mod records;
mod rotations;
mod sealed;
mod training;

pub use cadres::{Cadres, Seen, Visible};
pub use names::Names;
pub use permit::{Act, Permit, Txn};
pub use person::KnownPerson;
pub use records::{Judged, SeenRotation};
pub use rotations::{Rotations, VisibleRotation};
pub(in crate::domain) use sealed::Service;
pub use sealed::{Identity, Origin, Political};
pub use training::{Quotas, Training, VisibleClass, VisibleEnrolment, VisiblePlan, VisibleQuota};

use std::sync::Arc;

use entity::value::{Day, Scope, UnitId};
use sea_orm::{DatabaseBackend, DatabaseConnection};
use uuid::Uuid;

use crate::{
    auth::{Caller, Person},
    domain::{house::House, page::Cursors, registry::Registry, unit::UnitSet},
    error::{Error, Result},
};

/// Units that the caller reaches. Made by `Access::within_reach` alone, so that a bound to them is never wider than the
/// reach.
#[derive(Debug)]
pub struct ReachedUnits(UnitSet);

impl ReachedUnits {
    /// Whether a unit is one of them.
    pub fn contains(&self, unit: UnitId) -> bool {
        self.0.contains(&unit)
    }

    /// Their ids, in no order.
    pub(in crate::domain) fn ids(&self) -> impl Iterator<Item = Uuid> {
        self.0.iter().map(|unit| unit.0)
    }
}

/// What one caller may do in one request: made from a verified caller, and from nothing else.
#[derive(Debug)]
pub struct Access {
    house: Arc<House>,
    registry: Arc<Registry>,
    caller: Caller,
    reach: Arc<UnitSet>,
    today: Day,
}

impl Access {
    /// The access of a caller, with the registry and the day that the whole request sees.
    pub fn of(caller: Caller, house: Arc<House>) -> Self {
        let registry = house.registry();
        let today = house.clock().today();
        let reach = reach_of(&caller, &registry, today);
        Self { house, registry, caller, reach, today }
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
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Whether the grant reaches a unit.
    pub fn reaches(&self, unit: UnitId) -> bool {
        self.reach.contains(&unit)
    }

    /// What of a set of units the grant reaches.
    pub fn within_reach(&self, mut units: UnitSet) -> ReachedUnits {
        units.retain(|unit| self.reaches(*unit));
        ReachedUnits(units)
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
    pub(in crate::domain) fn cursors(&self, list: &impl serde::Serialize) -> Cursors<'_> {
        // A cursor of one person opens nothing for another.
        let person = self.caller.on_behalf_of().map(Person::id);
        let key = self.house.cursor_key();
        match person {
            None => key.cursors(self.caller.client_id(), list),
            Some(person) => key.cursors(self.caller.client_id(), &(person, list)),
        }
    }

    /// The units of the reach where they are fewer than all.
    pub(in crate::domain) fn narrowing(&self) -> Option<&UnitSet> {
        (self.reach.len() < self.registry.units().len()).then_some(&*self.reach)
    }

    pub(in crate::domain) fn backend(&self) -> DatabaseBackend {
        self.house.database().backend()
    }

    pub(in crate::domain) fn reader(&self) -> &DatabaseConnection {
        self.house.database().reader()
    }
}

/// What the client reaches; where it asks for a person, what both reach.
fn reach_of(caller: &Caller, registry: &Registry, today: Day) -> Arc<UnitSet> {
    let reach = registry.reach_of(caller.roots(), today);
    let Some(person) = caller.on_behalf_of() else { return reach };
    let of_person = registry.reach_of(person.roots(), today);
    Arc::new(reach.intersection(&of_person).copied().collect())
}
