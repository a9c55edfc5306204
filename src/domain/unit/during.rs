//! Conditions on the units of rows: each row asks the tree of a day of its own.

use entity::value::Period;
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

/// Rows with a unit in one of the columns that was in a subtree on the row's own day. `when` says which rows have their
/// day in a period.
pub(in crate::domain) fn lies_in<C: ColumnTrait>(
    access: &Access,
    subtree: &[Membership],
    columns: &[C],
    when: impl Fn(Period) -> Condition,
) -> Condition {
    let during = |membership: &Membership| {
        let units = columns.iter().fold(Condition::any(), |any, column| {
            let column = Expr::col(column.as_column_ref());
            any.add(db::any_id(access.backend(), column, membership.units.iter().map(|unit| unit.0)))
        });
        Condition::all().add(when(membership.during)).add(units)
    };
    // "In one of none" holds for no row; an empty condition would hold for all.
    let none = subtree.is_empty().then(|| Condition::all().add(Expr::val(1).eq(0)));
    let brackets = subtree.chunks(IN_A_BRACKET).map(|part| part.iter().map(during).fold(Condition::any(), add));
    brackets.chain(none).fold(Condition::any(), add)
}

fn add(of: Condition, one: Condition) -> Condition {
    of.add(one)
}

/// A day lies in a period.
pub(in crate::domain) fn within<C: ColumnTrait>(day: C, period: Period) -> Condition {
    Condition::all()
        .add_option(period.from().map(|from| day.gte(from)))
        .add_option(period.until().map(|until| day.lt(until)))
}
