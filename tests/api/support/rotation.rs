//! Rotations written straight into their table: for questions about states and days that no bundle brings and no act
//! makes.

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

/// What records are made of: people and units by code.
pub struct Places {
    units: Units,
    cadres: HashMap<String, CadreId>,
}

/// A day.
pub fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

impl Places {
    /// Those of a database.
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

    /// A rotation under way: number of the decision, person, unit left, unit gone to, first day.
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

    /// A rotation like `rotation`, which has ended on a day.
    pub fn ended(&self, line: [&str; 5], end: &str) -> rotation::Model {
        rotation::Model { state: RotationState::Ended, end_on: Some(day(end)), ..self.rotation(line) }
    }
}

/// Makes these the only rotations of a database: what came with its bundle goes, so that what is counted stands in the
/// test.
pub async fn keep_only(database: &Database, rotations: Vec<rotation::Model>) {
    rotation::Entity::delete_many().exec(database.writer()).await.expect("deleted");
    for rotation in rotations {
        rotation.into_active_model().reset_all().insert(database.writer()).await.expect("written");
    }
    maintenance::rebuild_projections(database, clock()).await.expect("rebuilt");
}
