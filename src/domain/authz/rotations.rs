//! The only road to rotations: every select starts narrowed to what the caller may know of.
//!
//! A published rotation is within reach where one of its units is. Until then, and for ever if it is given up, it exists
//! for those alone whose reach holds the preparing unit (design: embargo).

use std::collections::HashMap;

use entity::{
    rotation,
    value::{CadreId, Day, RotationId, RotationState, Scope},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, Select,
    sea_query::{Expr, SimpleExpr},
};

use crate::{
    db,
    domain::authz::{Access, AuthorizedCadreId, RelatedCadre},
    error::Result,
};

/// The rotations that a caller may know of.
#[derive(Clone, Copy, Debug)]
pub struct Rotations<'a> {
    access: &'a Access,
}

/// A rotation that the caller may know of, as it stood on a day. Made here alone, so that holding one is proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleRotation {
    row: rotation::Model,
    day: Day,
}

impl VisibleRotation {
    /// The row, as of the day.
    pub fn row(&self) -> &rotation::Model {
        &self.row
    }

    /// The day on which it is shown.
    pub fn day(&self) -> Day {
        self.day
    }
}

impl Access {
    /// The rotations that the caller may know of.
    ///
    /// # Errors
    /// `Forbidden` without `rotation:read`.
    pub fn rotations(&self) -> Result<Rotations<'_>> {
        self.require(Scope::RotationRead, "Rotation")?;
        Ok(Rotations { access: self })
    }

    /// The person of a rotation: whoever knows of the rotation knows whom it moved. Shown on the rotation's own day while
    /// their file is within reach, else on the last day on which this rotation had them within reach.
    pub fn person_of(&self, rotation: &VisibleRotation) -> RelatedCadre {
        let (row, day) = (&rotation.row, rotation.day);
        let arrived = row.state.has_started() && self.reaches(row.to_unit_id);
        let last = if arrived { row.start_on } else { row.start_on.before().unwrap_or(row.start_on) };
        RelatedCadre::of(row.cadre_id, day, last.min(day))
    }

    /// Whether the caller's reach holds whatever prepares a rotation: its preparing unit, or both of its units where
    /// imported history names none.
    pub fn prepares(&self, row: &rotation::Model) -> bool {
        match row.preparing_unit_id {
            Some(unit) => self.reaches(unit),
            None => self.reaches(row.from_unit_id) && self.reaches(row.to_unit_id),
        }
    }
}

impl<'a> Rotations<'a> {
    /// The rotations behind numbers, which need not be seen.
    pub(super) fn for_numbers(access: &'a Access) -> Self {
        Self { access }
    }

    /// Whose they are.
    pub(super) fn access(&self) -> &Access {
        self.access
    }

    /// What every question about rotations starts with.
    pub(in crate::domain) fn select(&self) -> Select<rotation::Entity> {
        rotation::Entity::find().filter(self.narrowing())
    }

    /// Rotations that are published and not revoked, for whoever asks: what numbers are counted over.
    pub(in crate::domain) fn select_published(&self) -> Select<rotation::Entity> {
        self.select().filter(rotation::Column::State.is_not_in(RotationState::EMBARGOED))
    }

    pub(super) fn narrowing(&self) -> Condition {
        let Some(reach) = self.access.narrowing() else { return Condition::all() };
        let is_within = |column| -> SimpleExpr {
            let column = Expr::col((rotation::Entity, column));
            db::any_id(self.access.backend(), column, reach.iter().map(|unit| unit.0))
        };
        let is_public = Condition::any()
            .add(rotation::Column::State.is_not_in(RotationState::EMBARGOED))
            .add(rotation::Column::PublishedOn.is_not_null());
        let published = Condition::all().add(is_public).add(
            Condition::any().add(is_within(rotation::Column::FromUnitId)).add(is_within(rotation::Column::ToUnitId)),
        );
        Condition::any().add(published).add(is_within(rotation::Column::PreparingUnitId))
    }

    /// Takes in a row that a select from here gave: nothing if it was no part of the history of the day, or names a unit
    /// that came after the request began.
    pub(in crate::domain) fn admitted(&self, row: rotation::Model, day: Day) -> Option<VisibleRotation> {
        let units = self.access.reference_data().units();
        let are_known = units.get(row.from_unit_id).is_some() && units.get(row.to_unit_id).is_some();
        // What is known now is part of today, also where no day says since when it was known.
        let row = if day < self.access.today() { row.as_of(day)? } else { row };
        if !are_known {
            return None;
        }
        Some(VisibleRotation { row, day })
    }

    /// Rotations by id, in no order; what the caller may not know of is left out.
    pub async fn by_ids(&self, ids: &[RotationId], day: Day) -> Result<Vec<VisibleRotation>> {
        let column = Expr::col((rotation::Entity, rotation::Column::Id));
        let of_ids = db::any_id(self.access.backend(), column, ids.iter().map(|id| id.0));
        let rows = self.select().filter(of_ids).all(&self.access.prepared()).await?;
        Ok(rows.into_iter().filter_map(|row| self.admitted(row, day)).collect())
    }

    /// The rotations of persons, newest first, as they are now.
    pub async fn of(&self, persons: &[AuthorizedCadreId]) -> Result<HashMap<AuthorizedCadreId, Vec<rotation::Model>>> {
        let persons: HashMap<CadreId, AuthorizedCadreId> =
            persons.iter().filter(|seen| seen.has_rotations()).map(|seen| (seen.id(), *seen)).collect();
        if persons.is_empty() {
            return Ok(HashMap::new());
        }
        let column = Expr::col((rotation::Entity, rotation::Column::CadreId));
        let rows = self
            .select()
            .filter(db::any_id(self.access.backend(), column, persons.keys().map(|id| id.0)))
            .order_by_desc(rotation::Column::StartOn)
            .order_by_desc(rotation::Column::Id)
            .all(self.access.reader())
            .await?;
        let mut of: HashMap<AuthorizedCadreId, Vec<_>> = HashMap::new();
        for row in rows {
            if let Some(seen) = persons.get(&row.cadre_id) {
                of.entry(*seen).or_default().push(row);
            }
        }
        Ok(of)
    }
}
