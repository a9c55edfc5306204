//! All units in memory, with the administrative and the Party tree of any day.

use std::collections::{HashMap, HashSet};

use entity::{
    unit, unit_succession, unit_version,
    value::{Day, Hierarchy, UnitCode, UnitId},
};
use futures_util::TryStreamExt;
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder, StreamTrait};

use crate::{error::Result, text};

/// How far a condition on a unit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, async_graphql::Enum, serde::Serialize)]
pub enum Reach {
    /// The unit alone.
    Unit,
    /// The unit and everything below it on the asked day.
    Subtree,
}

/// A unit or a subtree, by code.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
pub struct UnitReach {
    /// Code of the unit.
    pub code: String,
    /// How far the condition goes.
    #[graphql(default_with = "Reach::Subtree")]
    pub reach: Reach,
    /// Which tree is meant.
    #[graphql(default_with = "Hierarchy::Administrative")]
    pub hierarchy: Hierarchy,
}

/// A set of units.
pub type UnitSet = HashSet<UnitId>;

/// A unit with everything that is known of it.
#[derive(Debug)]
pub struct Unit {
    /// The row.
    pub row: unit::Model,
    /// Its versions, oldest first.
    pub versions: Vec<unit_version::Model>,
    /// Successions that it came from, oldest first.
    pub predecessors: Vec<unit_succession::Model>,
    /// Successions that came of it, oldest first.
    pub successors: Vec<unit_succession::Model>,
    /// Units that were below it in some version, by hierarchy.
    children: [Vec<UnitId>; 2],
    /// The unit that stands for its branch.
    pub(super) branch: UnitId,
    /// Collation and search keys of the versions' names.
    keys: Vec<NameKeys>,
}

#[derive(Debug)]
struct NameKeys {
    sort: Vec<u8>,
    search: String,
}

/// A name that a unit had before the one of the asked day (tên cũ).
#[derive(Clone, Debug, PartialEq, Eq, async_graphql::SimpleObject)]
#[graphql(name = "FormerUnitName")]
pub struct FormerName {
    /// The name.
    pub name: String,
    /// First day on which the unit had this name; null: since ever.
    pub valid_from: Option<Day>,
    /// First day on which the unit no longer had this name: the day of the change.
    pub valid_to: Option<Day>,
}

/// All units.
#[derive(Debug, Default)]
pub struct Units {
    pub(super) by_id: HashMap<UnitId, Unit>,
    by_code: HashMap<UnitCode, UnitId>,
    /// How many units each branch has.
    pub(super) branches: HashMap<UnitId, usize>,
}

fn slot(hierarchy: Hierarchy) -> usize {
    match hierarchy {
        Hierarchy::Administrative => 0,
        Hierarchy::Party => 1,
    }
}

impl Unit {
    /// The version that holds on the day.
    pub fn on(&self, day: Day) -> Option<&unit_version::Model> {
        self.versions.iter().find(|version| version.period().is_some_and(|period| period.holds(day)))
    }

    /// Whether its last version ended on the day or before.
    pub fn has_ended(&self, day: Day) -> bool {
        self.versions.last().is_some_and(|last| last.valid_to.is_some_and(|end| end <= day))
    }

    /// The version that stands for the unit on the day: the one that holds, else the last that did, else the first.
    pub fn shown_on(&self, day: Day) -> &unit_version::Model {
        &self.versions[self.shown_index(day)]
    }

    fn shown_index(&self, day: Day) -> usize {
        let holds = |version: &unit_version::Model| version.period().is_some_and(|period| period.holds(day));
        let ended = |version: &unit_version::Model| version.valid_to.is_some_and(|end| end <= day);
        self.versions.iter().position(holds).or_else(|| self.versions.iter().rposition(ended)).unwrap_or(0)
    }

    /// Collation key of the name shown on the day.
    pub fn sort_key(&self, day: Day) -> &[u8] {
        &self.keys[self.shown_index(day)].sort
    }

    /// Whether each of some folded words begins a word of the code or of one name: the name shown on the day, or a name
    /// before it.
    pub fn is_found_by(&self, words: &[String], day: Day) -> bool {
        let keys = self.keys[..=self.shown_index(day)].iter();
        keys.rev().any(|key| words.iter().all(|word| key.search.contains(word.as_str())))
    }

