//! One binary for all tests: each linked binary costs a minute, and the PostgreSQL is started once.

mod access;
mod audit;
mod cadre;
mod composition;
mod facts;
mod guide;
mod hostile;
mod http;
mod import;
mod imported_training;
mod isolation;
mod layers;
mod process;
mod rotation;
mod rule;
mod schema;
mod statements;
mod tables;
mod training;
mod unit;
mod world;
