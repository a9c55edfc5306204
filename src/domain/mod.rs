//! Domain logic: rules, queries and commands; one file or folder per concept. Independent of HTTP and GraphQL.

pub mod access_log;
pub mod appraisal;
pub mod bundle;
pub mod cadre;
pub mod change;
pub mod client;
pub mod command;
pub mod composition;
pub mod document;
pub mod duty;
pub mod export;
mod filter;
pub mod key;
pub mod maintenance;
pub mod node;
pub mod percent;
pub mod programme;
pub mod qualification;
pub mod refusal;
pub mod rotation;
pub mod rule;
pub mod standard;
pub mod title;
pub mod training;
pub mod unit;
pub mod user;
pub mod webhook;
