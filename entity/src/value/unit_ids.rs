//! A short list of units in one column.

use sea_orm::DeriveValueType;
use uuid::Uuid;

use crate::value::UnitId;

/// Ids of units without repetition, in id order.
#[derive(Clone, Debug, Default, PartialEq, Eq, DeriveValueType)]
pub struct UnitIds(Vec<u8>);

impl UnitIds {
    /// Length of an id in bytes.
    const LENGTH: usize = size_of::<Uuid>();

    /// Whether one of the units satisfies a condition.
    pub fn any(&self, condition: impl FnMut(UnitId) -> bool) -> bool {
        self.iter().any(condition)
    }

    /// The units.
    pub fn iter(&self) -> impl Iterator<Item = UnitId> {
        self.0.chunks_exact(Self::LENGTH).filter_map(|id| Uuid::from_slice(id).ok()).map(UnitId)
    }
}

impl FromIterator<UnitId> for UnitIds {
    fn from_iter<T: IntoIterator<Item = UnitId>>(units: T) -> Self {
        let mut ids: Vec<UnitId> = units.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Self(ids.iter().flat_map(|unit| *unit.0.as_bytes()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_stored_once() {
        let (one, two) = (UnitId::new(), UnitId::new());
        let both: UnitIds = [two, one, two].into_iter().collect();
        assert_eq!(both.iter().collect::<Vec<_>>(), [one, two]);
        assert_eq!(both.iter().chain([one]).collect::<UnitIds>(), both);
        assert!(both.any(|unit| unit == two));
        assert!(!UnitIds::default().any(|_| true));
    }
}
