//! Acts whose rules depend on the length of a person's remaining service. A refusal of such an act reveals something
//! about the day of birth. Only callers who may read the person's identity may perform it, and the access is logged
//! before the act begins.

use entity::value::{RuleKey, Verification};

use super::OnRotation;
use crate::{
    authz::{Access, RuleInputs, ServiceKey, VisibleRotation},
    domain::{
        refusal::{Code, CommandResult, Refusal},
        rotation::state,
        rule::Facts,
    },
    error::Error,
};

/// The key to the length of the person's remaining service, if the rules of the act depend on it.
///
/// # Errors
/// `Forbidden` without `cadre.identity:read`, `PurposeRequired` without a purpose, `Unavailable` where the reading cannot
/// be logged; a refusal where the person's file is not in the caller's custody. None of them depends on the day of birth.
pub(super) async fn key<A: OnRotation>(
    access: &Access,
    act: &A,
    seen: &VisibleRotation,
) -> CommandResult<Option<ServiceKey>> {
    // An act that is not due is refused, or replays an earlier answer: no rule is judged.
    let is_due = state::after(seen.row().state, act.step()).is_ok();
    let Some(row) = act.judges_service(seen.row()).filter(|_| is_due) else { return Ok(None) };
    let id = access.seen_rotation(seen);
    let judged = access.rotations()?.judged(&[id]).await?.remove(&id);
    let judged = judged.ok_or_else(|| Error::internal("a rotation of nobody"))?;
    if !can_be_refused(access, &Facts::of(&row, &judged.cadre), &judged) {
        return Ok(None);
    }
    let key = access.service_key(&judged, &format!("Mutation.{}", act.step().mutation()))?;
    let key = key.ok_or_else(out_of_custody)?;
    access.log_disclosures().await?;
    Ok(Some(key))
}

/// Whether the rule of service could refuse the act: it is in force, verified, and not overridden.
fn can_be_refused(access: &Access, facts: &Facts<'_>, judged: &RuleInputs) -> bool {
    let rule = facts.rule_of_service(access.reference_data().rules());
    rule.is_some_and(|rule| matches!(rule.verification, Verification::Verified))
        && !judged.overrides.iter().any(|granted| granted.key == RuleKey::MinRemainingService)
}

fn out_of_custody() -> Refusal {
    Refusal::input(
        Code::FileOutOfReach,
        "rotationId",
        "Hồ sơ của người này không thuộc phạm vi của bạn nên không đối chiếu được thời gian công tác còn lại; hãy để đơn vị \
         đang quản lý hồ sơ quyết định, hoặc ghi nhận ngoại lệ.",
        "The person's file is not within your reach, so the remaining service cannot be checked; have a client decide that \
         reaches the file, or record an override.",
    )
}
