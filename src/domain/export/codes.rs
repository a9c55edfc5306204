//! Codes of objects that a record refers to by id.

use std::collections::HashMap;

use entity::value::{CadreCode, CadreId, ClassCode, ClassId, PlanCode, PlanId, Scope, UnitCode, UnitId};

use crate::{
    authz::{Access, RelatedCadre},
    error::{Error, Result},
};

/// A unit named by a visible record, within reach or not.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnitRef {
    pub id: UnitId,
    pub code: UnitCode,
}

/// A person named by a visible record.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CadreRef {
    pub id: CadreId,
    pub code: CadreCode,
}

/// A plan named by a visible record.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanRef {
    pub id: PlanId,
    pub code: PlanCode,
}

/// A class named by a visible record.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClassRef {
    pub id: ClassId,
    pub code: ClassCode,
}

/// A unit by id. Records of units that are not in the snapshot of units are not shown, so a missing one is a fault.
pub(super) fn unit(access: &Access, id: UnitId) -> Result<UnitRef> {
    let unit = access.reference_data().units().get(id);
    let unit = unit.ok_or_else(|| Error::internal("a record of a unit that is not in the registry"))?;
    Ok(UnitRef { id, code: unit.row.code.clone() })
}

/// Whether the caller may read the persons of records.
pub(super) fn shows_persons(access: &Access) -> bool {
    access.caller().has(Scope::CadreRead)
}

/// Whether the caller may read the plans of records.
pub(super) fn shows_plans(access: &Access) -> bool {
    access.caller().has(Scope::TrainingRead)
}

/// Persons of visible records; empty without `cadre:read`.
pub(super) async fn persons(access: &Access, of: &[RelatedCadre]) -> Result<HashMap<RelatedCadre, CadreRef>> {
    if of.is_empty() || !shows_persons(access) {
        return Ok(HashMap::new());
    }
    let persons = access.persons(of).await?.into_iter();
    Ok(persons.map(|(key, cadre)| (key, CadreRef { id: cadre.id(), code: cadre.card().code.clone() })).collect())
}

/// Visible plans; empty without `training:read`.
pub(super) async fn plans(access: &Access, ids: impl Iterator<Item = PlanId>) -> Result<HashMap<PlanId, PlanRef>> {
    let ids = each_once(ids);
    if ids.is_empty() || !shows_plans(access) {
        return Ok(HashMap::new());
    }
    let plans = access.training()?.plans_by_ids(&ids).await?;
    let named = plans.iter().map(|plan| PlanRef { id: plan.row().id, code: plan.row().code.clone() });
    Ok(named.map(|plan| (plan.id, plan)).collect())
}

/// Visible classes.
pub(super) async fn classes(access: &Access, ids: impl Iterator<Item = ClassId>) -> Result<HashMap<ClassId, ClassRef>> {
    let ids = each_once(ids);
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let classes = access.training()?.classes_by_ids(&ids).await?;
    let named = classes.iter().map(|class| ClassRef { id: class.row().id, code: class.row().code.clone() });
    Ok(named.map(|class| (class.id, class)).collect())
}

fn each_once<T: Ord>(ids: impl Iterator<Item = T>) -> Vec<T> {
    let mut ids: Vec<T> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
