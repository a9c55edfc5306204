//! Clients as an administrator sees them.

use entity::{
    client, client_grant,
    value::{ClientId, Day, UnitId},
};

use crate::limit::Overrides;

/// A client (hệ thống kết nối) that the caller may administer.
#[derive(Clone, Debug)]
pub struct VisibleClient {
    row: client::Model,
    grants: Vec<VisibleGrant>,
}

impl VisibleClient {
    /// Row of the client.
    pub fn row(&self) -> &client::Model {
        &self.row
    }

    /// Key for data about the client that is read on its own.
    pub fn key(&self) -> VisibleClientId {
        VisibleClientId(self.row.id)
    }

    /// All grants of the client, oldest first.
    pub fn grants(&self) -> &[VisibleGrant] {
        &self.grants
    }

    pub(super) fn new(row: client::Model, grants: Vec<VisibleGrant>) -> Self {
        Self { row, grants }
    }
}

/// Id of a client that the caller may administer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VisibleClientId(ClientId);

impl VisibleClientId {
    /// The id.
    pub fn id(self) -> ClientId {
        self.0
    }
}

/// A grant (phạm vi được cấp) of a client that the caller may administer.
#[derive(Clone, Debug)]
pub struct VisibleGrant {
    row: client_grant::Model,
    units: Vec<UnitId>,
}

impl VisibleGrant {
    pub(super) fn new(row: client_grant::Model, units: Vec<UnitId>) -> Self {
        Self { row, units }
    }

    /// Row of the grant.
    pub fn row(&self) -> &client_grant::Model {
        &self.row
    }

    /// Units whose subtrees the grant includes.
    pub fn units(&self) -> &[UnitId] {
        &self.units
    }

    /// Limits in the grant.
    pub fn limits(&self) -> Overrides {
        Overrides::of_columns(self.row.requests_per_second, self.row.cost_per_minute)
    }

    /// Whether the grant is in force on a day.
    pub fn is_in_force(&self, day: Day) -> bool {
        self.row.is_valid_on(day)
    }

    /// End of the grant, exclusive, as granted or because it was replaced; `None`: no end.
    pub(super) fn ends_on(&self) -> Option<Day> {
        self.row.valid_to.into_iter().chain(self.row.ended_on).min()
    }

    /// Whether the grant is neither in force on a day nor later.
    pub(super) fn is_over(&self, day: Day) -> bool {
        // A grant replaced before its first day never takes effect.
        let never = self.ends_on().zip(self.row.valid_from).is_some_and(|(end, from)| end <= from);
        never || self.ends_on().is_some_and(|end| end <= day)
    }
}
