//! Acting persons at the command line.

use clap::{Args, Subcommand};
use entity::value::PersonId;

use crate::config::Rights;

/// Management of acting persons.
#[derive(Debug, Subcommand)]
pub enum PersonCommand {
    /// Register a person and print their id. What a client may do for them is what both may do.
    Add(PersonAdd),
    /// List the persons and their rights.
    List,
    /// Revoke a person; tokens for them stop working within seconds.
    Revoke {
        /// Person id.
        person: PersonId,
    },
}

/// An acting person to register.
#[derive(Debug, Args)]
pub struct PersonAdd {
    /// The issuer, as its tokens spell it.
    #[arg(long)]
    pub issuer: String,
    /// What the issuer's tokens call the person.
    #[arg(long)]
    pub subject: String,
    /// What clients may do for the person.
    #[command(flatten)]
    pub rights: Rights,
    /// Code of the cadre who the person is.
    #[arg(long)]
    pub cadre: Option<String>,
}
