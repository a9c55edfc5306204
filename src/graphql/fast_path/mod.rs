//! Fast path for queries: writes the response as JSON directly from the rows, following the compiled selection.
//!
//! The engine creates a future, several allocations and a value for each field, which for a page costs more than
//! reading it. Here a selection is compiled once with its document, the rows are read by one batch per kind, and one
//! pass writes the bytes. It applies to documents that the engine has validated and executed once, and that select only
//! supported fields. If it fails, the engine executes the query again and reports the error. The bytes are the same.

mod argument;
mod conditions;
mod fields;
mod json;
mod lookup;
mod page;
mod paging;
pub mod prefetch;
mod roots;
mod selection;

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_graphql::{
    Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};

use crate::{
    authz::{Access, VisibleQuota},
    db::ReadMode,
    error::Result,
    graphql::{
        fast_path::{
            json::{JsonWriter, RenderContext},
            lookup::{Reads, RootData, RootField},
            prefetch::{Prefetched, Requirements},
            selection::{CompiledSelection, Compiling},
        },
        guard::schema_index::SchemaIndex,
        view::ViewContext,
    },
    language::Language,
};

/// Initial buffer size for a response, in bytes.
const INITIAL_BUFFER: usize = 4 * 1024;

/// A query that is executed without the engine.
pub struct FastPath {
    lookups: Vec<RootField>,
    set: CompiledSelection<roots::Query>,
    requirements: Requirements,
    read_mode: ReadMode,
    /// Size of the last response, in bytes.
    last_size: AtomicUsize,
}

impl fmt::Debug for FastPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FastPath")
    }
}

impl FastPath {
    /// Compiles the single operation of a document that the engine has validated; `None` if it is not a query or
    /// selects an unsupported field.
    pub fn compile(schema_index: &SchemaIndex, document: &ExecutableDocument, max_fields: u64) -> Option<Self> {
        let operation = match &document.operations {
            DocumentOperations::Single(operation) => operation,
            DocumentOperations::Multiple(operations) if operations.len() == 1 => operations.values().next()?,
            DocumentOperations::Multiple(_) => return None,
        };
        let operation = &operation.node;
        if operation.ty != OperationType::Query || !operation.directives.is_empty() {
            return None;
        }
        let compiling = Compiling::new(schema_index, &document.fragments, max_fields);
        let set = compiling.set::<roots::Query>(&[&operation.selection_set.node])?;
        let (lookups, requirements) = compiling.into_parts();
        let read_mode = read_mode(&lookups, &requirements);
        Some(Self { lookups, set, requirements, read_mode, last_size: AtomicUsize::new(INITIAL_BUFFER) })
    }

    /// The whole body of the response.
    ///
    /// # Errors
    /// Any error that the engine would report.
    pub async fn answer(&self, access: &Access, language: Language, variables: &Variables) -> Result<Vec<u8>> {
        access.start_reading(self.read_mode).await;
        let mut results = Vec::with_capacity(self.lookups.len());
        for lookups in &self.lookups {
            results.push(lookups.find(access, &self.requirements, variables).await?);
        }
        let quotas: Vec<&VisibleQuota> = results.iter().flat_map(RootData::quotas).collect();
        let prefetched = Prefetched::of(access, &self.requirements, &quotas).await?;
        let with = RenderContext { view: ViewContext { access, language }, variables, prefetched: &prefetched };
        let last_size = self.last_size.load(Ordering::Relaxed);
        let mut out = JsonWriter::of(last_size + last_size / 8);
        out.raw(br#"{"data":"#);
        self.set.one(results.as_slice(), with, &mut out)?;
        out.raw(b"}");
        let body = out.into_bytes();
        self.last_size.store(body.len(), Ordering::Relaxed);
        Ok(body)
    }
}

/// The cheapest mode for these reads. Lists and compositions that are not covered by a projection continue in a more
/// general mode (`Access::continue_reading`).
fn read_mode(lookups: &[RootField], requirements: &Requirements) -> ReadMode {
    let reads: Reads = lookups.iter().map(RootField::reads).sum();
    match reads.statements + requirements.statements() {
        0 | 1 => ReadMode::Single,
        _ if reads.need_choice => ReadMode::Any,
        _ => ReadMode::Prepared,
    }
}

/// Unsupported fields of the supported types; they are left to the engine. The supported roots are `cadre`, `cadres`
/// and `unit`; pages and counts are supported on a unit that a root returns.
pub const NOT_ON_FAST_PATH: [&str; 28] = [
    "Cadre.accessLog",
    "Cadre.appraisals",
    "Cadre.duties",
    "Cadre.dutyExemptions",
    "Cadre.enrolments",
    "Cadre.goodYears",
    "Cadre.identity",
    "Cadre.origin",
    "Cadre.political",
    "Cadre.standing",
    "Cadre.studyRecord",
    "Quota.parent",
    "Rotation.appraisals",
    "Rotation.cadre",
    "Rotation.checks",
    "Rotation.overrides",
    "Rotation.steps",
    "TrainingPlan.document",
    "TrainingPlan.quotas",
    "Unit.appraisals",
    "Unit.duty",
    "Unit.formerNames",
    "Unit.predecessors",
    "Unit.rotationFlows",
    "Unit.standardGap",
    "Unit.subunits",
    "Unit.successors",
    "Unit.trainingProgress",
];

#[cfg(test)]
mod tests;
