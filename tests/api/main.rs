//! One binary for all tests: each linked binary costs a minute, and the PostgreSQL is started once.

mod access;
mod audit;
mod cadre;
mod composition;
mod differential;
mod embargo;
mod facts;
mod guide;
mod hostile;
mod http;
mod import;
mod imported_training;
mod isolation;
mod layers;
mod probe;
mod process;
mod rotation;
mod rotation_act;
mod rule;
mod schema;
mod statements;
mod tables;
mod training;
mod training_act;
mod unit;
mod world;
