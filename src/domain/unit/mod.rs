//! Units (đơn vị) that a caller may see: within its reach, or named by a visible record.

mod during;
mod list;

pub(in crate::domain) use during::{lies_in, within};
pub use list::{UnitList, UnitOrder, UnitOrderField, UnitWhere};

use entity::{
    title, unit_area, unit_identifier, unit_succession, unit_version,
    value::{AreaKind, Day, Hierarchy, IdentifierSystem, Period, UnitId},
};

use crate::{
    auth::User,
    authz::{Access, ReachedUnits, ReferencesUnit},
    error::{Error, Result},
    reference::{
        ReferenceData,
        units::{Branch, FormerName, Membership, Predecessors, Reach, Unit, UnitReach},
    },
};

/// A unit that may be shown to the caller, on a day: a unit within reach, or a unit named by a visible record, of which
/// only the unit's own facts may be read. Only `on_day` and `named_by` create values, so a value is proof of access.
#[derive(Clone, Copy, Debug)]
pub struct UnitOnDay {
    id: UnitId,
    day: Day,
}

/// The unit on a day; `None` if it is out of the caller's reach.
pub fn on_day(access: &Access, id: UnitId, day: Day) -> Option<UnitOnDay> {
    access.reaches(id).then_some(UnitOnDay { id, day })
}

/// A unit named by a visible record, on a day; `None` if the record does not name it. If the unit is out of reach, its
/// related lists are empty.
pub fn named_by(access: &Access, by: &impl ReferencesUnit, id: UnitId, day: Day) -> Option<UnitOnDay> {
    let is_known = access.reference_data().units().get(id).is_some();
    (is_known && by.refers_to(id)).then_some(UnitOnDay { id, day })
}

impl UnitOnDay {
    /// Id of the unit.
    pub fn id(self) -> UnitId {
        self.id
    }

    /// Day as of which the unit is shown.
    pub fn day(self) -> Day {
        self.day
    }

    fn unit(self, reference_data: &ReferenceData) -> &Unit {
        reference_data.units().get(self.id).expect("only units of the reference data have views")
    }

    /// Code of the unit.
    pub fn code(self, reference_data: &ReferenceData) -> &str {
        self.unit(reference_data).row.code.as_str()
    }

    /// Version shown on the day.
    pub fn version(self, reference_data: &ReferenceData) -> &unit_version::Model {
        self.unit(reference_data).shown_on(self.day)
    }

    /// Areas of the unit on the day, by kind.
    pub fn areas(self, reference_data: &ReferenceData) -> impl Iterator<Item = &unit_area::Model> {
        reference_data.units().areas_on(self.id, self.day)
    }

    /// Identifiers of the unit, of any day, by system.
    pub fn identifiers(self, reference_data: &ReferenceData) -> &[unit_identifier::Model] {
        reference_data.units().identifiers(self.id)
    }
}

/// Whether a unit is in an area on a day. Reach is not checked: for rules, which judge by the place of a unit.
pub fn has_area(reference_data: &ReferenceData, unit: UnitId, (area, day): (AreaKind, Day)) -> bool {
    reference_data.units().areas_on(unit, day).any(|row| row.area == area)
}

/// Names of a unit before the name of the day, latest first.
pub fn former_names(access: &Access, of: UnitOnDay) -> Vec<FormerName> {
    of.unit(access.reference_data()).former_names(of.day)
}

/// Key of a unit.
#[derive(Clone, Debug, async_graphql::OneofObject)]
pub enum UnitKey {
    /// Id of the unit.
    Id(async_graphql::ID),
    /// Code of the unit.
    Code(String),
    /// Identifier of the unit in a national system.
    Identifier(IdentifierKey),
}

/// An identifier of a unit in a national system (mã định danh). A system re-uses values over time, so a value names a
/// unit on a day.
#[derive(Clone, Debug, async_graphql::InputObject)]
pub struct IdentifierKey {
    /// System of the value.
    pub system: IdentifierSystem,
    /// Value, exactly as recorded.
    pub value: String,
    /// Day on which the value belongs to the unit; by default the day on which the unit is shown.
    pub as_of: Option<Day>,
}

/// Finds a unit: by id or code independent of the day, by identifier as of the day in the key, by default the given
/// day.
///
/// # Errors
/// `NotFound` if it does not exist or is out of reach.
pub fn look_up(access: &Access, key: &UnitKey, day: Day) -> Result<UnitOnDay> {
    let units = access.reference_data().units();
    let found = match key {
        UnitKey::Id(id) => id.parse().ok().and_then(|id| units.get(id)),
        UnitKey::Code(code) => units.by_code(code),
        UnitKey::Identifier(key) => units.by_identifier((key.system, &key.value), key.as_of.unwrap_or(day)),
    };
    found.and_then(|unit| on_day(access, unit.row.id, day)).ok_or(Error::NotFound)
}

/// Roots of the caller's reach today: the roots of the client and of the user on whose behalf it acts that are within
/// both reaches.
pub fn roots(access: &Access) -> Vec<UnitOnDay> {
    let (day, caller) = (access.today(), access.caller());
    let of_person = caller.on_behalf_of().map(User::roots).unwrap_or_default();
    let of_person = of_person.iter().filter(|id| !caller.roots().contains(id));
    caller.roots().iter().chain(of_person).filter_map(|id| on_day(access, *id, day)).collect()
}

