//! The plan of an import: the results of the validation, which the loading writes.

use std::collections::HashSet;

use entity::{institution, retirement_age, rule as law, title};

use super::{
    checked::Checked, document::NewDocuments, duty::NewDuties, reference_lists::NewUnits, standard::NewStandards,
    title::NewSteps, training_lists::NewOffers,
};

/// The rows of the small files, and the totals of each file.
#[derive(Default)]
pub(super) struct Plan {
    pub titles: Vec<title::Model>,
    /// Recorded titles that get a group or a role.
    pub completed_titles: Vec<title::Model>,
    pub title_steps: NewSteps,
    pub institutions: Vec<institution::Model>,
    pub rules: Vec<law::Model>,
    pub retirement_ages: Vec<retirement_age::Model>,
    pub documents: NewDocuments,
    pub standards: NewStandards,
    pub offers: NewOffers,
    pub duties: NewDuties,
    pub units: NewUnits,
    /// Lines of rotations without an end that were ended by a later rotation of the person.
    pub overtaken: HashSet<u64>,
    pub checked: Vec<Checked>,
}

impl Plan {
    /// Whether the bundle has rows to write.
    pub fn has_new_rows(&self) -> bool {
        self.checked.iter().any(|file| file.new > 0)
    }

    /// New rows by file, for the audit entry.
    pub fn counts(&self) -> serde_json::Map<String, serde_json::Value> {
        let name = |file: &str| file.trim_end_matches(".csv").to_owned();
        self.checked.iter().map(|file| (name(file.file), file.new.into())).collect()
    }
}
