//! Rotations written directly to their table: for states and days that neither a bundle nor a command can produce.

use std::collections::HashMap;

use cadre_api::{
    db::Database,
    domain::{
        maintenance,
        rotation::{Standing, direction},
    },
    reference::units::Units,
};
use entity::{
    cadre, rotation, sample,
    value::{CadreId, Day, RotationState, UnitId},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::clock;

/// The ids of people and units by code.
pub struct Places {
    units: Units,
    cadres: HashMap<String, CadreId>,
}

/// A day.
pub fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

impl Places {
    /// Loads the ids of a database.
    pub async fn of(database: &Database) -> Self {
        let cadres = cadre::Entity::find().all(database.reader()).await.expect("read");
        let cadres = cadres.into_iter().map(|cadre| (cadre.code.to_string(), cadre.id)).collect();
        Self { units: Units::load(database.reader()).await.expect("read"), cadres }
    }

    /// A unit.
    pub fn unit(&self, code: &str) -> UnitId {
        self.units.by_code(code).expect(code).row.id
    }

    /// A person.
    pub fn cadre(&self, code: &str) -> CadreId {
        self.cadres[code]
    }

    /// A running rotation: number of the decision, person, unit left, target unit, first day.
    pub fn rotation(&self, [decision_no, cadre, from, to, start]: [&str; 5]) -> rotation::Model {
        let (from, to, start) = (self.unit(from), self.unit(to), day(start));
        let standing = |unit| Standing::of(&self.units, unit, start).expect("a unit");
        rotation::Model {
            cadre_id: self.cadre(cadre),
            direction: direction(standing(from), standing(to)),
            from_unit_id: from,
            from_tier: standing(from).tier,
            to_unit_id: to,
            to_tier: standing(to).tier,
            start_on: start,
            decision_no: Some(decision_no.to_owned()),
            ..sample::rotation()
        }
    }

    /// A rotation like `rotation` that ended on a day.
    pub fn ended(&self, line: [&str; 5], end: &str) -> rotation::Model {
        rotation::Model { state: RotationState::Ended, end_on: Some(day(end)), ..self.rotation(line) }
    }
}

/// Makes these the only rotations of a database. Those of its bundle are deleted, so that the test contains everything
/// that it counts.
pub async fn keep_only(database: &Database, rotations: Vec<rotation::Model>) {
    rotation::Entity::delete_many().exec(database.writer()).await.expect("deleted");
    for rotation in rotations {
        rotation.into_active_model().reset_all().insert(database.writer()).await.expect("written");
    }
    maintenance::rebuild_projections(database, clock()).await.expect("rebuilt");
}
