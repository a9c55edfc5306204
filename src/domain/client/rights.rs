//! Rights of a client as one value, and the comparison of the rights of two clients.
//!
//! Every check of an administrator is this comparison: which clients the administrator may see, which it may change,
//! and which rights it may grant.

use std::collections::BTreeSet;

use entity::value::{AllowedDocuments, Day, Purpose, Scope};

use crate::{limit::Limits, reference::units::UnitSet};

/// Rights from one grant, with the client's keys and links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    pub scopes: BTreeSet<Scope>,
    pub purposes: BTreeSet<Purpose>,
    /// All units within the reach of the grant.
    pub units: UnitSet,
    /// Limits in force; `None` for an ended grant, which allows no requests.
    pub limits: Option<Limits>,
    /// End of the grant, exclusive; `None`: no end.
    pub ends_on: Option<Day>,
    /// Documents that the client may run.
    pub documents: AllowedDocuments,
    /// Whether the client has a public key that is not revoked.
    pub has_key: bool,
    /// External issuers to which the client is linked.
    pub issuers: BTreeSet<String>,
}

/// Kind of a right in which one client exceeds another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Right {
    Scope,
    Purpose,
    Unit,
    Requests,
    Cost,
    End,
    Documents,
    Key,
    Issuer,
}

impl Rights {
    /// Whether every right in `other` is also in `self`.
    pub fn cover(&self, other: &Self) -> bool {
        self.first_excess(other).is_none()
    }

    /// First right of `other` that exceeds `self`.
    pub fn first_excess(&self, other: &Self) -> Option<Right> {
        // Destructured, so that a new right cannot be forgotten in the comparison.
        let Self { scopes, purposes, units, limits, ends_on, documents, has_key, issuers } = other;
        let over = |limit: fn(&Limits) -> u32| {
            limits.as_ref().is_some_and(|asked| self.limits.as_ref().is_none_or(|own| limit(own) < limit(asked)))
        };
        let outlives = self.ends_on.is_some_and(|own| ends_on.is_none_or(|end| own < end));
        [
            (!scopes.is_subset(&self.scopes), Right::Scope),
            (!purposes.is_subset(&self.purposes), Right::Purpose),
            (!units.is_subset(&self.units), Right::Unit),
            (over(|limits| limits.requests_per_second.get()), Right::Requests),
            (over(|limits| limits.cost_per_minute.get()), Right::Cost),
            (outlives, Right::End),
            (*documents > self.documents, Right::Documents),
            (*has_key && !self.has_key, Right::Key),
            (!issuers.is_subset(&self.issuers), Right::Issuer),
        ]
        .into_iter()
        .find_map(|(is_excess, right)| is_excess.then_some(right))
    }
}

#[cfg(test)]
mod tests {
    use entity::value::UnitId;
    use uuid::Uuid;

    use super::*;

    fn units(numbers: &[u128]) -> UnitSet {
        numbers.iter().map(|number| UnitId(Uuid::from_u128(*number))).collect()
    }

    fn rights() -> Rights {
        Rights {
            scopes: BTreeSet::from([Scope::CadreRead, Scope::ClientsAdmin]),
            purposes: BTreeSet::from([Purpose::Training]),
            units: units(&[1, 2]),
            limits: Some(Limits::of(10, 1_000)),
            ends_on: "2026-12-31".parse().ok(),
            documents: AllowedDocuments::Registered,
            has_key: false,
            issuers: BTreeSet::new(),
        }
    }

    #[test]
    fn each_right_is_compared() {
        let own = rights();
        let no_units = UnitSet::new();
        for (other, expected) in [
            (rights(), None),
            (Rights { scopes: BTreeSet::from([Scope::CadreRead]), ..rights() }, None),
            (Rights { scopes: BTreeSet::from([Scope::StatsRead]), ..rights() }, Some(Right::Scope)),
            (Rights { purposes: BTreeSet::new(), ..rights() }, None),
            (Rights { purposes: Purpose::all().collect(), ..rights() }, Some(Right::Purpose)),
            (Rights { units: no_units, ..rights() }, None),
            (Rights { units: units(&[2, 3]), ..rights() }, Some(Right::Unit)),
            (Rights { limits: Some(Limits::of(9, 999)), ..rights() }, None),
            (Rights { limits: Some(Limits::of(11, 1)), ..rights() }, Some(Right::Requests)),
            (Rights { limits: Some(Limits::of(1, 1_001)), ..rights() }, Some(Right::Cost)),
            (Rights { limits: None, ..rights() }, None),
            (Rights { ends_on: "2026-12-30".parse().ok(), ..rights() }, None),
            (Rights { ends_on: "2027-01-01".parse().ok(), ..rights() }, Some(Right::End)),
            (Rights { ends_on: None, ..rights() }, Some(Right::End)),
            (Rights { documents: AllowedDocuments::Any, ..rights() }, Some(Right::Documents)),
            (Rights { has_key: true, ..rights() }, Some(Right::Key)),
            (Rights { issuers: BTreeSet::from(["https://x".to_owned()]), ..rights() }, Some(Right::Issuer)),
        ] {
            assert_eq!(own.first_excess(&other), expected, "{other:?}");
        }
        let more = Rights { ends_on: None, documents: AllowedDocuments::Any, has_key: true, ..rights() };
        assert!(more.cover(&own) && !own.cover(&more));
        let over = Rights { limits: None, ..rights() };
        assert_eq!(over.first_excess(&own), Some(Right::Requests), "a grant that is over covers no limit");
    }
}
