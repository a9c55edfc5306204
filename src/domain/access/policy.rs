//! The whole policy on one screen: which scope opens which field, filter or sort.
//!
//! A new root field without a line here fails the golden table of the tests; a new field of a person's type is closed
//! until its type is opened.

use std::collections::BTreeSet;

use entity::value::Scope;

use crate::error::{Error, Result};

/// What a coordinate of the schema asks of the grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A valid grant, whatever its scopes: no person can be seen through it.
    Nothing,
    /// This scope.
    Scope(Scope),
}

/// The need of a schema coordinate, `Type.field`; nothing where no decision was taken.
pub fn need(coordinate: &str) -> Option<Need> {
    use Need::{Nothing, Scope as Needs};
    let (parent, field) = coordinate.split_once('.')?;
    Some(match (parent, field) {
        (_, "__typename") => Nothing,

        // Protected facts, and every way to ask by them.
        ("Cadre", "identity") | ("CadreKey", "nationalId") | ("Identity", _) => Needs(Scope::CadreIdentityRead),
        ("Cadre", "political") | ("Political", _) => Needs(Scope::CadrePoliticalRead),
        ("Cadre", "origin") | ("Origin", _) => Needs(Scope::CadreOriginRead),

        // Persons, and numbers about persons until small cells are suppressed.
        ("Query", "cadre" | "cadres") | ("Unit", "cadres" | "composition") => Needs(Scope::CadreRead),
        ("Cadre" | "CadreConnection" | "CadreEdge" | "Assignment" | "Qualification", _) => Needs(Scope::CadreRead),
        ("Composition" | "LevelShare" | "Share", _) => Needs(Scope::CadreRead),

        // Units and reference lists within reach.
        ("Query", "node" | "nodes" | "viewer" | "unit" | "units" | "titles" | "qualificationSubjects") => Nothing,
        ("Query", "__schema" | "__type") => Nothing,
        ("Query", _) => return None,
        _ => Nothing,
    })
}

/// Checks an operation before it runs.
///
/// # Errors
/// `Forbidden` with every coordinate that is closed and the scopes that would open it.
pub fn admit<'a>(scopes: &BTreeSet<Scope>, coordinates: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut fields = Vec::new();
    let mut missing = BTreeSet::new();
    for coordinate in coordinates {
        if let Some(Need::Scope(scope)) = need(coordinate)
            && !scopes.contains(&scope)
        {
            fields.push(coordinate.to_owned());
            missing.insert(scope);
        }
    }
    if fields.is_empty() { Ok(()) } else { Err(Error::Forbidden { fields, missing: missing.into_iter().collect() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_every_closed_field_and_every_missing_scope() {
        let scopes = BTreeSet::from([Scope::CadreRead, Scope::CadreOriginRead]);
        let asked = ["Query.cadre", "Cadre.fullName", "Cadre.origin", "Cadre.identity", "Cadre.political"];

        let Err(Error::Forbidden { fields, missing }) = admit(&scopes, asked.into_iter()) else {
            panic!("two groups are closed")
        };

        assert_eq!(fields, ["Cadre.identity", "Cadre.political"]);
        assert_eq!(missing, [Scope::CadreIdentityRead, Scope::CadrePoliticalRead]);
        assert!(admit(&scopes, asked.into_iter().take(3)).is_ok());
    }
}
