//! Values of the request for resolvers.

use std::sync::Arc;

use async_graphql::Context;

use crate::{
    authz::Access,
    error::{Error, Result},
    graphql::loader::Loaders,
    language::Language,
    limit::Allowance,
    reference::ReferenceData,
};

/// Values of the request for resolvers.
pub(super) trait ContextExt<'a> {
    /// Access of the caller.
    fn access(&self) -> &'a Access;
    /// Batches of the request.
    fn loaders(&self) -> &'a Loaders;
    /// Language of labels and messages.
    fn language(&self) -> Language;
    /// Remaining limits of the client.
    fn allowance(&self) -> &'a Allowance;
    /// Units and reference lists.
    fn reference_data(&self) -> &'a ReferenceData {
        self.access().reference_data()
    }
}

impl<'a> ContextExt<'a> for Context<'a> {
    fn access(&self) -> &'a Access {
        self.data_unchecked::<Arc<Access>>()
    }

    fn loaders(&self) -> &'a Loaders {
        self.data_unchecked::<Loaders>()
    }

    fn allowance(&self) -> &'a Allowance {
        self.data_unchecked::<Arc<Allowance>>()
    }

    fn language(&self) -> Language {
        *self.data_unchecked::<Language>()
    }
}

/// Converts `NotFound` into null: missing objects and those out of reach look the same.
pub(super) fn found<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
