//! Lists of units. All units are in memory, where lists are filtered, sorted and paged.

use entity::value::{Day, Hierarchy, Tier, UnitId, UnitKind};

use crate::{
    authz::Access,
    domain::unit::{UnitOnDay, meant, on_day},
    error::Result,
    page::{BoundedCount, Direction, Key, Page, PageArgs, Position, Way, ensure_each_once},
    reference::units::{Unit, UnitReach},
    text,
};

/// Filter of units; all conditions must hold.
#[derive(Clone, Debug, Default, async_graphql::InputObject, serde::Serialize)]
pub struct UnitWhere {
    /// Belongs to this unit or subtree.
    pub unit: Option<UnitReach>,
    /// Has one of these kinds.
    pub kinds: Option<Vec<UnitKind>>,
    /// Has one of these tiers.
    pub tiers: Option<Vec<Tier>>,
    /// Has this code in the national list of territorial units on the requested day. Such codes are re-used over time.
    pub admin_code: Option<String>,
}

/// Sort keys of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum, serde::Serialize)]
pub enum UnitOrderField {
    /// Name, in Vietnamese order.
    Name,
    /// By code.
    Code,
}

/// One sort key of an order.
#[derive(Clone, Copy, Debug, async_graphql::InputObject, serde::Serialize)]
pub struct UnitOrder {
    /// Field to sort by.
    pub field: UnitOrderField,
    /// Ascending or descending; ascending by default.
    #[graphql(default_with = "Direction::Asc")]
    pub direction: Direction,
}

/// A list of units.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct UnitList {
    /// Only units directly below this unit in the hierarchy.
    pub below: Option<(UnitId, Hierarchy)>,
    /// Conditions of the list.
    pub filter: UnitWhere,
    /// Beginnings of words of the name or of a former name, or a whole code.
    pub search: Option<String>,
    /// Sort order; by code if empty.
    pub order: Vec<UnitOrder>,
    /// Requested day; `None` for today, so that today's cursors stay valid tomorrow.
    pub as_of: Option<Day>,
}

impl UnitList {
    fn day(&self, access: &Access) -> Day {
        self.as_of.unwrap_or(access.today())
    }

    /// A page of the list. It contains the units that exist on the day.
    ///
    /// # Errors
    /// `Invalid` for an unknown unit, wrong paging arguments, a repeated sort key or a foreign cursor.
    pub fn page(&self, access: &Access, args: &PageArgs) -> Result<Page<UnitOnDay>> {
        ensure_each_once(self.order.iter().map(|order| order.field))?;
        let day = self.day(access);
        let cursors = access.cursors(&("units", self));
        let window = cursors.window(args)?;
        let mut placed: Vec<(Position, UnitOnDay)> = self
            .found(access)?
            .into_iter()
            .filter_map(|unit| Some((self.position(unit, day), on_day(access, unit.row.id, day)?)))
            .collect();
        placed.sort_by(|(a, _), (b, _)| self.compare(a, b));
        placed.retain(|(position, _)| {
            window.after.as_ref().is_none_or(|after| self.compare(position, after).is_gt())
                && window.before.as_ref().is_none_or(|before| self.compare(position, before).is_lt())
        });
        if window.way == Way::Backward {
            placed.reverse();
        }
        placed.truncate(window.size + 1);
        let page = cursors.page(&window, placed, |(position, _)| position.clone());
        let rows = page.rows.into_iter().map(|(cursor, (_, unit))| (cursor, unit)).collect();
        Ok(Page { rows, has_next: page.has_next, has_previous: page.has_previous })
    }

    /// Total number, at most `max`.
    pub fn count(&self, access: &Access, max: u64) -> Result<BoundedCount> {
        Ok(BoundedCount::of(self.found(access)?.len() as u64, max))
    }

    fn found<'a>(&self, access: &'a Access) -> Result<Vec<&'a Unit>> {
        let day = self.day(access);
        let units = access.reference_data().units();
        let within =
            self.filter.unit.as_ref().map(|condition| meant(access, "where.unit", condition, day)).transpose()?;
        let words: Vec<String> =
            text::fold(self.search.as_deref().unwrap_or_default()).split(' ').map(|word| format!(" {word}")).collect();
        let code = self.search.as_deref().unwrap_or_default().trim();
        let with_code = units.by_code(code).or_else(|| units.by_code(&code.to_uppercase())).map(|unit| unit.row.id);
        let candidates: Vec<&Unit> = match self.below {
            Some((parent, hierarchy)) => units.children(parent, hierarchy, day).collect(),
            None => units.all().collect(),
        };
        Ok(candidates
            .into_iter()
            .filter(|unit| access.reaches(unit.row.id))
            .filter(|unit| within.as_ref().is_none_or(|within| within.contains(unit.row.id)))
            .filter(|unit| self.matches(unit, day))
            .filter(|unit| self.search.is_none() || with_code == Some(unit.row.id) || unit.is_found_by(&words, day))
            .collect())
    }

    fn matches(&self, unit: &Unit, day: Day) -> bool {
        let Some(version) = unit.on(day) else { return false };
        let filter = &self.filter;
        filter.kinds.as_ref().is_none_or(|kinds| kinds.contains(&version.kind))
            && filter.tiers.as_ref().is_none_or(|tiers| tiers.contains(&version.tier))
            && filter.admin_code.as_ref().is_none_or(|code| version.admin_code.as_ref() == Some(code))
    }

    fn position(&self, unit: &Unit, day: Day) -> Position {
        let code = || Key::Text(unit.row.code.as_str().to_owned());
        let keys = self.order.iter().map(|order| match order.field {
            UnitOrderField::Name => Key::Bytes(unit.sort_key(day).to_vec()),
            UnitOrderField::Code => code(),
        });
        // The unique code is the last key of every order, so the default order is by code.
        Position { keys: keys.chain([code()]).collect(), id: unit.row.id.0 }
    }

    fn compare(&self, a: &Position, b: &Position) -> std::cmp::Ordering {
        let directions = self.order.iter().map(|order| order.direction).chain([Direction::Asc]);
        directions
            .zip(a.keys.iter().zip(&b.keys))
            .map(|(direction, (a, b))| match direction {
                Direction::Asc => a.cmp(b),
                Direction::Desc => b.cmp(a),
            })
            .find(|ordering| ordering.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    }
}
