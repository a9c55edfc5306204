//! Rights of a request.

use std::collections::BTreeSet;

use entity::value::{Purpose, Scope};

/// Rights of a request: the caller's scopes and the purpose.
#[derive(Clone, Copy, Debug)]
pub struct Rights<'a> {
    /// Scopes contained in both the grant and the token.
    pub scopes: &'a BTreeSet<Scope>,
    /// Purposes that the grant allows.
    pub purposes: &'a BTreeSet<Purpose>,
    /// Purpose stated by the request; one of `purposes`.
    pub purpose: Option<Purpose>,
    /// Whether the client acts on behalf of a user who is known to be a cadre.
    pub is_for_a_cadre: bool,
}
