//! The operation guard: compiles the text of a request into a document of limited size and cost. The GraphQL engine
//! never receives raw text, only compiled documents. Pure: no database, no HTTP, no waiting.

pub mod cache;
pub mod compile;
mod complexity;
pub mod coordinate;
mod cost;
pub mod deprecation;
pub mod document;
pub mod explain;
mod fragments;
pub mod input;
pub mod input_value;
pub mod lexer;
pub mod limits;
pub mod price;
pub mod rejection;
pub mod schema_index;

#[cfg(test)]
mod test_schema;
