//! Compact index of the classes of an import by code, for hundreds of thousands of classes.

use std::collections::{HashMap, HashSet};

use entity::value::{ClassCode, ClassId, ClassState, Day, PlanId, StudyMode};

use super::programme_index::Programme;
use crate::error::{Error, Result};

/// Index of a class among all known ones.
pub(super) type Class = u32;

/// The columns of a class that the checks of enrolments use.
#[derive(Clone, Debug)]
pub(super) struct ClassEntry {
    pub id: ClassId,
    pub plan_id: Option<PlanId>,
    /// `None` if its row names an unknown programme.
    pub programme: Option<Programme>,
    pub mode: Option<StudyMode>,
    pub state: ClassState,
    pub start_on: Day,
    pub end_on: Day,
    pub capacity: Option<i32>,
    /// Seats taken in the database; `None` for a new class of the bundle.
    pub stored: Option<i32>,
    /// Seats that new enrolments of the bundle take.
    pub new_seats: i32,
    /// Whether the current pass has read a row of this class.
    pub is_in_file: bool,
}

impl ClassEntry {
    /// Seats taken, with those of the bundle.
    pub fn total_seats(&self) -> i32 {
        self.stored.unwrap_or(0).saturating_add(self.new_seats)
    }
}

/// The classes of an import: some 120 bytes each.
#[derive(Default)]
pub(super) struct Classes {
    indexes: HashMap<ClassCode, Class>,
    entries: Vec<ClassEntry>,
}

impl Classes {
    /// The class with the code.
    pub fn find(&self, code: &ClassCode) -> Option<Class> {
        self.indexes.get(code).copied()
    }

    /// A class.
    pub fn get(&self, class: Class) -> &ClassEntry {
        &self.entries[class as usize]
    }

    /// Whether the class was stored before the import.
    pub fn is_stored(&self, class: Class) -> bool {
        self.get(class).stored.is_some()
    }

    /// The codes of some classes, in their order.
    pub fn codes_of(&self, classes: &HashSet<Class>) -> Vec<&ClassCode> {
        let all = self.indexes.iter().filter(|(_, class)| classes.contains(class));
        let mut codes: Vec<_> = all.map(|(code, _)| code).collect();
        codes.sort_unstable();
        codes
    }

    /// Adds a class.
    pub fn enter(&mut self, code: ClassCode, kept: ClassEntry) -> Result<Class> {
        let class = Class::try_from(self.entries.len()).map_err(Error::internal)?;
        self.entries.push(kept);
        self.indexes.insert(code, class);
        Ok(class)
    }

    /// Marks the class as present in the file; false if it was marked before.
    pub fn mark_present(&mut self, class: Class) -> bool {
        !std::mem::replace(&mut self.entries[class as usize].is_in_file, true)
    }

    /// Begins another pass over the files: clears the marks of `mark_present`.
    pub fn clear_file_marks(&mut self) {
        self.entries.iter_mut().for_each(|kept| kept.is_in_file = false);
    }

    /// Takes a seat for a new learner; false if none is left.
    pub fn take_seat(&mut self, class: Class) -> bool {
        let kept = &mut self.entries[class as usize];
        kept.new_seats = kept.new_seats.saturating_add(1);
        kept.capacity.is_none_or(|capacity| kept.total_seats() <= capacity)
    }

    /// The classes that get learners, by code.
    pub fn with_new_learners(&self) -> Vec<(&ClassCode, &ClassEntry)> {
        let all = self.indexes.iter().map(|(code, class)| (code, self.get(*class)));
        let mut with_new_learners: Vec<_> = all.filter(|(_, kept)| kept.new_seats > 0).collect();
        with_new_learners.sort_unstable_by_key(|(code, _)| *code);
        with_new_learners
    }
}

#[cfg(test)]
impl Classes {
    /// New classes with these days and modes, in their order.
    pub fn of<const N: usize>(classes: [(&str, &str, StudyMode); N]) -> Self {
        let mut all = Self::default();
        for (start, end, mode) in classes {
            let kept = ClassEntry {
                id: ClassId::new(),
                plan_id: None,
                programme: None,
                mode: Some(mode),
                state: ClassState::Closed,
                start_on: start.parse().expect(start),
                end_on: end.parse().expect(end),
                capacity: None,
                stored: None,
                new_seats: 0,
                is_in_file: false,
            };
            all.entries.push(kept);
        }
        all
    }
}
