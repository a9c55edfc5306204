//! The direction of a rotation: derived from the tiers and territories of both units on its start day, never entered.

use entity::value::{Day, Hierarchy, RotationDirection, Tier, UnitId, UnitKind};

use crate::reference::units::Units;

/// Position of a unit in the hierarchy on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Tier of the unit.
    pub tier: Tier,
    /// The province, district or commune that the unit is or lies in; `None` at the central tier.
    pub territory: Option<UnitId>,
}

impl Standing {
    /// The position of a unit on a day. If the unit does not exist on that day, its nearest version is used. `None` if
    /// there is no such unit.
    pub fn of(units: &Units, unit: UnitId, day: Day) -> Option<Self> {
        let is_territory = |id: &UnitId| {
            let kind = units.get(*id).map(|unit| unit.shown_on(day).kind);
            matches!(kind, Some(UnitKind::Province | UnitKind::District | UnitKind::Commune))
        };
        let mut above = std::iter::once(unit).chain(units.ancestors(unit, Hierarchy::Administrative, day));
        Some(Self { tier: units.get(unit)?.shown_on(day).tier, territory: above.find(is_territory) })
    }
}

/// The direction between two positions: by tier; within one tier by territory (Regulation 65-QĐ/TW, Art. 4).
pub fn direction(from: Standing, to: Standing) -> RotationDirection {
    match to.tier.cmp(&from.tier) {
        // The order of tiers begins with the central tier.
        std::cmp::Ordering::Less => RotationDirection::Up,
        std::cmp::Ordering::Greater => RotationDirection::Down,
        std::cmp::Ordering::Equal if from.territory == to.territory => RotationDirection::LateralAgency,
        std::cmp::Ordering::Equal => RotationDirection::LateralLocality,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direction_depends_on_tiers_and_within_a_tier_on_territories() {
        use RotationDirection::{Down, LateralAgency, LateralLocality, Up};
        let (here, there) = (Some(UnitId::new()), Some(UnitId::new()));
        let at = |tier, territory| Standing { tier, territory };
        for (from, to, expected) in [
            (at(Tier::Province, here), at(Tier::District, there), Down),
            (at(Tier::Central, None), at(Tier::Commune, there), Down),
            (at(Tier::Commune, here), at(Tier::District, there), Up),
            (at(Tier::District, here), at(Tier::Province, here), Up),
            (at(Tier::Province, here), at(Tier::Central, None), Up),
            (at(Tier::Province, here), at(Tier::Province, here), LateralAgency),
            (at(Tier::Central, None), at(Tier::Central, None), LateralAgency),
            (at(Tier::District, here), at(Tier::District, there), LateralLocality),
            (at(Tier::Commune, here), at(Tier::Commune, there), LateralLocality),
        ] {
            assert_eq!(direction(from, to), expected, "{from:?} {to:?}");
        }
    }
}
