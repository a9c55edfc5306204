//! The straight way of a question: its answer written as JSON from the rows, following the compiled selection.
//!
//! The engine makes a future, an allocation or five and a value of each field, which for a page costs more than reading
//! it. Here a selection is compiled once with its document, the rows are read by one batch per kind, and one pass writes
//! the bytes. It is taken for documents that the engine has validated and run once, and that ask for nothing but what is
//! written here; whatever fails on it is asked again of the engine, which tells the error. The bytes are the same.

mod argument;
mod composition;
mod gather;
mod page;
mod person;
mod qualification;
mod quota;
mod root;
mod rotation;
mod selection;
mod unit;
mod write;

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_graphql::{
    Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};

use crate::{
    db::LastReadMode,
    domain::authz::Access,
    error::Result,
    graphql::{
        operation::shape::Shape,
        straight::{
            gather::{Gathered, Needs},
            root::Asked,
            selection::{Compiling, Set},
            write::{Out, With},
        },
    },
    language::Language,
};

/// Bytes of a small answer.
const USUAL: usize = 4 * 1024;

/// A query that is answered without the engine.
pub struct Straight {
    asked: Vec<Asked>,
    set: Set<root::Query>,
    needs: Needs,
    read_mode: LastReadMode,
    /// Bytes of the last answer.
    last: AtomicUsize,
}

impl fmt::Debug for Straight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Straight")
    }
}

impl Straight {
    /// Compiles the one operation of a document that the engine has validated; nothing where it is no query, or asks for
    /// something that is left to the engine.
    pub fn compile(shape: &Shape, document: &ExecutableDocument, largest: u64) -> Option<Self> {
        let operation = match &document.operations {
            DocumentOperations::Single(operation) => operation,
            DocumentOperations::Multiple(operations) if operations.len() == 1 => operations.values().next()?,
            DocumentOperations::Multiple(_) => return None,
        };
        let operation = &operation.node;
        if operation.ty != OperationType::Query || !operation.directives.is_empty() {
            return None;
        }
        let compiling = Compiling::new(shape, &document.fragments, largest);
        let set = compiling.set::<root::Query>(&[&operation.selection_set.node])?;
        let (asked, needs) = compiling.into_parts();
        Some(Self { asked, set, needs, read_mode: LastReadMode::default(), last: AtomicUsize::new(USUAL) })
    }

    /// The whole body of the answer.
    ///
    /// # Errors
    /// Whatever the engine would tell beside the data, or instead of it.
    pub async fn answer(&self, access: &Access, language: Language, variables: &Variables) -> Result<Vec<u8>> {
        access.along(&self.read_mode, async || self.written(access, language, variables).await).await
    }

    async fn written(&self, access: &Access, language: Language, variables: &Variables) -> Result<Vec<u8>> {
        let mut found = Vec::with_capacity(self.asked.len());
        for asked in &self.asked {
            found.push(asked.find(access, &self.needs, variables).await?);
        }
        let gathered = Gathered::of(access, &self.needs, &found).await?;
        let with = With { access, language, variables, gathered: &gathered };
        let last = self.last.load(Ordering::Relaxed);
        let mut out = Out::of(last + last / 8);
        out.raw(br#"{"data":"#);
        self.set.one(found.as_slice(), with, &mut out)?;
        out.raw(b"}");
        let body = out.into_bytes();
        self.last.store(body.len(), Ordering::Relaxed);
        Ok(body)
    }
}

/// What of the types that are written here is left to the engine. The roots that are written are `cadre`, `cadres` and
/// `unit`; pages and numbers hang on a unit that a root names.
pub const LEFT: [&str; 18] = [
    "Cadre.accessLog",
    "Cadre.enrolments",
    "Cadre.identity",
    "Cadre.origin",
    "Cadre.political",
    "Quota.parent",
    "Rotation.appraisals",
    "Rotation.cadre",
    "Rotation.checks",
    "Rotation.overrides",
    "Rotation.steps",
    "TrainingPlan.quotas",
    "Unit.formerNames",
    "Unit.predecessors",
    "Unit.rotationFlows",
    "Unit.subunits",
    "Unit.successors",
    "Unit.trainingProgress",
];

#[cfg(test)]
mod tests;
