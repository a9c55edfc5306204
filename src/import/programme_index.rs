//! Compact index of the programmes of an import by code.

use std::collections::HashMap;

use entity::value::ProgrammeCode;

/// Index of a programme among all known ones.
pub(super) type Programme = u32;

/// The programmes of the database and of the bundle.
#[derive(Default)]
pub(super) struct Programmes(HashMap<ProgrammeCode, Programme>);

impl Programmes {
    /// Adds a programme.
    pub fn enter(&mut self, code: ProgrammeCode) {
        let next = u32::try_from(self.0.len()).unwrap_or(Programme::MAX);
        self.0.entry(code).or_insert(next);
    }

    /// The codes of all programmes.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(ProgrammeCode::as_str)
    }

    /// The programme with the code.
    pub fn find(&self, code: &ProgrammeCode) -> Option<Programme> {
        self.0.get(code).copied()
    }
}
