//! Access to rotations: every select is restricted to the rotations that the caller may see. There is no other access.
//!
//! A published rotation is within reach if one of its units is. An unpublished or cancelled rotation is visible only if
//! the reach contains the preparing unit (design: embargo).

use std::collections::HashMap;

use entity::{
    rotation,
    value::{CadreId, Day, RotationId, RotationState, Scope, UnitIds},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, Select,
    sea_query::{Expr, SimpleExpr},
};

use crate::{
    authz::{Access, AuthorizedCadreId, RelatedCadre},
    db,
    error::Result,
};

/// Rotations that a caller may see.
#[derive(Clone, Copy, Debug)]
pub struct Rotations<'a> {
    access: &'a Access,
}

/// A rotation that the caller may see, in its state on a day. Only this module creates values, so a value is proof of
/// access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleRotation {
    row: rotation::Model,
    day: Day,
}

impl VisibleRotation {
    /// Row of the rotation as of the day.
    pub fn row(&self) -> &rotation::Model {
        &self.row
    }

    /// Day as of which the rotation is shown.
    pub fn day(&self) -> Day {
        self.day
    }
}

impl Access {
    /// Rotations that the caller may see.
    ///
    /// # Errors
    /// `Forbidden` without `rotation:read`.
    pub fn rotations(&self) -> Result<Rotations<'_>> {
        self.require(Scope::RotationRead, "Rotation")?;
        Ok(Rotations { access: self })
    }

    /// Person of a rotation; a caller that may see the rotation may see its person. Shown as of the rotation's day
    /// while the file is within reach, otherwise as of the last day on which this rotation had the person within reach.
    pub fn person_of(&self, rotation: &VisibleRotation) -> RelatedCadre {
        let (row, day) = (&rotation.row, rotation.day);
        let arrived = row.state.has_started() && self.reaches(row.to_unit_id);
        let last = if arrived { row.start_on } else { row.start_on.before().unwrap_or(row.start_on) };
        RelatedCadre::of(row.cadre_id, day, last.min(day))
    }

    /// Whether the caller's reach contains the preparing unit, or both units if an imported rotation has no preparing
    /// unit.
    pub fn prepares(&self, row: &rotation::Model) -> bool {
        match row.preparing_unit_id {
            Some(unit) => self.reaches(unit),
            None => self.reaches(row.from_unit_id) && self.reaches(row.to_unit_id),
        }
    }
}

impl<'a> Rotations<'a> {
    /// Rotations for statistics: counted, not shown, so no scope is required.
    pub(super) fn for_numbers(access: &'a Access) -> Self {
        Self { access }
    }

    /// Access of the caller.
    pub(super) fn access(&self) -> &Access {
        self.access
    }

    /// Base select of all queries on rotations, restricted to visible ones.
    pub(crate) fn select(&self) -> Select<rotation::Entity> {
        rotation::Entity::find().filter(self.narrowing())
    }

    /// Published rotations that are not revoked, within reach; the base of statistics.
    pub(crate) fn select_published(&self) -> Select<rotation::Entity> {
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

    /// Wraps a row returned by a select of this type. `None` if the rotation was not yet known on the day, or refers to
    /// a unit created after the request began.
    pub(crate) fn admitted(&self, row: rotation::Model, day: Day) -> Option<VisibleRotation> {
        let units = self.access.reference_data().units();
        let are_known = units.get(row.from_unit_id).is_some() && units.get(row.to_unit_id).is_some();
        // Facts without a day on which they became known are part of today's state, so today uses the row unchanged.
        let row = if day < self.access.today() { row.as_of(day)? } else { row };
        if !are_known {
            return None;
        }
        Some(VisibleRotation { row, day })
    }

    /// Rotations by id, in no particular order. Rotations that the caller may not see are omitted.
    pub async fn by_ids(&self, ids: &[RotationId], day: Day) -> Result<Vec<VisibleRotation>> {
        let column = Expr::col((rotation::Entity, rotation::Column::Id));
        let of_ids = db::any_id(self.access.backend(), column, ids.iter().map(|id| id.0));
        let rows = self.select().filter(of_ids).all(&self.access.prepared()).await?;
        Ok(rows.into_iter().filter_map(|row| self.admitted(row, day)).collect())
    }

    /// Current rotations of persons, newest first.
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

/// Units whose reach shows a rotation: the condition of `Rotations::select` for one row.
pub(super) fn units_of(row: &rotation::Model) -> UnitIds {
    let of_all = [row.from_unit_id, row.to_unit_id].into_iter().filter(|_| !row.is_embargoed());
    of_all.chain(row.preparing_unit_id).collect()
}
