//! One binary for all tests: each linked binary costs a minute, and the PostgreSQL is started once.

mod audit;
mod facts;
mod guide;
mod import;
mod layers;
mod unit;
mod world;
