//! All units in memory, with the administrative and the Party tree on any day.

use std::collections::{HashMap, HashSet};

use entity::{
    unit, unit_area, unit_identifier, unit_succession, unit_version,
    value::{Day, Hierarchy, IdentifierSystem, UnitCode, UnitId},
};
use futures_util::TryStreamExt;
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder, StreamTrait};

use crate::{
    error::Result,
    reference::units::{area::Areas, identifier::Identifiers},
    text,
};

/// Range of a condition on a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, async_graphql::Enum, serde::Serialize)]
pub enum Reach {
    /// Only the unit.
    Unit,
    /// The unit and all units below it on the requested day.
    Subtree,
}

/// A unit or a subtree, by the unit's code.
#[derive(Clone, Debug, async_graphql::InputObject, serde::Serialize)]
pub struct UnitReach {
    /// Code of the unit.
    pub code: String,
    /// Range of the condition.
    #[graphql(default_with = "Reach::Subtree")]
    pub reach: Reach,
    /// Tree of the condition.
    #[graphql(default_with = "Hierarchy::Administrative")]
    pub hierarchy: Hierarchy,
}

/// Set of units.
pub type UnitSet = HashSet<UnitId>;

/// A unit with its history.
#[derive(Debug)]
pub struct Unit {
    /// Row of the unit.
    pub row: unit::Model,
    /// Versions of the unit, oldest first.
    pub versions: Vec<unit_version::Model>,
    /// Successions from which it was formed, oldest first.
    pub predecessors: Vec<unit_succession::Model>,
    /// Successions to units formed from it, oldest first.
    pub successors: Vec<unit_succession::Model>,
    /// Units that were its children in any version, by hierarchy.
    children: [Vec<UnitId>; 2],
    /// Branch of the unit.
    pub(super) branch: UnitId,
    /// Collation and search keys of the names, by version.
    keys: Vec<NameKeys>,
}

#[derive(Debug)]
struct NameKeys {
    sort: Vec<u8>,
    search: String,
}

/// A name of a unit before the one of the requested day (tên cũ).
#[derive(Clone, Debug, PartialEq, Eq, async_graphql::SimpleObject)]
#[graphql(name = "FormerUnitName")]
pub struct FormerName {
    /// The former name.
    pub name: String,
    /// First day of this name, inclusive; null if it has no known beginning.
    pub valid_from: Option<Day>,
    /// End of this name, exclusive: the day of the change.
    pub valid_to: Option<Day>,
}

/// All units of a snapshot.
#[derive(Debug, Default)]
pub struct Units {
    pub(super) by_id: HashMap<UnitId, Unit>,
    by_code: HashMap<UnitCode, UnitId>,
    identifiers: Identifiers,
    areas: Areas,
    /// Number of units in each branch.
    pub(super) branches: HashMap<UnitId, usize>,
}

fn hierarchy_index(hierarchy: Hierarchy) -> usize {
    match hierarchy {
        Hierarchy::Administrative => 0,
        Hierarchy::Party => 1,
    }
}

impl Unit {
    /// Version in force on the day.
    pub fn on(&self, day: Day) -> Option<&unit_version::Model> {
        self.versions.iter().find(|version| version.period().is_some_and(|period| period.holds(day)))
    }

    /// Whether its last version ended on or before the day.
    pub fn has_ended(&self, day: Day) -> bool {
        self.versions.last().is_some_and(|last| last.valid_to.is_some_and(|end| end <= day))
    }

    /// Version shown on the day: the version in force, otherwise the last version that ended, otherwise the first.
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

    /// Whether each folded word begins a word of one name: the name shown on the day, or an earlier one.
    pub fn is_found_by(&self, words: &[String], day: Day) -> bool {
        let keys = self.keys[..=self.shown_index(day)].iter();
        keys.rev().any(|key| words.iter().all(|word| key.search.contains(word.as_str())))
    }

    /// Names before the one shown on the day, latest first. Consecutive versions with the same name are merged.
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
    /// Reads all units. Rows are streamed: for the whole country, buffering them would take more than a hundred
    /// megabytes.
    pub async fn load(connection: &(impl ConnectionTrait + StreamTrait)) -> Result<Self> {
        let rows = unit::Entity::find().stream(connection).await?.try_collect().await?;
        let mut versions: Vec<_> = unit_version::Entity::find().stream(connection).await?.try_collect().await?;
        // Sorted in Rust, because the databases disagree on the position of NULL.
        versions.sort_by_key(|version| version.valid_from);
        let successions =
            unit_succession::Entity::find().order_by_asc(unit_succession::COLUMN.on_date).all(connection).await?;
        let identifiers = unit_identifier::Entity::find().stream(connection).await?.try_collect().await?;
        let areas = Areas::new(unit_area::Entity::find().all(connection).await?);
        let identifiers = Identifiers::new(identifiers);
        Ok(Self { identifiers, areas, ..Self::new(rows, versions, successions) })
    }

