//! Rights that coordinates of the schema require.

use entity::value::Scope;

use super::rights::Rights;

/// Right required by a coordinate of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A valid grant with any scopes; the coordinate shows no person.
    Nothing,
    /// This scope.
    Scope(Scope),
    /// Statistics on data that this scope opens: the scope itself, or `stats:read`, with rounded numbers.
    Numbers(Scope),
    /// Data of one person: this scope, or acting on behalf of that person. The domain checks that the caller acts for
    /// the same person.
    Own(Scope),
}

impl Need {
    /// Whether these rights satisfy the need.
    pub(super) fn is_met_by(self, rights: &Rights<'_>) -> bool {
        let has = |scope| rights.scopes.contains(&scope);
        match self {
            Self::Nothing => true,
            Self::Scope(scope) => has(scope),
            Self::Numbers(of) => has(of) || has(Scope::StatsRead),
            Self::Own(scope) => has(scope) || rights.is_for_a_cadre,
        }
    }

    /// Scope that opens the coordinate without restriction.
    pub(super) fn scope(self) -> Option<Scope> {
        match self {
            Self::Nothing => None,
            Self::Scope(scope) | Self::Numbers(scope) | Self::Own(scope) => Some(scope),
        }
    }
}
