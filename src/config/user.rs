//! Acting persons at the command line.

use clap::{Args, Subcommand};
use entity::value::PersonId;

use crate::config::Rights;

/// Management of acting persons.
#[derive(Debug, Subcommand)]
pub enum PersonCommand {
    /// Register a person and print their id. On their behalf a client has only the rights that both have.
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
    /// The issuer, exactly as in its tokens.
    #[arg(long)]
    pub issuer: String,
    /// Name of the person in the tokens of the issuer.
    #[arg(long)]
    pub subject: String,
    /// Rights of clients on behalf of the person.
    #[command(flatten)]
    pub rights: Rights,
    /// Code of the cadre, if the person is one.
    #[arg(long)]
    pub cadre: Option<String>,
}
