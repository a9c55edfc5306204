//! Conditions on the units of a rotation: each row is checked against the tree of its own day.

use entity::rotation;
use sea_orm::{Condition, DatabaseBackend};

use crate::{
    domain::unit::{lies_in, within},
    reference::units::Membership,
};

/// Selects which units of a rotation a condition applies to, and the day of the tree that they are looked up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The origin, on the start day.
    From,
    /// The destination, on the start day.
    To,
    /// The origin or the destination, on the start day.
    Either,
    /// The preparing unit, on the day of the proposal.
    Preparing,
}

impl Place {
    fn columns(self) -> &'static [rotation::Column] {
        match self {
            Self::From => &[rotation::Column::FromUnitId],
            Self::To => &[rotation::Column::ToUnitId],
            Self::Either => &[rotation::Column::FromUnitId, rotation::Column::ToUnitId],
            Self::Preparing => &[rotation::Column::PreparingUnitId],
        }
    }

    fn day(self) -> rotation::Column {
        match self {
            Self::From | Self::To | Self::Either => rotation::Column::StartOn,
            Self::Preparing => rotation::Column::ProposedOn,
        }
    }

    /// Rotations whose unit of this kind was in a subtree on the day.
    pub(super) fn lies_in(self, backend: DatabaseBackend, subtree: &[Membership]) -> Condition {
        lies_in(backend, subtree, self.columns(), |during| within(self.day(), during))
    }
}
