//! Lists of cadres: filter, search, order and day. `list_page` reads them.

use entity::value::{Day, UnitId};

use crate::{
    authz::{Access, PostOn},
    domain::cadre::filter::CadreWhere,
    page::Direction,
    reference::units::Reach,
};

/// Sort keys of cadres.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum, serde::Serialize)]
pub enum CadreOrderField {
    /// Given name, then the rest of the name, in Vietnamese order.
    Name,
    /// By code.
    Code,
    /// Code of the unit of the primary post on the requested day; people without one within reach come first.
    Unit,
}

/// One sort key of an order.
#[derive(Clone, Copy, Debug, async_graphql::InputObject, serde::Serialize)]
pub struct CadreOrder {
    /// Field to sort by.
    pub field: CadreOrderField,
    /// Ascending or descending; ascending by default.
    #[graphql(default_with = "Direction::Asc")]
    pub direction: Direction,
}

/// A list of cadres.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct CadreList {
    /// Unit of the parent field; applies in addition to `filter`.
    pub within: Option<(UnitId, Reach)>,
    /// Conditions of the list.
    pub filter: CadreWhere,
    /// Beginnings of words of the name, or a whole code.
    pub search: Option<String>,
    /// Sort order; by name if empty.
    pub order: Vec<CadreOrder>,
    /// Requested day; `None` for today, so that today's cursors stay valid tomorrow.
    pub as_of: Option<Day>,
}

impl CadreList {
    pub(super) fn day(&self, access: &Access) -> Day {
        self.as_of.unwrap_or(access.today())
    }

    /// Post by which the list finds people.
    pub(super) fn post_on(&self, access: &Access) -> PostOn {
        let day = self.day(access);
        if self.filter.with_post == Some(false) { PostOn::OfFile(day) } else { PostOn::Current(day) }
    }

    pub(super) fn effective_order(&self) -> impl Iterator<Item = CadreOrder> {
        let by_name = CadreOrder { field: CadreOrderField::Name, direction: Direction::Asc };
        let otherwise = self.order.is_empty().then_some(by_name);
        self.order.iter().copied().chain(otherwise)
    }
}
