//! The operation guard: turns the text of a request into a document that is known to be finite and affordable.
//! The GraphQL engine never meets raw text; it gets what `compile` let through. Pure: no database, no HTTP, no waiting.

pub mod cache;
pub mod compile;
mod complexity;
mod cost;
pub mod document;
pub mod explain;
mod fragments;
pub mod input;
pub mod lexer;
pub mod limits;
pub mod price;
pub mod rejection;
pub mod schema_index;

#[cfg(test)]
mod test_schema;
