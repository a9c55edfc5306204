//! Price table: extra cost of database work, by schema coordinate, in addition to one for each field.
//!
//! The prices follow measurements at 100,000 cadres (decision 0027): 20 to 190 microseconds of CPU for one unit of
//! cost, rounded so that typical requests stay far below the limit of an operation.

use async_graphql::Name;

use crate::graphql::guard::{
    coordinate::Coordinate,
    cost::{Cost, Size},
    input_value::{Form, Input},
};

/// Price of each use of a field, an argument, a condition or a sort key.
pub const PRICES: [(&str, u64); 67] = [
    ("AccessEntryConnection.totalCount", 50),
    ("Cadre.appraisals", 20),
    ("Cadre.duties", 20),
    ("Cadre.dutyExemptions", 5),
    ("Cadre.goodYears", 20),
    ("Cadre.standing", 10),
    ("Cadre.studyRecord", 20),
    ("CadreConnection.totalCount", 1_000),
    ("CadreOrderField.UNIT", 10_000),
    ("CadreWhere.belowStandard", 3_000),
    ("CadreWhere.category", 100),
    ("CadreWhere.codes", 20),
    ("CadreWhere.duty", 5_000),
    ("CadreWhere.gender", 100),
    ("CadreWhere.holds", 1_500),
    ("CadreWhere.keyLeader", 1_000),
    ("CadreWhere.status", 100),
    ("CadreWhere.titles", 1_000),
    ("CadreWhere.trained", 2_000),
    ("CadreWhere.unit", 50),
    ("CadreWhere.withPost", 2_000),
    ("ClientConnection.totalCount", 50),
    ("DocumentConnection.totalCount", 10),
    ("EnrolmentConnection.totalCount", 100),
    ("EnrolmentWhere.categories", 50),
    ("EnrolmentWhere.organiser", 200),
    ("EnrolmentWhere.plan", 50),
    ("EnrolmentWhere.programmes", 50),
    ("EnrolmentWhere.states", 50),
    ("EnrolmentWhere.unit", 200),
    ("EnrolmentWhere.withoutClass", 50),
    ("Query.cadres(search:)", 1_000),
    ("Query.units(search:)", 20),
    ("QuotaConnection.totalCount", 100),
    ("QuotaWhere.plan", 50),
    ("QuotaWhere.programmes", 50),
    ("QuotaWhere.states", 50),
    ("QuotaWhere.unit", 200),
    ("QuotaWhere.unusedOnly", 50),
    ("RotationConnection.totalCount", 100),
    ("RotationOrderField.END", 500),
    ("RotationWhere.endBefore", 100),
    ("RotationWhere.endFrom", 100),
    ("RotationWhere.fromUnit", 500),
    ("RotationWhere.placementMissing", 100),
    ("RotationWhere.preparingUnit", 200),
    ("RotationWhere.purposes", 100),
    ("RotationWhere.runningOn", 100),
    ("RotationWhere.states", 100),
    ("RotationWhere.toUnit", 500),
    ("RotationWhere.unit", 500),
    ("TrainingClassConnection.totalCount", 50),
    ("TrainingClassWhere.organiser", 50),
    ("TrainingPlanConnection.totalCount", 50),
    ("TrainingPlanOrderField.YEAR_FROM", 50),
    ("TrainingPlanWhere.states", 50),
    ("TrainingPlanWhere.unit", 50),
    ("TrainingProgress.classes", 500),
    ("Unit.appraisals", 500),
    ("Unit.composition(titles:)", 50),
    ("Unit.duty", 5_000),
    ("Unit.quotas", 50),
    ("Unit.rotationFlows", 500),
    ("Unit.standardGap", 500),
    ("Unit.trainingProgress", 500),
    ("Unit.trainingProgress(untilYear:)", 1_000),
    ("UnitConnection.totalCount", 10),
];

/// Price of a field if it or a field above it has an `asOf` argument: counts of today are stored, those of another day
/// are computed.
pub const PRICES_WITH_DAY: [(&str, u64); 1] = [("Unit.composition", 1_000)];

/// The argument that names a day.
pub(super) const DAY: &str = "asOf";

/// Price of a coordinate, zero by default.
pub(super) fn of(coordinate: &Coordinate) -> u64 {
    price(&PRICES, coordinate)
}

/// Price of a field as of a given day.
pub(super) fn with_day(coordinate: &Coordinate) -> u64 {
    price(&PRICES_WITH_DAY, coordinate)
}

/// Price of a coordinate with a value: zero for null; for a variable it depends on its value.
pub(super) fn of_value<I: Input>(coordinate: &Coordinate, value: &I) -> Cost {
    match of(coordinate) {
        0 => Cost::default(),
        price => Cost::fixed(price).repeated(one_unless_null(value)),
    }
}

/// One, or zero if the value is null.
pub(super) fn one_unless_null<I: Input>(value: &I) -> Size {
    match value.variable() {
        Some(name) => Size::IfPresent(Name::clone(name)),
        None => Size::Times(u64::from(value.form() != Form::Null)),
    }
}

fn price(table: &[(&str, u64)], coordinate: &Coordinate) -> u64 {
    let found = table.binary_search_by_key(&coordinate.as_str(), |(place, _)| place);
    found.map_or(0, |at| table[at].1)
}

#[cfg(test)]
mod tests {
    use super::{PRICES, PRICES_WITH_DAY};
    use crate::graphql::{guard::schema_index::SchemaIndex, sdl};

    #[test]
    fn the_price_of_a_total_is_a_multiple_of_ten() {
        let totals: Vec<_> = PRICES.iter().filter(|(place, _)| place.ends_with(".totalCount")).collect();
        assert!(totals.len() > 5 && totals.iter().all(|(_, price)| price % 10 == 0), "a tenth is due for each 10,000");
    }

    #[test]
    fn prices_are_sorted_and_name_coordinates_of_the_schema() {
        let schema_index = SchemaIndex::of(&sdl());
        for table in [&PRICES[..], &PRICES_WITH_DAY[..]] {
            assert!(table.is_sorted_by(|one, next| one.0 < next.0), "the table is searched by halves");
            for (place, _) in table {
                assert!(schema_index.has_coordinate(place), "{place}");
            }
        }
    }
}
