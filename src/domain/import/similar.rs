//! Finds the valid value that is most similar to an invalid one.

use crate::text;

/// Least similarity, from 0 to 1, at which a value is offered.
const ALIKE: f64 = 0.82;

/// The most similar of these values, if one is similar enough. Case and tone marks do not matter.
pub(super) fn closest<'a>(given: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = text::fold(given);
    let likeness = |value: &str| strsim::jaro_winkler(&given, &text::fold(value));
    let scored = valid.into_iter().map(|value| (likeness(value), value));
    // Ties are resolved in alphabetical order, so that a report is deterministic.
    let best = scored.max_by(|(a, one), (b, other)| a.total_cmp(b).then_with(|| other.cmp(one)));
    best.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_finds_its_neighbour() {
        for (given, valid, found) in [
            ("active", &["ACTIVE", "RETIRED", "LEFT"][..], Some("ACTIVE")),
            ("RETIRD", &["ACTIVE", "RETIRED", "LEFT"], Some("RETIRED")),
            ("Đã nghỉ", &["ACTIVE", "RETIRED", "LEFT"], None),
            ("NOLITICAL_THEORY", &["PROFESSIONAL", "POLITICAL_THEORY"], Some("POLITICAL_THEORY")),
            ("X1", &["X2", "X3"], None),
            ("A-101", &["A-102", "A-103", "B-101"], Some("A-102")),
            ("A", &[], None),
        ] {
            assert_eq!(closest(given, valid.iter().copied()), found, "{given}");
        }
    }
}