    /// Builds the trees, without identifiers and areas. Versions and successions must be sorted, oldest first; a unit without a version is omitted.
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
                let children = &mut parent.children[hierarchy_index(hierarchy)];
                if !children.contains(&version.unit_id) {
                    children.push(version.unit_id);
                }
            }
            if let Some(unit) = by_id.get_mut(&version.unit_id) {
                let search = text::search_key(&version.name);
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
        // A vector starts with capacity four, and most units have one version. Shrinking halves the memory of the units
        // of the whole country.
        for unit in by_id.values_mut() {
            unit.versions.shrink_to_fit();
            unit.keys.shrink_to_fit();
            unit.children.iter_mut().for_each(Vec::shrink_to_fit);
        }
        let by_code = by_id.values().map(|unit| (unit.row.code.clone(), unit.row.id)).collect();
        let mut units = Self { by_id, by_code, ..Self::default() };
        units.find_branches();
        units
    }

    /// Number of units.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are no units.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// All units, in no particular order.
    pub fn all(&self) -> impl Iterator<Item = &Unit> {
        self.by_id.values()
    }

    /// Unit by id.
    pub fn get(&self, id: UnitId) -> Option<&Unit> {
        self.by_id.get(&id)
    }

    /// Unit by code.
    pub fn by_code(&self, code: &str) -> Option<&Unit> {
        self.get(*self.by_code.get(code)?)
    }

    /// Unit to which a value of a system belongs on a day.
    pub fn by_identifier(&self, identifier: (IdentifierSystem, &str), day: Day) -> Option<&Unit> {
        self.get(self.identifiers.find(identifier, day)?)
    }

    /// Identifiers of a unit by system, each system's oldest first.
    pub fn identifiers(&self, id: UnitId) -> &[unit_identifier::Model] {
        self.identifiers.of_unit(id)
    }

    /// Areas of a unit, of any day, by kind, each kind's oldest first.
    pub fn areas(&self, id: UnitId) -> &[unit_area::Model] {
        self.areas.of_unit(id)
    }

    /// Areas of a unit on a day, by kind.
    pub fn areas_on(&self, id: UnitId, day: Day) -> impl Iterator<Item = &unit_area::Model> {
        self.areas.on(id, day)
    }

    /// Versions of a unit, oldest first.
    pub(super) fn versions(&self, id: UnitId) -> impl Iterator<Item = &unit_version::Model> {
        self.get(id).map(|unit| unit.versions.as_slice()).unwrap_or_default().iter()
    }

    /// Units that were children of a unit in any version.
    pub(super) fn ever_below(&self, parent: UnitId, hierarchy: Hierarchy) -> impl Iterator<Item = UnitId> {
        let below =
            self.get(parent).map(|unit| unit.children[hierarchy_index(hierarchy)].as_slice()).unwrap_or_default();
        below.iter().copied()
    }

    /// Whether a unit never had a child, so that its subtree is always the unit alone.
    pub(crate) fn is_leaf(&self, unit: UnitId, hierarchy: Hierarchy) -> bool {
        self.ever_below(unit, hierarchy).next().is_none()
    }

    /// Number of ancestors of a unit by the last version of each; independent of the day.
    pub(crate) fn depth(&self, unit: UnitId, hierarchy: Hierarchy) -> usize {
        self.last_ancestors(unit, hierarchy).len()
    }

    /// Ancestors of a unit by the last version of each, nearest first.
    pub(super) fn last_ancestors(&self, unit: UnitId, hierarchy: Hierarchy) -> Vec<UnitId> {
        self.ancestors_by(unit, |unit| unit.versions.last()?.parent_in(hierarchy))
    }

    /// Ancestors of a unit by `parent`, nearest first. Terminates on a cycle in recorded history.
    fn ancestors_by(&self, unit: UnitId, parent: impl Fn(&Unit) -> Option<UnitId>) -> Vec<UnitId> {
        let parent = |unit: UnitId| parent(self.get(unit)?);
        let mut above = Vec::new();
        let mut next = parent(unit);
        while let Some(id) = next.filter(|id| *id != unit && !above.contains(id)) {
            above.push(id);
            next = parent(id);
        }
        above
    }

    /// Children of a unit on the day.
    pub fn children(&self, parent: UnitId, hierarchy: Hierarchy, day: Day) -> impl Iterator<Item = &Unit> {
        self.ever_below(parent, hierarchy)
            .filter_map(|child| self.get(child))
            .filter(move |child| child.on(day).is_some_and(|version| version.parent_in(hierarchy) == Some(parent)))
    }

    /// The unit alone, or with all units below it on the day. Empty if the unit does not exist on the day.
    pub fn subtree(&self, root: UnitId, hierarchy: Hierarchy, reach: Reach, day: Day) -> UnitSet {
        let mut found = UnitSet::new();
        if self.get(root).is_none_or(|unit| unit.on(day).is_none()) {
            return found;
        }
        found.insert(root);
        let mut pending = if reach == Reach::Subtree { vec![root] } else { Vec::new() };
        while let Some(parent) = pending.pop() {
            for child in self.children(parent, hierarchy, day) {
                // Terminates on a cycle in recorded history.
                if found.insert(child.row.id) {
                    pending.push(child.row.id);
                }
            }
        }
        found
    }

    /// Ancestors of a unit on the day, nearest first.
    pub fn ancestors(&self, unit: UnitId, hierarchy: Hierarchy, day: Day) -> Vec<UnitId> {
        self.ancestors_by(unit, |unit| unit.shown_on(day).parent_in(hierarchy))
    }

    /// Reach of a grant over `roots`: the subtree of each root in both hierarchies today, with ended units placed by
    /// their last version, and the ended predecessors of all these units, whose records the successor keeps. A
    /// predecessor that still exists, as after the separation of a part, keeps its own records.
    pub fn reach_of(&self, roots: &[UnitId], today: Day) -> UnitSet {
        let has_ended = |id: UnitId| self.get(id).is_some_and(|unit| unit.has_ended(today));
        let mut reached = UnitSet::new();
        for hierarchy in [Hierarchy::Administrative, Hierarchy::Party] {
            let mut seen = UnitSet::new();
            let mut pending: Vec<_> = roots.to_vec();
            while let Some(id) = pending.pop() {
                let Some(unit) = self.get(id) else { continue };
                if !seen.insert(id) {
                    continue;
                }
                pending.extend(unit.predecessors.iter().map(|link| link.predecessor_id).filter(|id| has_ended(*id)));
                pending.extend(unit.children[hierarchy_index(hierarchy)].iter().filter(|child| {
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
