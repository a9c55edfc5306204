//! Rights that a command grants to a client or a person.

use clap::Args;
use entity::value::{Purpose, Scope};

use crate::config::value::one_of;

/// Scopes, units and purposes.
#[derive(Debug, Args)]
pub struct Rights {
    /// Scopes to grant, such as `cadre:read`.
    #[arg(long = "scope", required = true, num_args = 1.., value_parser = one_of::<Scope>())]
    pub scopes: Vec<Scope>,
    /// Units, whose subtrees are reached: by code, or by an identifier of today, such as `VN_AGENCY:H11.12`.
    #[arg(long = "unit", required = true, num_args = 1..)]
    pub units: Vec<String>,
    /// Purposes for which protected data may be read.
    #[arg(long = "purpose", num_args = 1.., value_parser = one_of::<Purpose>())]
    pub purposes: Vec<Purpose>,
}
