//! Finds the units of changed objects: those whose reach shows an object.
//!
//! - a unit: the unit itself;
//! - a person, and a qualification or appraisal of the person: the units that keep the person's file;
//! - a rotation: both units and the preparing unit, or the preparing unit alone before its publication;
//! - a plan: its unit; a quota: its holder; a class: its organiser;
//! - an enrolment: the sending unit and the organiser of the class.
//!
//! A new quota also shows its plan to the holder, and a new enrolment shows its class to the sending unit. Otherwise the
//! units of an object change only with the posts of a person and the publication of a rotation.

use std::collections::HashMap;

use entity::{
    change, enrolment, quota, rotation, training_class, training_plan, unit,
    value::{AppraisalId, ChangeKind, Day, EnrolmentId, QualificationId, QuotaId, RotationId, UnitIds},
};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::object_change::Change;
use crate::{
    audit::hash_chain::ROWS,
    authz::{cadres::custodians, rotations},
    error::Result,
    projection::ChangedPersons,
};

/// Id and units of a changed object.
#[derive(Clone, Debug)]
struct Location {
    id: Uuid,
    before: UnitIds,
    after: UnitIds,
    /// The plan of a quota, or the class of an enrolment.
    parent: Option<Parent>,
}

/// A plan or class, which is also shown to the units of its quotas or enrolments.
#[derive(Clone, Debug)]
struct Parent {
    table: &'static str,
    code: String,
    id: Uuid,
    units: UnitIds,
}

/// Objects by table and by the name that changes use: the code, or the id.
type Locations = HashMap<(String, String), Location>;

/// Converts changes to rows with the units of their objects, in order. Changes that only show a plan or a class to
/// further units follow at the end.
pub(super) async fn find(
    txn: &DatabaseTransaction,
    (audit_seq, changes): (i64, Vec<Change>),
    persons: Option<&ChangedPersons>,
    today: Day,
) -> Result<Vec<change::Model>> {
    let mut locations = Locations::new();
    for table in ["unit", "rotation", "training_plan", "quota", "training_class", "enrolment"] {
        let names: Vec<&str> =
            changes.iter().filter(|of| of.object_type == table).map(|of| of.object.as_str()).collect();
        for names in names.chunks(ROWS) {
            locations
                .extend(read(txn, table, names).await?.into_iter().map(|(name, at)| ((table.to_owned(), name), at)));
        }
    }
    let mut rows = Vec::with_capacity(changes.len());
    let mut parents = Vec::new();
    for change in changes {
        let is_new = change.kind == ChangeKind::Created;
        let location = match (&change.located, persons.and_then(|persons| of_person(&change, persons, today))) {
            (Some((id, before, after)), _) => {
                Some(Location { id: *id, before: before.clone(), after: after.clone(), parent: None })
            }
            (None, Some(location)) => Some(location),
            (None, None) => locations.get(&(change.object_type.clone(), change.object.clone())).cloned(),
        };
        let before = change.before.clone();
        let mut row = change.row(audit_seq);
        if let Some(Location { id, before: same, after, parent }) = location {
            parents.extend(parent.filter(|_| is_new).map(|parent| (parent, after.clone())));
            row.object_id = Some(id);
            row.units_before = Some(if is_new { UnitIds::default() } else { before.unwrap_or(same) });
            row.units_after = Some(after);
        }
        rows.push(row);
    }
    show_parents(&mut rows, audit_seq, parents);
    Ok(rows)
}

/// Location of a person, or of a qualification or appraisal in a person's file. `None` for other objects, and if all read models were
/// rebuilt.
fn of_person(change: &Change, persons: &ChangedPersons, today: Day) -> Option<Location> {
    let (person, id) = match change.person {
        Some(person) => (persons.get(person)?, id_in_file(&change.object)?),
        None if change.object_type == "cadre" => {
            let (id, person) = persons.by_code(&change.object)?;
            (person, id.0)
        }
        None => return None,
    };
    let before = person.before.iter().flat_map(|posts| custodians(posts, today)).collect();
    Some(Location { id, before, after: custodians(&person.after, today).collect(), parent: None })
}

/// Id of a qualification or an appraisal.
fn id_in_file(object: &str) -> Option<Uuid> {
    let qualification = object.parse::<QualificationId>().map(|id| id.0);
    qualification.or_else(|_| object.parse::<AppraisalId>().map(|id| id.0)).ok()
}

