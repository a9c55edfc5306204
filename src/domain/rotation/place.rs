//! Conditions on the units of a rotation: each row asks the tree of a day of its own.

use entity::{rotation, value::Period};
use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    db,
    domain::{access::Access, unit::Membership},
};

/// Conditions that stand beside one another in one bracket. SQLite bounds how deep an expression is, and a chain of "or"
/// is as deep as it is long.
const IN_A_BRACKET: usize = 100;

/// Which units of a rotation are meant, and the day of the tree that they are looked up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The unit left, on the start day.
    From,
    /// The unit gone to, on the start day.
    To,
    /// Either of the two, on the start day.
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

    /// Rotations with a unit there that was in a subtree on the day.
    pub(super) fn lies_in(self, access: &Access, subtree: &[Membership]) -> Condition {
        let during = |membership: &Membership| {
            let units = self.columns().iter().fold(Condition::any(), |any, column| {
                let column = Expr::col((rotation::Entity, *column));
                any.add(db::any_id(access.backend(), column, membership.units.iter().map(|unit| unit.0)))
            });
            Condition::all().add(within(self.day(), membership.during)).add(units)
        };
        // "In one of none" holds for no rotation; an empty condition would hold for all.
        let none = subtree.is_empty().then(|| Condition::all().add(Expr::val(1).eq(0)));
        let brackets = subtree.chunks(IN_A_BRACKET).map(|part| part.iter().map(during).fold(Condition::any(), add));
        brackets.chain(none).fold(Condition::any(), add)
    }
}

fn add(of: Condition, one: Condition) -> Condition {
    of.add(one)
}

/// A day lies in a period.
pub(super) fn within(day: rotation::Column, period: Period) -> Condition {
    Condition::all()
        .add_option(period.from().map(|from| day.gte(from)))
        .add_option(period.until().map(|until| day.lt(until)))
}