    /// The names before the one shown on a day, latest first. Consecutive versions of one name are one entry.
    pub fn former_names(&self, day: Day) -> Vec<FormerName> {
        let shown = self.shown_index(day);
        let mut names: Vec<FormerName> = Vec::new();
        for version in self.versions[..shown].iter().rev().filter(|of| of.name != self.versions[shown].name) {
            match names.last_mut() {
                Some(later) if later.name == version.name && later.valid_from == version.valid_to => {
                    later.valid_from = version.valid_from;
                }
                _ => names.push(FormerName {
                    name: version.name.clone(),
                    valid_from: version.valid_from,
                    valid_to: version.valid_to,
                }),
            }
        }
        names
    }
}

impl Units {
    /// Reads all units. Their rows are taken as they come: a nation has so many that the driver's own rows, held together,
    /// were more than a hundred megabytes.
    pub async fn load(connection: &(impl ConnectionTrait + StreamTrait)) -> Result<Self> {
        let rows = unit::Entity::find().stream(connection).await?.try_collect().await?;
        let mut versions: Vec<_> = unit_version::Entity::find().stream(connection).await?.try_collect().await?;
        // In Rust, because the databases do not agree on where a missing first day sorts.
        versions.sort_by_key(|version| version.valid_from);
        let successions =
            unit_succession::Entity::find().order_by_asc(unit_succession::COLUMN.on_date).all(connection).await?;
        Ok(Self::new(rows, versions, successions))
    }

    /// Builds the trees. Versions and successions come oldest first; a unit without a version is left out.
    pub fn new(
        rows: Vec<unit::Model>,
        versions: Vec<unit_version::Model>,
        successions: Vec<unit_succession::Model>,
    ) -> Self {
        let mut by_id: HashMap<UnitId, Unit> = rows.into_iter().map(|row| (row.id, Unit::bare(row))).collect();
        for version in versions {
            for hierarchy in [Hierarchy::Administrative, Hierarchy::Party] {
                let parent = version.parent_in(hierarchy).and_then(|parent| by_id.get_mut(&parent));
                let Some(parent) = parent else { continue };
                let children = &mut parent.children[slot(hierarchy)];
                if !children.contains(&version.unit_id) {
                    children.push(version.unit_id);
                }
            }
            if let Some(unit) = by_id.get_mut(&version.unit_id) {
                let search = format!("{}{}", text::search_key(&version.name), text::search_key(unit.row.code.as_str()));
                unit.keys.push(NameKeys { sort: text::plain_sort_key(&version.name), search });
                unit.versions.push(version);
            }
        }
        for link in successions {
            if let Some(unit) = by_id.get_mut(&link.predecessor_id) {
                unit.successors.push(link.clone());
            }
            if let Some(unit) = by_id.get_mut(&link.successor_id) {
                unit.predecessors.push(link);
            }
        }
        by_id.retain(|_, unit| !unit.versions.is_empty());
        // A list begins with room for four, and most units have one version: of a nation's units that is half of the memory.
        for unit in by_id.values_mut() {
            unit.versions.shrink_to_fit();
            unit.keys.shrink_to_fit();
            unit.children.iter_mut().for_each(Vec::shrink_to_fit);
        }
        let by_code = by_id.values().map(|unit| (unit.row.code.clone(), unit.row.id)).collect();
        let mut units = Self { by_id, by_code, branches: HashMap::new() };
        units.find_branches();
        units
    }

    /// How many units there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// All units, in no order.
    pub fn all(&self) -> impl Iterator<Item = &Unit> {
        self.by_id.values()
    }

    /// A unit by id.
    pub fn get(&self, id: UnitId) -> Option<&Unit> {
        self.by_id.get(&id)
    }

    /// A unit by code.
    pub fn by_code(&self, code: &str) -> Option<&Unit> {
        self.get(*self.by_code.get(code)?)
    }

    /// The versions of a unit, oldest first.
    pub(super) fn versions(&self, id: UnitId) -> impl Iterator<Item = &unit_version::Model> {
        self.get(id).map(|unit| unit.versions.as_slice()).unwrap_or_default().iter()
    }

    /// The units that were directly below a unit in some version.
    pub(super) fn ever_below(&self, parent: UnitId, hierarchy: Hierarchy) -> impl Iterator<Item = UnitId> {
        let below = self.get(parent).map(|unit| unit.children[slot(hierarchy)].as_slice()).unwrap_or_default();
        below.iter().copied()
    }

