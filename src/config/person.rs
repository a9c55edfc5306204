//! Acting persons at the command line.

use clap::{Args, Subcommand};
use entity::value::{PersonId, Purpose, Scope};

use crate::config::one_of;

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
    /// Scopes to grant, such as `cadre:read`.
    #[arg(long = "scope", required = true, num_args = 1.., value_parser = one_of::<Scope>)]
    pub scopes: Vec<Scope>,
    /// Codes of units; the person reaches their subtrees.
    #[arg(long = "unit", required = true, num_args = 1..)]
    pub units: Vec<String>,
    /// Purposes that may be stated for protected data.
    #[arg(long = "purpose", num_args = 1.., value_parser = one_of::<Purpose>)]
    pub purposes: Vec<Purpose>,
    /// Code of the cadre who the person is.
    #[arg(long)]
    pub cadre: Option<String>,
}
