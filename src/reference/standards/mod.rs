//! Standards of titles (tiêu chuẩn chức danh) as data: issuer, days, scopes and requirements. Selecting the requirements for
//! a post and comparing a person with them is code in `domain::standard`.

use std::collections::{BTreeMap, HashMap, HashSet};

use entity::{
    requirement, standard, standard_scope,
    value::{Day, Hierarchy, LevelCode, StandardCode, SubjectCode, Tier, TitleCode, UnitId},
};
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::{error::Result, reference::units::Units};

/// A requirement with the rank of its level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Row of the requirement.
    pub row: requirement::Model,
    /// Rank of the lowest level that meets it.
    pub rank: i16,
    /// Lowest ranks in other subjects that meet it too.
    pub equivalents: Vec<(SubjectCode, i16)>,
}

/// A standard with its scopes and requirements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standard {
    /// Row of the standard.
    pub row: standard::Model,
    /// Titles to which it applies, by code.
    pub scopes: Vec<standard_scope::Model>,
    /// Requirements, by code.
    pub requirements: Vec<Requirement>,
}

impl Standard {
    /// Scope of the standard for a title.
    pub fn scope(&self, title: &TitleCode) -> Option<&standard_scope::Model> {
        self.scopes.iter().find(|scope| scope.title_code == *title)
    }

    /// Requirement by code.
    pub fn requirement(&self, code: &str) -> Option<&Requirement> {
        self.requirements.iter().find(|requirement| requirement.row.code.as_str() == code)
    }
}

/// All standards.
#[derive(Debug, Default)]
pub struct Standards {
    by_code: BTreeMap<StandardCode, Standard>,
    /// Units that issued a standard.
    issuers: HashSet<UnitId>,
}

/// The facts of a unit that decide which standards apply in it. Equal for most units of a tier.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitClass {
    /// Tier of the unit.
    pub tier: Tier,
    /// The unit and its ancestors in the administrative tree, as far as they issued a standard; the unit first.
    pub issuers: Vec<UnitId>,
}

impl Standards {
    /// Standards from their rows. `rank` is the rank of a level in its subject; a requirement of an unknown level is
    /// omitted.
    pub fn of(
        standards: Vec<standard::Model>,
        (scopes, requirements): (Vec<standard_scope::Model>, Vec<requirement::Model>),
        rank: impl Fn(&SubjectCode, &LevelCode) -> Option<i16>,
    ) -> Self {
        let issuers = standards.iter().filter_map(|row| row.issuer_id).collect();
        let bare =
            |row: standard::Model| (row.code.clone(), Standard { row, scopes: Vec::new(), requirements: Vec::new() });
        let mut by_code: BTreeMap<_, _> = standards.into_iter().map(bare).collect();
        for scope in scopes {
            if let Some(standard) = by_code.get_mut(&scope.standard_code) {
                standard.scopes.push(scope);
            }
        }
        for row in requirements {
            let lowest = rank(&row.subject_code, &row.level_code);
            let equivalents = row.equivalents().filter_map(|(subject, level)| {
                let rank = rank(&subject, &level)?;
                Some((subject, rank))
            });
            let equivalents = equivalents.collect();
            if let (Some(standard), Some(rank)) = (by_code.get_mut(&row.standard_code), lowest) {
                standard.requirements.push(Requirement { row, rank, equivalents });
            }
        }
        for standard in by_code.values_mut() {
            standard.scopes.sort_by(|a, b| a.title_code.cmp(&b.title_code));
            standard.requirements.sort_by(|a, b| a.row.code.cmp(&b.row.code));
        }
        Self { by_code, issuers }
    }

    /// Reads all standards.
    pub(crate) async fn load(
        connection: &impl ConnectionTrait,
        rank: impl Fn(&SubjectCode, &LevelCode) -> Option<i16>,
    ) -> Result<Self> {
        let standards = standard::Entity::find().all(connection).await?;
        let scopes = standard_scope::Entity::find().all(connection).await?;
        let requirements = requirement::Entity::find().all(connection).await?;
        Ok(Self::of(standards, (scopes, requirements), rank))
    }

    /// All standards by code, in force or not.
    pub fn all(&self) -> impl Iterator<Item = &Standard> {
        self.by_code.values()
    }

    /// Standard by code.
    pub fn by_code(&self, code: &str) -> Option<&Standard> {
        self.by_code.get(code)
    }

    /// Titles to which any standard applies.
    pub fn titles(&self) -> HashSet<&TitleCode> {
        self.all().flat_map(|standard| &standard.scopes).map(|scope| &scope.title_code).collect()
    }

    /// Class of a unit on a day; `None` for an unknown unit.
    pub fn class_of(&self, units: &Units, unit: UnitId, day: Day) -> Option<UnitClass> {
        let tier = units.get(unit)?.shown_on(day).tier;
        let above =
            if self.issuers.is_empty() { vec![] } else { units.ancestors(unit, Hierarchy::Administrative, day) };
        let issuers = [unit].into_iter().chain(above).filter(|unit| self.issuers.contains(unit));
        Some(UnitClass { tier, issuers: issuers.collect() })
    }

    /// Units grouped by their class on a day, in a fixed order.
    pub fn classes(
        &self,
        units: &Units,
        of: impl IntoIterator<Item = UnitId>,
        day: Day,
    ) -> BTreeMap<UnitClass, Vec<UnitId>> {
        let mut classes: HashMap<UnitClass, Vec<UnitId>> = HashMap::new();
        for unit in of {
            if let Some(class) = self.class_of(units, unit, day) {
                classes.entry(class).or_default().push(unit);
            }
        }
        let mut sorted: BTreeMap<_, _> = classes.into_iter().collect();
        sorted.values_mut().for_each(|units| units.sort_unstable());
        sorted
    }
}