    /// Whether a unit never had another one below it, so that its subtree is always itself.
    pub(in crate::domain) fn is_leaf(&self, unit: UnitId, hierarchy: Hierarchy) -> bool {
        self.ever_below(unit, hierarchy).next().is_none()
    }

    /// How many units stand above a unit by the last version of each: an order of all units that knows no day.
    pub(in crate::domain) fn depth(&self, unit: UnitId, hierarchy: Hierarchy) -> usize {
        self.last_above(unit, hierarchy).len()
    }

    /// The units above a unit by the last version of each, nearest first.
    pub(super) fn last_above(&self, unit: UnitId, hierarchy: Hierarchy) -> Vec<UnitId> {
        self.climb(unit, |unit| unit.versions.last()?.parent_in(hierarchy))
    }

    /// The units above a unit, nearest first, as `parent` has them. Guards against a circle in history that was recorded
    /// as it is.
    fn climb(&self, unit: UnitId, parent: impl Fn(&Unit) -> Option<UnitId>) -> Vec<UnitId> {
        let parent = |unit: UnitId| parent(self.get(unit)?);
        let mut above = Vec::new();
        let mut next = parent(unit);
        while let Some(id) = next.filter(|id| *id != unit && !above.contains(id)) {
            above.push(id);
            next = parent(id);
        }
        above
    }

    /// The units directly below a unit on the day.
    pub fn children(&self, parent: UnitId, hierarchy: Hierarchy, day: Day) -> impl Iterator<Item = &Unit> {
        self.ever_below(parent, hierarchy)
            .filter_map(|child| self.get(child))
            .filter(move |child| child.on(day).is_some_and(|version| version.parent_in(hierarchy) == Some(parent)))
    }

    /// The unit alone or with everything below it on the day. Empty if the unit is not alive on the day.
    pub fn subtree(&self, root: UnitId, hierarchy: Hierarchy, reach: Reach, day: Day) -> UnitSet {
        let mut found = UnitSet::new();
        if self.get(root).is_none_or(|unit| unit.on(day).is_none()) {
            return found;
        }
        found.insert(root);
        let mut open = if reach == Reach::Subtree { vec![root] } else { Vec::new() };
        while let Some(parent) = open.pop() {
            for child in self.children(parent, hierarchy, day) {
                // Guards against a circle in history that was recorded as it is.
                if found.insert(child.row.id) {
                    open.push(child.row.id);
                }
            }
        }
        found
    }

    /// The units above a unit on the day, nearest first.
    pub fn ancestors(&self, unit: UnitId, hierarchy: Hierarchy, day: Day) -> Vec<UnitId> {
        self.climb(unit, |unit| unit.shown_on(day).parent_in(hierarchy))
    }

    /// What a grant over `roots` reaches: the subtree of each in either hierarchy as of today, units that have ended
    /// by their last version, and the ended predecessors of everything reached, whose records the successor keeps. A
    /// predecessor that lives on, as after the split of a part, keeps its own.
    pub fn reach_of(&self, roots: &[UnitId], today: Day) -> UnitSet {
        let has_ended = |id: UnitId| self.get(id).is_some_and(|unit| unit.has_ended(today));
        let mut reached = UnitSet::new();
        for hierarchy in [Hierarchy::Administrative, Hierarchy::Party] {
            let mut seen = UnitSet::new();
            let mut open: Vec<_> = roots.to_vec();
            while let Some(id) = open.pop() {
                let Some(unit) = self.get(id) else { continue };
                if !seen.insert(id) {
                    continue;
                }
                open.extend(unit.predecessors.iter().map(|link| link.predecessor_id).filter(|id| has_ended(*id)));
                open.extend(unit.children[slot(hierarchy)].iter().filter(|child| {
                    self.get(**child).is_some_and(|child| child.shown_on(today).parent_in(hierarchy) == Some(id))
                }));
            }
            reached.extend(seen);
        }
        reached
    }
}

impl Unit {
    fn bare(row: unit::Model) -> Self {
        Self {
            branch: row.id,
            row,
            versions: Vec::new(),
            predecessors: Vec::new(),
            successors: Vec::new(),
            children: Default::default(),
            keys: Vec::new(),
        }
    }
}
