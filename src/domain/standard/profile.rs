//! Requirements of all posts in a set of units on a day: units and titles with the same requirements share a profile, so a
//! bulk query depends on the number of profiles, not of units.

use std::collections::{BTreeMap, BTreeSet};

use entity::value::{Day, TitleCode, UnitId};
use sea_orm::{
    DatabaseBackend,
    sea_query::{CaseStatement, Expr, SimpleExpr},
};

use super::judge::{Applied, Basis, applicable};
use crate::{db, reference::ReferenceData};

/// Units in which each title has the same requirements.
#[derive(Debug)]
pub(in crate::domain) struct Group {
    /// The units, sorted.
    pub(in crate::domain) units: Vec<UnitId>,
    /// Number of the profile of each title that has requirements.
    pub(in crate::domain) by_title: BTreeMap<TitleCode, usize>,
}

/// Profiles of the posts in a set of units.
#[derive(Debug)]
pub(in crate::domain) struct Profiles<'s> {
    /// The units, grouped.
    pub(in crate::domain) groups: Vec<Group>,
    /// The requirements of each profile.
    pub(in crate::domain) all: Vec<Vec<Applied<'s>>>,
}

impl<'s> Profiles<'s> {
    /// Profiles of the posts in some units with some titles, or with any title.
    pub(in crate::domain) fn of(
        reference_data: &'s ReferenceData,
        basis: Basis<'s>,
        (units, titles): (impl IntoIterator<Item = UnitId>, Option<&[&str]>),
        day: Day,
    ) -> Self {
        let standards = reference_data.standards();
        let mut named = standards.titles();
        named.retain(|title| titles.is_none_or(|titles| titles.contains(&title.as_str())));
        let mut profiles = Self { groups: Vec::new(), all: Vec::new() };
        for (class, mut units) in standards.classes(reference_data.units(), units, day) {
            let mut by_title = BTreeMap::new();
            for title in &named {
                let applied = applicable(standards, basis, (title, &class), day);
                if !applied.is_empty() {
                    by_title.insert(TitleCode::clone(title), profiles.number(applied));
                }
            }
            match profiles.groups.iter_mut().find(|group| group.by_title == by_title) {
                Some(group) => group.units.append(&mut units),
                None => profiles.groups.push(Group { units, by_title }),
            }
        }
        profiles.groups.iter_mut().for_each(|group| group.units.sort_unstable());
        profiles
    }

    fn number(&mut self, applied: Vec<Applied<'s>>) -> usize {
        self.all.iter().position(|other| *other == applied).unwrap_or_else(|| {
            self.all.push(applied);
            self.all.len() - 1
        })
    }

    /// Codes of the subjects whose levels meet any of the requirements.
    pub(super) fn subjects(&self) -> Vec<&'s str> {
        let subjects = self.all.iter().flatten().flat_map(|of| of.levels().map(|(subject, _)| subject));
        subjects.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Number of the profile of a post with this unit and title, as text; empty if it has no requirements.
    pub(super) fn number_of_post(&self, backend: DatabaseBackend, [unit, title]: [Expr; 2]) -> SimpleExpr {
        // The largest group is the rest, so that its units need not be listed.
        let largest = (0..self.groups.len()).max_by_key(|at| self.groups[*at].units.len());
        let Some(largest) = largest else { return Expr::val("") };
        let rest = self.groups[largest].number_of_title(backend, &title);
        if self.groups.len() == 1 {
            return rest;
        }
        let mut number = CaseStatement::new();
        for group in self.groups.iter().enumerate().filter(|(at, _)| *at != largest).map(|(_, group)| group) {
            let is_of_group = db::any_id(backend, unit.clone(), group.units.iter().map(|unit| unit.0));
            number = number.case(is_of_group, group.number_of_title(backend, &title));
        }
        number.finally(rest).into()
    }
}

impl Group {
    fn number_of_title(&self, backend: DatabaseBackend, title: &Expr) -> SimpleExpr {
        let mut titles: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for (title, profile) in &self.by_title {
            titles.entry(*profile).or_default().push(title.as_str());
        }
        if titles.is_empty() {
            return Expr::val("");
        }
        let mut number = CaseStatement::new();
        for (profile, titles) in titles {
            number =
                number.case(db::any_word(backend, title.clone(), titles.into_iter()), Expr::val(profile.to_string()));
        }
        number.finally(Expr::val("")).into()
    }
}
