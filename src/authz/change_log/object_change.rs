//! The change of one object, as a command records it.

use entity::{
    appraisal, change,
    value::{CadreId, ChangeKind, UnitId, UnitIds},
};
use uuid::Uuid;

/// A change of one object.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(super) kind: ChangeKind,
    pub(super) object_type: String,
    pub(super) object: String,
    pub(super) audience: Option<UnitId>,
    pub(super) person: Option<CadreId>,
    /// The units before, if they differ from the units after.
    pub(super) before: Option<UnitIds>,
    /// The id and the units before and after, if the command knows them.
    pub(super) located: Option<(Uuid, UnitIds, UnitIds)>,
}

impl Change {
    /// Change of an object, named by its table and by its code, or by its id if it has no code.
    pub(crate) fn of(kind: ChangeKind, object_type: &str, object: impl Into<String>) -> Self {
        let (object_type, object) = (object_type.to_owned(), object.into());
        Self { kind, object_type, object, audience: None, person: None, before: None, located: None }
    }

    /// Change of a new appraisal, in the file of its person.
    pub(crate) fn of_appraisal(row: &appraisal::Model) -> Self {
        Self::of(ChangeKind::Created, "appraisal", row.id.to_string()).about(row.cadre_id)
    }

    /// Assigns the object to the file of this person.
    pub(crate) fn about(self, person: CadreId) -> Self {
        Self { person: Some(person), ..self }
    }

    /// Restricts the change to callers whose reach contains the unit; `None` for no restriction.
    pub(crate) fn only_for(self, audience: Option<UnitId>) -> Self {
        Self { audience, ..self }
    }

    /// Sets the units whose reach showed the object before, if they differ from the units after.
    pub(crate) fn shown_before_to(self, units: impl IntoIterator<Item = UnitId>) -> Self {
        Self { before: Some(units.into_iter().collect()), ..self }
    }

    /// Sets the id of the object, and the units whose reach showed it before and shows it after.
    pub(crate) fn located(self, id: Uuid, before: UnitIds, after: UnitIds) -> Self {
        Self { located: Some((id, before, after)), ..self }
    }

    /// The row, without units.
    pub(super) fn row(self, audit_seq: i64) -> change::Model {
        let Self { kind, object_type, object, audience, .. } = self;
        change::Model {
            seq: 0,
            audit_seq,
            kind,
            object_type,
            object,
            audience_id: audience,
            object_id: None,
            units_before: None,
            units_after: None,
        }
    }
}
