//! Reads of the index of titles for statistics.

use std::collections::HashSet;

use entity::{
    headcount_state, title_index,
    value::{Day, UnitId},
};
use sea_orm::{
    ColumnTrait,
    sea_query::{Expr, ExprTrait, Query, SelectStatement, SimpleExpr},
};

use super::{ReachedUnits, Statistics};
use crate::{db, projection::headcount};

/// An index row is read some 16 times faster than the posts and qualifications of a person. A smaller part of the
/// branches is therefore counted from the posts.
const TIMES_FASTER: usize = 16;

impl Statistics<'_> {
    /// Select, without columns, of the rows of the index of titles for the day, in the units and with one of the titles.
    /// Empty if the index does not exist in this format. `None` if the units are so few of their branches that their
    /// posts are read faster.
    pub(crate) fn titles_on(&self, day: Day, units: &ReachedUnits, titles: Option<&[&str]>) -> Option<SelectStatement> {
        use title_index::Column as Of;
        let (access, backend) = (self.access(), self.access().backend());
        let all = access.reference_data().units();
        let branches: HashSet<UnitId> = units.ids().map(|unit| all.branch(UnitId(unit))).collect();
        let in_branches: usize = branches.iter().map(|branch| all.len_of_branch(*branch)).sum();
        if units.len() * TIMES_FASTER < in_branches {
            return None;
        }
        let column = |column| Expr::col((title_index::Entity, column));
        let version = Query::select().column(headcount_state::Column::Version).from(headcount_state::Entity).take();
        let mut rows = Query::select()
            .from(title_index::Entity)
            .and_where(SimpleExpr::from(version).eq(headcount::VERSION))
            .and_where(db::any_id(backend, column(Of::BranchId), branches.iter().map(|unit| unit.0)))
            .and_where(Of::UntilOn.gt(day))
            .and_where(Of::FromOn.lte(day))
            .take();
        if units.len() < in_branches {
            rows.and_where(db::is_any_id(backend, column(Of::UnitId), units.ids()));
        }
        if let Some(titles) = titles {
            rows.and_where(db::any_word(backend, column(Of::TitleCode), titles.iter().copied()));
        }
        Some(rows)
    }
}
