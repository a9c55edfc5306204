//! Conditions on the units of rows, each evaluated in the tree of the row's own day.

use entity::value::Period;
use sea_orm::{
    ColumnTrait, Condition, DatabaseBackend,
    sea_query::{Expr, ExprTrait},
};

use crate::{db, reference::units::Membership};

/// Number of conditions in one pair of parentheses. A chain of `OR` nests as deep as it is long, and both SQLite and
/// the statement builder recurse into it.
const CONDITIONS_PER_GROUP: usize = 100;

/// Condition that a unit in one of the columns was in a subtree on the row's own day. `when` selects the rows whose day
/// is in a period.
pub(in crate::domain) fn lies_in<C: ColumnTrait>(
    backend: DatabaseBackend,
    subtree: &[Membership],
    columns: &[C],
    when: impl Fn(Period) -> Condition,
) -> Condition {
    let during = |membership: &Membership| {
        let units = columns.iter().fold(Condition::any(), |any, column| {
            let column = Expr::col(column.as_column_ref());
            any.add(db::any_id(backend, column, membership.units.iter().map(|unit| unit.0)))
        });
        Condition::all().add(when(membership.during)).add(units)
    };
    // Membership in an empty set is false; an empty condition would be true.
    let none = subtree.is_empty().then(|| Condition::all().add(Expr::val(1).eq(0)));
    let groups = subtree.chunks(CONDITIONS_PER_GROUP).map(|part| part.iter().map(during).fold(Condition::any(), add));
    groups.chain(none).fold(Condition::any(), add)
}

fn add(of: Condition, one: Condition) -> Condition {
    of.add(one)
}

/// Condition that a day is in a period.
pub(in crate::domain) fn within<C: ColumnTrait>(day: C, period: Period) -> Condition {
    Condition::all()
        .add_option(period.from().map(|from| day.gte(from)))
        .add_option(period.until().map(|until| day.lt(until)))
}

#[cfg(test)]
mod tests {
    use entity::{
        rotation,
        value::{Day, UnitId},
    };
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

        let columns = [rotation::Column::FromUnitId, rotation::Column::ToUnitId];
        let condition =
            lies_in(DatabaseBackend::Sqlite, &subtree, &columns, |during| within(rotation::Column::StartOn, during));
        let found = rotation::Entity::find().filter(condition).all(&database).await;

        assert_eq!(found.expect("an expression that is not too deep").len(), 0);
    }
}
