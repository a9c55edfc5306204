//! Areas of units (khu vực, địa bàn).

use entity::unit_area;

use crate::graphql::view::{Fields, View, engine::object};

/// An area of a unit during an interval.
pub struct UnitArea(unit_area::Model);

object!(
    UnitArea,
    "An area of a unit (khu vực, địa bàn) during an interval, such as a border or an island. A unit may be in several at\n\
     once."
);

impl View for UnitArea {
    const NAME: &'static str = "UnitArea";
    type Of<'a> = &'a unit_area::Model;

    fn of(&self) -> &unit_area::Model {
        &self.0
    }

    fn view(of: &unit_area::Model) -> Self {
        Self(of.clone())
    }

    fn fields(fields: &mut impl Fields<Self>) {
        fields.value(("area", "Kind of the area (loại khu vực)."), |of, _| of.area);
        fields.value(("validFrom", "First day, inclusive."), |of, _| of.valid_from);
        fields.value(("validTo", "End day, exclusive; null if no end is recorded."), |of, _| of.valid_to);
        fields.optional_text(
            ("documentNo", "Number of the document that says so (số văn bản); null if it is not recorded."),
            |of, _| of.document_no.as_deref(),
        );
    }
}
