//! Pages of lists, with their arguments and counts.

use async_graphql::Variables;

use crate::{
    error::Result,
    graphql::{
        fast_path::{argument::Argument, conditions::Conditions},
        page,
    },
    page::{BoundedCount, Page, PageArgs},
};

/// A page, with its count if it is selected.
#[derive(Debug)]
pub(super) struct Listing<T> {
    /// The rows with their cursors.
    pub page: Page<T>,
    /// Size of the whole list.
    pub count: Option<BoundedCount>,
}

/// The paging arguments of a connection.
pub(super) struct Paging {
    /// Rows from the start of the list.
    pub first: Argument<Option<i32>>,
    /// Cursor before the first row.
    pub after: Argument<Option<String>>,
    /// Rows from the end of the list.
    pub last: Argument<Option<i32>>,
    /// Cursor after the last row.
    pub before: Argument<Option<String>>,
}

impl Paging {
    /// The values of the arguments with the variables of one request.
    pub fn value(&self, variables: &Variables) -> Result<PageArgs> {
        Ok(PageArgs {
            first: *self.first.value(variables)?,
            after: self.after.value(variables)?.into_owned(),
            last: *self.last.value(variables)?,
            before: self.before.value(variables)?.into_owned(),
        })
    }
}

/// Bound of the count of a list, and its conditions.
pub(super) struct Count {
    /// The largest count.
    pub max: Argument<i32>,
    /// Conditions of the selection.
    pub when: Conditions,
}

impl Count {
    /// The bound; `None` if the count is not selected.
    pub fn bound(&self, variables: &Variables) -> Result<Option<u64>> {
        if !self.when.are_met(variables) {
            return Ok(None);
        }
        page::bound(*self.max.value(variables)?).map(Some)
    }
}
