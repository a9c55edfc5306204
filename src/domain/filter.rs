//! Helpers for the filters of lists.

use entity::{cadre, value::CadreCode};
use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::error::{Error, Result};

/// Maximum number of entries of a list in a filter.
const MAX_ENTRIES: usize = 200;

/// Checks the length of a list in a filter.
///
/// # Errors
/// `Invalid` for the field.
pub(in crate::domain) fn ensure_short(field: &str, entries: usize) -> Result<()> {
    if entries <= MAX_ENTRIES {
        return Ok(());
    }
    Err(Error::invalid(
        field,
        format!("Danh sách có quá {MAX_ENTRIES} mục; hãy bỏ các mục lặp lại."),
        format!("The list has more than {MAX_ENTRIES} entries; remove repeated ones."),
    ))
}

/// Condition that matches no row.
pub(in crate::domain) fn nothing() -> Condition {
    Condition::all().add(Expr::val(1).eq(0))
}

/// Condition that a column refers to the person with a code. An unknown code gives the same result as the code of a
/// person without rows.
pub(in crate::domain) fn of_person<C: ColumnTrait>(column: C, code: &str) -> Condition {
    // Malformed codes may contain characters that a database rejects.
    let Ok(code) = code.parse::<CadreCode>() else { return nothing() };
    let person = Query::select()
        .column((cadre::Entity, cadre::Column::Id))
        .from(cadre::Entity)
        .and_where(cadre::Column::Code.eq(code))
        .take();
    Condition::all().add(column.in_subquery(person))
}