/// Reads the objects of a table by name.
async fn read(txn: &DatabaseTransaction, table: &'static str, names: &[&str]) -> Result<Vec<(String, Location)>> {
    let codes = || names.iter().copied();
    let unchanged_units =
        |id: Uuid, units: UnitIds, parent: Option<Parent>| Location { id, before: units.clone(), after: units, parent };
    Ok(match table {
        "unit" => {
            let rows = unit::Entity::find().filter(unit::Column::Code.is_in(codes())).all(txn).await?;
            rows.into_iter()
                .map(|row| (row.code.to_string(), unchanged_units(row.id.0, [row.id].into_iter().collect(), None)))
                .collect()
        }
        "rotation" => {
            let ids = codes().filter_map(|name| name.parse::<RotationId>().ok());
            let rows = rotation::Entity::find().filter(rotation::Column::Id.is_in(ids)).all(txn).await?;
            rows.into_iter()
                .map(|row| (row.id.to_string(), unchanged_units(row.id.0, rotations::units_of(&row), None)))
                .collect()
        }
        "training_plan" => {
            let rows =
                training_plan::Entity::find().filter(training_plan::Column::Code.is_in(codes())).all(txn).await?;
            let units = |row: &training_plan::Model| [row.unit_id].into_iter().collect();
            rows.into_iter().map(|row| (row.code.to_string(), unchanged_units(row.id.0, units(&row), None))).collect()
        }
        "training_class" => {
            let rows =
                training_class::Entity::find().filter(training_class::Column::Code.is_in(codes())).all(txn).await?;
            let units = |row: &training_class::Model| [row.organiser_id].into_iter().collect();
            rows.into_iter().map(|row| (row.code.to_string(), unchanged_units(row.id.0, units(&row), None))).collect()
        }
        "quota" => {
            let ids = codes().filter_map(|name| name.parse::<QuotaId>().ok());
            let quotas = quota::Entity::find().filter(quota::Column::Id.is_in(ids));
            let rows = quotas.find_also_related(training_plan::Entity).all(txn).await?;
            rows.into_iter()
                .map(|(row, plan)| {
                    (
                        row.id.to_string(),
                        unchanged_units(row.id.0, [row.unit_id].into_iter().collect(), plan.as_ref().map(Parent::plan)),
                    )
                })
                .collect()
        }
        _ => {
            let ids = codes().filter_map(|name| name.parse::<EnrolmentId>().ok());
            let enrolments = enrolment::Entity::find().filter(enrolment::Column::Id.is_in(ids));
            let rows = enrolments.find_also_related(training_class::Entity).all(txn).await?;
            let units = |row: &enrolment::Model, class: &Option<training_class::Model>| {
                [row.unit_id].into_iter().chain(class.as_ref().map(|class| class.organiser_id)).collect()
            };
            rows.into_iter()
                .map(|(row, class)| {
                    (
                        row.id.to_string(),
                        unchanged_units(row.id.0, units(&row, &class), class.as_ref().map(Parent::class)),
                    )
                })
                .collect()
        }
    })
}

impl Parent {
    fn plan(row: &training_plan::Model) -> Self {
        Self {
            table: "training_plan",
            code: row.code.to_string(),
            id: row.id.0,
            units: [row.unit_id].into_iter().collect(),
        }
    }

    fn class(row: &training_class::Model) -> Self {
        let units = [row.organiser_id].into_iter().collect();
        Self { table: "training_class", code: row.code.to_string(), id: row.id.0, units }
    }
}

/// Records that new quotas and enrolments show their plan or class to further units: in the row of the plan or class,
/// or in a further row.
fn show_parents(rows: &mut Vec<change::Model>, audit_seq: i64, parents: Vec<(Parent, UnitIds)>) {
    let mut at: HashMap<(String, String), usize> = HashMap::new();
    for (nth, row) in rows.iter().enumerate() {
        at.insert((row.object_type.clone(), row.object.clone()), nth);
    }
    for (parent, units) in parents {
        let shown: UnitIds = parent.units.iter().chain(units.iter()).collect();
        if shown == parent.units {
            continue;
        }
        let nth = *at.entry((parent.table.to_owned(), parent.code.clone())).or_insert_with(|| {
            let row = Change::of(ChangeKind::Updated, parent.table, parent.code.clone()).row(audit_seq);
            rows.push(change::Model { object_id: Some(parent.id), units_before: Some(parent.units.clone()), ..row });
            rows.len() - 1
        });
        let before = rows[nth].units_after.take().unwrap_or(parent.units);
        rows[nth].units_after = Some(before.iter().chain(shown.iter()).collect());
    }
}
