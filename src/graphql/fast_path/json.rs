//! JSON writer and its context.

use async_graphql::Variables;
use serde::Serialize;

use crate::{
    error::{Error, Result},
    graphql::{fast_path::prefetch::Prefetched, view::ViewContext},
};

/// Context of a response.
#[derive(Clone, Copy)]
pub(super) struct RenderContext<'a> {
    /// Context of declared fields.
    pub view: ViewContext<'a>,
    /// The variables with their defaults.
    pub variables: &'a Variables,
    /// Prefetched related rows.
    pub prefetched: &'a Prefetched,
}

/// Buffer of a response.
pub(super) struct JsonWriter(Vec<u8>);

impl JsonWriter {
    /// A buffer with the expected size of the response, so that it seldom grows.
    pub fn of(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Writes raw bytes.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Writes one raw byte.
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Writes a serializable value as JSON.
    pub fn leaf(&mut self, value: impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.0, &value).map_err(write_failed)
    }

    /// The bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

fn write_failed(error: serde_json::Error) -> Error {
    Error::internal(error)
}
