//! Persons that a caller may see, and proofs of access to them.

use std::sync::Arc;

use entity::{
    assignment, qualification, rotation,
    value::{CadreId, Day},
};

use crate::projection::cadre_snapshot::CadreSnapshot;

/// A person within the caller's reach on a day, with posts and qualifications. Only `authz` creates values, so a value
/// is proof of access.
#[derive(Clone, Debug)]
pub struct AuthorizedCadre {
    /// Card without the posts outside the caller's reach.
    pub(super) card: Arc<CadreSnapshot>,
    /// Rotations, if they were read together with the person.
    pub(super) rotations: Option<Arc<[rotation::Model]>>,
    pub(super) day: Day,
    pub(super) has_custody: bool,
}

impl AuthorizedCadre {
    /// Whether the person's file is in the caller's custody both on the requested day and today. Protected facts have
    /// no history, only current values, so custody on a past day alone does not open them.
    pub(crate) fn has_custody(&self) -> bool {
        self.has_custody
    }

    /// Id of the person.
    pub fn id(&self) -> CadreId {
        self.card.id
    }

    /// Card of the person.
    pub fn card(&self) -> &CadreSnapshot {
        &self.card
    }

    /// Posts in units within reach, newest first.
    pub fn posts(&self) -> &[assignment::Model] {
        &self.card.posts
    }

    /// Qualifications by subject, then oldest first.
    pub fn qualifications(&self) -> &[qualification::Model] {
        &self.card.qualifications
    }

    /// Current rotations, newest first; `None` if they were not read together with the person.
    pub fn rotations(&self) -> Option<&[rotation::Model]> {
        self.rotations.as_deref()
    }

    /// Day as of which the person is shown.
    pub fn day(&self) -> Day {
        self.day
    }

    /// Proof of access, for reading related records.
    pub fn seen(&self) -> AuthorizedCadreId {
        AuthorizedCadreId { cadre: self.card.id, has_rotations: self.card.has_rotations }
    }
}

/// Proof that the caller may see a person; required to read related records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AuthorizedCadreId {
    cadre: CadreId,
    has_rotations: bool,
}

impl AuthorizedCadreId {
    /// Id of the person.
    pub(super) fn id(self) -> CadreId {
        self.cadre
    }

    /// Whether the person has rotations.
    pub(super) fn has_rotations(self) -> bool {
        self.has_rotations
    }
}

/// Proof that the caller may see the person of a visible record; required to read that person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RelatedCadre {
    pub(super) cadre: CadreId,
    pub(super) day: Day,
    /// Day as of which the person is shown if the person's file is out of reach on `day`.
    pub(super) otherwise: Day,
}

impl RelatedCadre {
    /// Person for whom access is proven: shown as of `day` if the person's file is within reach on that day, otherwise
    /// as of `otherwise`.
    pub(super) fn of(cadre: CadreId, day: Day, otherwise: Day) -> Self {
        Self { cadre, day, otherwise }
    }
}
