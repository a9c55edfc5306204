//! One binary for all tests: each linked binary costs a minute, and the PostgreSQL is started once.

mod audit;
mod facts;
mod hostile;
mod http;
mod layers;
mod process;
mod schema;
mod tables;
mod unit;
mod world;
