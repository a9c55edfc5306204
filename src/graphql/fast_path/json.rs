//! One pass of writing: what stands round it, and where the bytes go.

use async_graphql::Variables;
use serde::Serialize;

use crate::{
    domain::{authz::Access, reference_data::ReferenceData},
    error::{Error, Result},
    graphql::fast_path::prefetch::Prefetched,
    language::Language,
};

/// A type of the schema that is written straight from what it shows.
pub(super) trait Render: Sized + 'static {
    /// Its name in the schema.
    const NAME: &'static str;
    /// What it shows.
    type Of<'a>: Copy;
    /// How a field of it is written; nothing for a field that is left to the engine.
    fn field(field: &super::selection::Selected<'_>) -> Option<Write<Self>>;
}

/// Writes the value of one field.
pub(super) type Write<T> =
    Box<dyn for<'a> Fn(<T as Render>::Of<'a>, RenderContext<'a>, &mut JsonWriter) -> Result<()> + Send + Sync>;

/// A way to write a field of a type.
pub(super) fn write<T: Render>(
    how: impl for<'a> Fn(T::Of<'a>, RenderContext<'a>, &mut JsonWriter) -> Result<()> + Send + Sync + 'static,
) -> Option<Write<T>> {
    Some(Box::new(how))
}

/// What stands round the values of one answer.
#[derive(Clone, Copy)]
pub(super) struct RenderContext<'a> {
    /// Whose answer it is.
    pub access: &'a Access,
    /// The language of labels.
    pub language: Language,
    /// The settled variables.
    pub variables: &'a Variables,
    /// What was read for it.
    pub prefetched: &'a Prefetched,
}

impl<'a> RenderContext<'a> {
    /// Units and reference lists.
    pub fn reference_data(self) -> &'a ReferenceData {
        self.access.reference_data()
    }
}

/// The bytes of an answer.
pub(super) struct JsonWriter(Vec<u8>);

impl JsonWriter {
    /// Room for an answer of about so many bytes, so that few of them are moved while it grows.
    pub fn of(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Writes bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Writes one byte as it is.
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Writes a value that has a JSON form of its own.
    pub fn leaf(&mut self, value: impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.0, &value).map_err(unwritten)
    }

    /// The bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

fn unwritten(error: serde_json::Error) -> Error {
    Error::internal(error)
}
