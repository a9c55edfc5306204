//! Records of a rotation: steps, appraisals, overrides, and the inputs of its rules. Only `AuthorizedRotationId`, the
//! proof that a rotation is visible, gives access to them.

use std::collections::{HashMap, HashSet};

use entity::{
    cadre, rotation_appraisal, rotation_step, rule_override,
    value::{CadreId, Day, RotationId},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, SimpleExpr},
};

use crate::{
    authz::{Access, Rotations, VisibleRotation},
    db,
    error::Result,
};

/// Proof that the caller may see a rotation on a day; required to read its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AuthorizedRotationId {
    id: RotationId,
    cadre: CadreId,
    day: Day,
    /// Whether the caller's reach contains the preparing unit, or both units if there is no preparing unit.
    prepares: bool,
}

/// Inputs of the rules other than the row of the rotation.
#[derive(Clone, Debug)]
pub struct RuleInputs {
    /// Person of the rotation. Sealed values stay sealed.
    pub(crate) cadre: cadre::Model,
    /// Overrides granted up to and including the day.
    pub(crate) overrides: Vec<rule_override::Model>,
    /// Whether the person's file is in the caller's custody on the day and today. Determined only for callers that may
    /// read identities; otherwise false.
    pub(super) has_custody: bool,
}

impl Access {
    /// Proof of access for reading the records of a rotation.
    pub fn authorized_rotation(&self, rotation: &VisibleRotation) -> AuthorizedRotationId {
        let row = rotation.row();
        AuthorizedRotationId { id: row.id, cadre: row.cadre_id, day: rotation.day(), prepares: self.prepares(row) }
    }
}

impl Rotations<'_> {
    /// Steps of rotations up to and including the day, oldest first. Steps before publication are visible only if the
    /// reach contains the preparing unit, since they reveal votes for and against (design: embargo).
    pub async fn steps(
        &self,
        of: &[AuthorizedRotationId],
    ) -> Result<HashMap<AuthorizedRotationId, Vec<rotation_step::Model>>> {
        let rows = rotation_step::Entity::find()
            .filter(self.of_rotations(rotation_step::Column::RotationId, of))
            .order_by_asc(rotation_step::Column::Version)
            .all(self.access().reader())
            .await?;
        Ok(by_rotation(
            of,
            rows,
            |row| row.rotation_id,
            |proof, row| row.on_day <= proof.day && (proof.prepares || !row.state.is_embargoed()),
        ))
    }

    /// Appraisals of rotations up to and including the day, by year.
    pub async fn appraisals(
        &self,
        of: &[AuthorizedRotationId],
    ) -> Result<HashMap<AuthorizedRotationId, Vec<rotation_appraisal::Model>>> {
        let rows = rotation_appraisal::Entity::find()
            .filter(self.of_rotations(rotation_appraisal::Column::RotationId, of))
            .order_by_asc(rotation_appraisal::Column::Year)
            .all(self.access().reader())
            .await?;
        Ok(by_rotation(of, rows, |row| row.rotation_id, |proof, row| row.appraised_on <= proof.day))
    }

    /// Overrides of rules granted for rotations up to and including the day.
    pub async fn overrides(
        &self,
        of: &[AuthorizedRotationId],
    ) -> Result<HashMap<AuthorizedRotationId, Vec<rule_override::Model>>> {
        let rows = rule_override::Entity::find()
            .filter(self.of_rotations(rule_override::Column::RotationId, of))
            .order_by_asc(rule_override::Column::Key)
            .all(self.access().reader())
            .await?;
        Ok(by_rotation(of, rows, |row| row.rotation_id, |proof, row| row.granted_on <= proof.day))
    }

    /// Inputs of the rules for rotations.
    pub async fn rule_inputs(&self, of: &[AuthorizedRotationId]) -> Result<HashMap<AuthorizedRotationId, RuleInputs>> {
        let mut overrides = self.overrides(of).await?;
        let column = Expr::col((cadre::Entity, cadre::Column::Id));
        let persons = cadre::Entity::find()
            .filter(db::any_id(self.access().backend(), column, of.iter().map(|proof| proof.cadre.0)))
            .all(self.access().reader())
            .await?;
        let persons: HashMap<CadreId, cadre::Model> = persons.into_iter().map(|row| (row.id, row)).collect();
        let in_custody = self.in_custody(of).await?;
        let rule_inputs = |proof: &AuthorizedRotationId| {
            let cadre = persons.get(&proof.cadre).cloned()?;
            let overrides = overrides.remove(proof).unwrap_or_default();
            Some((*proof, RuleInputs { cadre, overrides, has_custody: in_custody.contains(proof) }))
        };
        Ok(of.iter().filter_map(rule_inputs).collect())
    }

    /// Rotations whose persons' files are in the caller's custody; empty if the caller may not read identities.
    async fn in_custody(&self, of: &[AuthorizedRotationId]) -> Result<HashSet<AuthorizedRotationId>> {
        if !self.access().may_read_identity() {
            return Ok(HashSet::new());
        }
        let cadres = self.access().cadres()?;
        let cards = cadres.cards(cadres.is_one_of(of.iter().map(|proof| proof.cadre)), None).await?;
        let cards: HashMap<CadreId, _> = cards.into_iter().map(|card| (card.of.id, card.of)).collect();
        let has_custody = |proof: &&AuthorizedRotationId| {
            cards.get(&proof.cadre).is_some_and(|card| cadres.has_custody(&card.posts, proof.day))
        };
        Ok(of.iter().filter(has_custody).copied().collect())
    }

    fn of_rotations<C: ColumnTrait>(&self, column: C, of: &[AuthorizedRotationId]) -> SimpleExpr {
        let column = Expr::col((column.entity_name(), column));
        db::any_id(self.access().backend(), column, of.iter().map(|proof| proof.id.0))
    }
}

/// Groups rows by rotation and drops rows that the caller may not see.
fn by_rotation<R: Clone>(
    of: &[AuthorizedRotationId],
    rows: Vec<R>,
    rotation: impl Fn(&R) -> RotationId,
    shows: impl Fn(&AuthorizedRotationId, &R) -> bool,
) -> HashMap<AuthorizedRotationId, Vec<R>> {
    let mut rows_of: HashMap<RotationId, Vec<R>> = HashMap::new();
    for row in rows {
        rows_of.entry(rotation(&row)).or_default().push(row);
    }
    let shown = |proof: &AuthorizedRotationId| {
        let rows = rows_of.get(&proof.id).map(Vec::as_slice).unwrap_or_default();
        (*proof, rows.iter().filter(|row| shows(proof, row)).cloned().collect())
    };
    of.iter().map(shown).collect()
}
