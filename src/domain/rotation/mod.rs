//! Rotations (luân chuyển), transfers (điều động) and secondments (biệt phái): queries, rules and commands.

pub mod commands;
mod direction;
mod flow;
mod list;
mod place;
pub mod state;

pub use direction::{Standing, direction};
pub use flow::{FlowsAsked, RotationFlow, flows};
pub use list::{RotationList, RotationOrder, RotationOrderField, RotationWhere};

use entity::{
    rotation,
    value::{Day, RotationId},
};

use crate::{
    authz::{Access, RuleInputs, VisibleRotation},
    domain::rule::{self, Facts, RuleCheck},
    error::{Error, Result},
};

/// Selector of a rotation.
#[derive(Clone, Debug, async_graphql::OneofObject)]
pub enum RotationKey {
    /// Its id.
    Id(async_graphql::ID),
}

/// A rotation by id, as it is today, if the caller may see it.
///
/// # Errors
/// `NotFound`; `Forbidden` without `rotation:read`.
pub async fn look_up(access: &Access, RotationKey::Id(id): &RotationKey) -> Result<VisibleRotation> {
    let id: RotationId = id.parse().map_err(|_| Error::NotFound)?;
    access.rotations()?.by_ids(&[id], access.today()).await?.pop().ok_or(Error::NotFound)
}

/// A person's rotations as of a day, in order, selected from all that are known now.
///
/// # Errors
/// `Forbidden` without `rotation:read`.
pub fn history(access: &Access, rows: &[rotation::Model], day: Day) -> Result<Vec<VisibleRotation>> {
    let rotations = access.rotations()?;
    Ok(rows.iter().filter_map(|row| rotations.admitted(row.clone(), day)).collect())
}

/// Results of the rules of the start day for a rotation, as of the day on which it is shown. Rules that depend on the
/// day of birth are checked only for callers that may read the person's identity, and each such access is logged.
pub fn checks(access: &Access, rotation: &VisibleRotation, inputs: &RuleInputs) -> Vec<RuleCheck> {
    let rules = access.reference_data().rules();
    let facts = Facts::of(rotation.row(), &inputs.cadre);
    let key = facts.rule_of_service(rules).and_then(|_| access.service_key(inputs, "Rotation.checks").ok()?);
    let service = key.and_then(|key| key.open(&inputs.cadre, rules.retirement_ages()));
    rule::judge(rules, &facts.with_service(service), &inputs.overrides)
}
