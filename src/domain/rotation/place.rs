//! Conditions on the units of a rotation: each row asks the tree of a day of its own.

use entity::{rotation, value::Period};
use sea_orm::{
    ColumnTrait, Condition, DatabaseBackend,
    sea_query::{Expr, ExprTrait},
};

use crate::{db, domain::unit::Membership};

/// Conditions that stand beside one another in one bracket. A chain of "or" is as deep as it is long, and both SQLite and
/// whoever writes the statement go down into it.
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
    pub(super) fn lies_in(self, backend: DatabaseBackend, subtree: &[Membership]) -> Condition {
        let during = |membership: &Membership| {
            let units = self.columns().iter().fold(Condition::any(), |any, column| {
                let column = Expr::col((rotation::Entity, *column));
                any.add(db::any_id(backend, column, membership.units.iter().map(|unit| unit.0)))
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

#[cfg(test)]
mod tests {
    use entity::value::{Day, UnitId};
    use migration::{Migrator, MigratorTrait};
    use sea_orm::{Database, EntityTrait, QueryFilter};

    use super::*;

    #[tokio::test]
    async fn a_subtree_that_changed_a_thousand_times_is_still_one_statement() {
        let database = Database::connect("sqlite::memory:").await.expect("a database");
        Migrator::up(&database, None).await.expect("migrated");
        let first = Day::of(2000, 1, 1).expect("a day");
        let during = |months| Period::new(first.plus_months(months), first.plus_months(months + 1)).expect("a month");
        let subtree: Vec<Membership> =
            (0..1_100).map(|months| Membership { during: during(months), units: vec![UnitId::new()] }).collect();

        let condition = Place::Either.lies_in(DatabaseBackend::Sqlite, &subtree);
        let found = rotation::Entity::find().filter(condition).all(&database).await;

        assert_eq!(found.expect("an expression that is not too deep").len(), 0);
    }
}
