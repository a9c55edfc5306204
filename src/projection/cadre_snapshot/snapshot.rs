//! A person with posts and qualifications, as stored in one row.

use entity::{
    assignment, qualification,
    value::{CadreCode, CadreId, CadreStatus, Category, Day, Gender},
};

/// A person's card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CadreSnapshot {
    /// Person.
    pub id: CadreId,
    /// Code of the person.
    pub code: CadreCode,
    /// Full name.
    pub full_name: String,
    /// Gender.
    pub gender: Gender,
    /// Category.
    pub category: Category,
    /// Current status.
    pub status: CadreStatus,
    /// Day of entering the service.
    pub joined_service_on: Option<Day>,
    /// Code of the current rank (ngạch).
    pub rank_code: Option<String>,
    /// Whether the person has rotations, in any state. Most have none; for these the rotation table is not read.
    pub has_rotations: bool,
    /// Posts, newest first.
    pub posts: Vec<assignment::Model>,
    /// Qualifications by subject, then oldest first.
    pub qualifications: Vec<qualification::Model>,
}
