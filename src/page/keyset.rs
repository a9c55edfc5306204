//! Keyset pagination in SQL: the order of a list, conditions on a position, bounded counts.

use sea_orm::{
    Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Order, SelectStatement, SimpleExpr},
};

use crate::page::{Direction, Key, Position, Way, Window};

/// Order of a list in SQL: its sort keys, then the id, so that the order is total. No key may be null.
#[derive(Clone, Debug)]
pub(crate) struct Keyset {
    keys: Vec<(SimpleExpr, Direction)>,
}

/// Side of a position.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    After,
    Before,
}

impl Keyset {
    /// Order by keys, with the id as tie breaker.
    pub(crate) fn new(mut keys: Vec<(SimpleExpr, Direction)>, id: impl Into<SimpleExpr>) -> Self {
        // The tie breaker has the direction of the last key, so that one index serves both.
        let direction = keys.last().map_or(Direction::Asc, |(_, direction)| *direction);
        keys.push((id.into(), direction));
        Self { keys }
    }

    /// Restricts a select to a window, in the window's direction, with a limit of one more than its size.
    pub(crate) fn narrow<E: EntityTrait>(&self, mut select: Select<E>, window: &Window) -> Select<E> {
        for (bound, side) in [(&window.after, Side::After), (&window.before, Side::Before)] {
            if let Some(position) = bound {
                select = select.filter(self.on(side, position));
            }
        }
        for (key, direction) in &self.keys {
            select = select.order_by(key.clone(), sql_order(*direction, window.way));
        }
        select.limit(window.size as u64 + 1)
    }

    /// Restores the order of rows that were restricted to a window and then joined.
    pub(crate) fn order(&self, select: &mut SelectStatement, window: &Window) {
        for (key, direction) in &self.keys {
            select.order_by_expr(key.clone(), sql_order(*direction, window.way));
        }
    }

    /// Condition for rows on one side of a position: past the position by the first key, or equal by the first key and
    /// past it by the second, and so on.
    fn on(&self, side: Side, position: &Position) -> Condition {
        let values: Vec<SimpleExpr> = position.keys.iter().map(value).chain([Expr::val(position.id)]).collect();
        let mut any = Condition::any();
        for at in 0..self.keys.len() {
            let mut all = Condition::all();
            for ((key, _), value) in self.keys.iter().zip(&values).take(at) {
                all = all.add(key.clone().eq(value.clone()));
            }
            let (key, direction) = &self.keys[at];
            let greater = (*direction == Direction::Asc) == (side == Side::After);
            let (key, value) = (key.clone(), values[at].clone());
            any = any.add(all.add(if greater { key.gt(value) } else { key.lt(value) }));
        }
        any
    }
}

fn value(key: &Key) -> SimpleExpr {
    match key {
        Key::Bytes(bytes) => Expr::val(bytes.clone()),
        Key::Text(text) => Expr::val(text.clone()),
        Key::Day(day) => Expr::val(*day),
        Key::Number(number) => Expr::val(*number),
        Key::Place(place) => Expr::val(*place),
    }
}

fn sql_order(direction: Direction, way: Way) -> Order {
    if (direction == Direction::Asc) == (way == Way::Forward) { Order::Asc } else { Order::Desc }
}
