//! Visible persons of a transaction on PostgreSQL. Row security is a second protection in addition to the filters of
//! the program.

use std::sync::Arc;

use uuid::Uuid;

/// Visible persons of a transaction on PostgreSQL. Row security is a second protection in addition to the filters of
/// the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RowScope {
    /// No persons: the default.
    #[default]
    Nothing,
    /// Persons related to one of these units.
    Units(UuidRanges),
    /// All persons: for commands, which check rows beyond their caller's reach, and for the operator.
    Everything,
}

/// Units as ranges of ids: few ranges cover thousands of units that were created together. Contains the first id of
/// each range (inclusive) and the id after its last one (exclusive), in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UuidRanges(Arc<str>);

impl RowScope {
    /// The visibility of the units within reach, among all units.
    pub fn of(all: impl Iterator<Item = Uuid>, is_within: impl Fn(Uuid) -> bool) -> Self {
        let mut all: Vec<Uuid> = all.collect();
        all.sort_unstable();
        let runs: Vec<&[Uuid]> =
            all.chunk_by(|one, next| is_within(*one) == is_within(*next)).filter(|run| is_within(run[0])).collect();
        if runs.iter().map(|run| run.len()).sum::<usize>() == all.len() {
            return Self::Everything;
        }
        let bounds = runs.iter().filter_map(|run| Some([*run.first()?, after(*run.last()?)])).flatten();
        let bounds: Vec<String> = bounds.map(|bound| bound.simple().to_string()).collect();
        Self::Units(UuidRanges(format!("{{{}}}", bounds.join(",")).into()))
    }

    /// Value of the setting that the policies read.
    pub(super) fn setting(&self) -> &str {
        match self {
            Self::Nothing => "",
            Self::Units(UuidRanges(bounds)) => bounds,
            Self::Everything => "*",
        }
    }
}

/// The next id.
fn after(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_with_consecutive_ids_are_one_range() {
        let row_scope = |within: &[u128]| {
            let all = [9, 3, 4, 5, 7, 1].into_iter().map(Uuid::from_u128);
            RowScope::of(all, |id| within.contains(&id.as_u128())).setting().replace('0', "")
        };
        assert_eq!(row_scope(&[3, 4, 5, 9]), "{3,6,9,a}");
        assert_eq!(row_scope(&[4]), "{4,5}");
        assert_eq!(row_scope(&[1, 7]), "{1,2,7,8}");
        assert_eq!(row_scope(&[]), "{}");
        assert_eq!(row_scope(&[1, 3, 4, 5, 7, 9]), "*");
    }
}
