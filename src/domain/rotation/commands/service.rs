//! Commands whose rules depend on the length of a person's remaining service. A refusal of such a command reveals
//! something about the day of birth. Only callers that may read the person's identity may run it, and the access is
//! logged before its transaction begins.

use entity::{
    rotation,
    value::{Day, RuleKey, Verification},
};

use crate::{
    authz::{Access, RuleInputs, ServiceKey, VisibleRotation},
    domain::{
        refusal::{Code, CommandResult, Refusal},
        rotation::state::{self, Transition},
        rule::Facts,
    },
    error::Error,
};

/// The rule of the remaining service, as a command checks it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServiceRule {
    /// The transition of the command.
    pub(super) step: Transition,
    /// The start day that the command sets; `None`: the start day of the rotation.
    pub(super) start_on: Option<Day>,
}

/// The key to the length of the person's remaining service, if the rules of the command depend on it.
///
/// # Errors
/// `Forbidden` without `cadre.identity:read`, `PurposeRequired` without a purpose, `Unavailable` if the reading cannot
/// be logged; a refusal if the person's file is not in the caller's custody. None of them depends on the day of birth.
pub(super) async fn key(
    access: &Access,
    rotation: &VisibleRotation,
    rule: Option<ServiceRule>,
) -> CommandResult<Option<ServiceKey>> {
    // A command that is not allowed in the state is refused, or replays an earlier response: no rule is checked.
    let due = rule.filter(|rule| state::after(rotation.row().state, rule.step).is_ok());
    let Some(ServiceRule { step, start_on }) = due else { return Ok(None) };
    let row = rotation::Model { start_on: start_on.unwrap_or(rotation.row().start_on), ..rotation.row().clone() };
    let id = access.authorized_rotation(rotation);
    let rule_inputs = access.rotations()?.rule_inputs(&[id]).await?.remove(&id);
    let rule_inputs =
        rule_inputs.ok_or_else(|| Error::internal("a rotation refers to a person that does not exist"))?;
    if !can_be_refused(access, &Facts::of(&row, &rule_inputs.cadre), &rule_inputs) {
        return Ok(None);
    }
    let key = access.service_key(&rule_inputs, &format!("Mutation.{}", step.mutation()))?;
    let key = key.ok_or_else(out_of_custody)?;
    access.log_disclosures().await?;
    Ok(Some(key))
}

/// Whether the rule of service could refuse the command: it is in force, verified, and not overridden.
fn can_be_refused(access: &Access, facts: &Facts<'_>, rule_inputs: &RuleInputs) -> bool {
    let rule = facts.rule_of_service(access.reference_data().rules());
    rule.is_some_and(|rule| matches!(rule.verification, Verification::Verified))
        && !rule_inputs.overrides.iter().any(|granted| granted.key == RuleKey::MinRemainingService)
}

fn out_of_custody() -> Refusal {
    Refusal::input(
        Code::FileOutOfReach,
        "rotationId",
        "Hồ sơ của người này không thuộc phạm vi được cấp nên không đối chiếu được thời gian công tác còn lại; hãy đề \
         nghị đơn vị đang quản lý hồ sơ ban hành quyết định, hoặc ghi nhận ngoại lệ.",
        "The person's file is not within your reach, so the remaining service cannot be checked; ask the unit that \
         manages the file to decide, or record an override.",
    )
}