/// Parent unit, if it is within reach.
pub fn parent(access: &Access, of: UnitOnDay, hierarchy: Hierarchy) -> Option<UnitOnDay> {
    on_day(access, of.version(access.reference_data()).parent_in(hierarchy)?, of.day)
}

/// Ancestors within reach, nearest first.
pub fn ancestors(access: &Access, of: UnitOnDay, hierarchy: Hierarchy) -> Vec<UnitOnDay> {
    let above = access.reference_data().units().ancestors(of.id, hierarchy, of.day).into_iter();
    above.filter_map(|id| on_day(access, id, of.day)).collect()
}

/// Finds the unit of a condition.
///
/// # Errors
/// `Invalid` if it does not exist or is out of reach, without distinction.
pub fn named(access: &Access, field: &str, code: &str) -> Result<UnitId> {
    let unit = access.reference_data().units().by_code(code).filter(|unit| access.reaches(unit.row.id));
    unit.map(|unit| unit.row.id).ok_or_else(|| {
        Error::invalid(
            field,
            "Không có đơn vị nào có mã này trong phạm vi được cấp; hãy tra cứu mã bằng `units(search:)`.",
            "No unit within your reach has this code; look codes up with `units(search:)`.",
        )
    })
}

/// The unit, or its administrative subtree, within the caller's reach.
pub fn below(access: &Access, unit: UnitId, reach: Reach, day: Day) -> ReachedUnits {
    access.within(&access.subtree((unit, Hierarchy::Administrative, reach, day)))
}

/// Units that satisfy a condition on a day, within the caller's reach.
pub fn meant(access: &Access, field: &str, condition: &UnitReach, day: Day) -> Result<ReachedUnits> {
    let root = named(access, &format!("{field}.code"), &condition.code)?;
    let (hierarchy, reach) = (condition.hierarchy, condition.reach);
    Ok(access.within(&access.subtree((root, hierarchy, reach, day))))
}

/// Units that satisfy a condition on each day of a period, for rows that are evaluated on their own day. The units are
/// not restricted to the reach, so the caller must restrict the rows.
pub fn meant_during(access: &Access, field: &str, condition: &UnitReach, within: Period) -> Result<Vec<Membership>> {
    let root = named(access, &format!("{field}.code"), &condition.code)?;
    Ok(access.reference_data().units().memberships(root, condition.hierarchy, condition.reach, within))
}

/// Units that satisfy a condition in each calendar year of a period of whole years. The units are not restricted to the
/// reach, so the caller must restrict the rows.
pub fn meant_by_year(
    access: &Access,
    field: &str,
    (condition, predecessors): (&UnitReach, Predecessors),
    years: Period,
) -> Result<Vec<Membership>> {
    let root = named(access, &format!("{field}.code"), &condition.code)?;
    let branch = Branch { root, hierarchy: condition.hierarchy, reach: condition.reach, predecessors };
    Ok(access.reference_data().units().memberships_by_year(branch, years))
}

/// Units of a branch in each calendar year of a period of whole years, within the caller's reach.
pub fn below_by_year(access: &Access, branch: Branch, years: Period) -> Vec<Membership> {
    let mut memberships = access.reference_data().units().memberships_by_year(branch, years);
    memberships.iter_mut().for_each(|of| of.units.retain(|unit| access.reaches(*unit)));
    memberships.retain(|of| !of.units.is_empty());
    memberships
}

/// Successions of the unit, oldest first, each with the unit at the other end. Units out of reach are omitted.
pub fn successions(access: &Access, of: UnitOnDay, side: Side) -> Vec<(unit_succession::Model, UnitOnDay)> {
    let unit = of.unit(access.reference_data());
    let links = match side {
        Side::Predecessors => &unit.predecessors,
        Side::Successors => &unit.successors,
    };
    links.iter().filter_map(|link| Some((link.clone(), on_day(access, side.other(link), of.day)?))).collect()
}

/// Side of a succession.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Units from which the unit was formed.
    Predecessors,
    /// Units that were formed from the unit.
    Successors,
}

impl Side {
    /// The unit on this side of a succession.
    fn other(self, link: &unit_succession::Model) -> UnitId {
        match self {
            Self::Predecessors => link.predecessor_id,
            Self::Successors => link.successor_id,
        }
    }
}

/// Maximum number of titles in a condition.
const MAX_TITLES: usize = 200;

/// Looks up titles by code.
///
/// # Errors
/// `Invalid` for the field if a code is unknown or there are too many.
pub fn titles<'a>(access: &'a Access, field: &str, codes: &[String]) -> Result<Vec<&'a title::Model>> {
    if codes.len() > MAX_TITLES {
        return Err(Error::invalid(
            field,
            format!("Danh sách có quá {MAX_TITLES} mã chức danh; hãy chia thành nhiều truy vấn."),
            format!("The list has more than {MAX_TITLES} titles; split it into several queries."),
        ));
    }
    codes
        .iter()
        .map(|code| {
            access.reference_data().title(code).ok_or_else(|| {
                Error::invalid(
                    field,
                    "Danh sách có mã chức danh không tồn tại; xem các mã tại `titles`.",
                    "The list contains a title code that does not exist; see the codes under `titles`.",
                )
            })
        })
        .collect()
}
