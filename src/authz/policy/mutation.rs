//! Policy of mutations. Inputs and payloads follow their mutation by their names: `classPlan` has `ClassPlanInput` and
//! `ClassPlanPayload`. A new command needs one row in `scopes_of`.

use entity::value::Scope;

use super::Need;

/// Right that mutations, their inputs and payloads require. `None` if there is no rule.
pub(super) fn of(parent: &str, field: &str) -> Option<Need> {
    if let Some(scope) = exception(parent, field) {
        return Some(Need::Scope(scope));
    }
    let scope = if parent == "Mutation" {
        scopes_of(field)?.0
    } else if let Some(mutation) = parent.strip_suffix("Input") {
        scopes_of(&uncapitalised(mutation))?.0
    } else {
        scopes_of(&uncapitalised(parent.strip_suffix("Payload")?))?.1
    };
    Some(Need::Scope(scope))
}

/// The scope that a mutation and its input need, and the scope that its payload needs.
fn scopes_of(mutation: &str) -> Option<(Scope, Scope)> {
    Some(match mutation {
        "rotationPropose" | "rotationAdvance" | "rotationDecide" | "rotationPublish" | "rotationStart"
        | "rotationExtend" | "rotationEnd" | "rotationPlace" | "rotationCancel" | "rotationAppraise"
        | "rotationOverride" => (Scope::RotationWrite, Scope::RotationRead),
        "quotaIssue" | "quotaAllocate" | "quotaReturn" | "quotaRevoke" | "quotaAmend" => {
            (Scope::QuotaAllocate, Scope::QuotaRead)
        }
        "planDraft" | "planAdvance" | "classPlan" | "classAdvance" | "classAmend" | "classEnrol"
        | "enrolmentConfirm" | "enrolmentDrop" | "enrolmentComplete" | "enrolmentRevoke" | "dutyIssue" | "dutyEnd"
        | "dutyExempt" | "dutyExemptionEnd" => (Scope::TrainingWrite, Scope::TrainingRead),
        "appraisalRecord" | "appraisalCorrect" | "appraisalAnnul" => (Scope::AppraisalWrite, Scope::AppraisalRead),
        "documentRegister" | "documentReplace" => (Scope::DocumentWrite, Scope::DocumentWrite),
        "clientRegister" | "clientGrant" | "clientRevoke" | "clientRotateSecret" => {
            (Scope::ClientsAdmin, Scope::ClientsAdmin)
        }
        _ => return None,
    })
}

/// Fields whose required scope does not follow from a mutation.
fn exception(parent: &str, field: &str) -> Option<Scope> {
    match (parent, field) {
        // An enrolment that names a quota reveals its remaining seats, and it looks the person up by code.
        ("ClassEnrolInput", "quotaId") => Some(Scope::QuotaRead),
        ("ClassEnrolInput", "cadreCode") => Some(Scope::CadreRead),
        // An exemption names a person by code and shows the person.
        ("DutyExemptInput" | "DutyExemptionEndInput", "cadreCode")
        | ("DutyExemptPayload" | "DutyExemptionEndPayload", "cadre") => Some(Scope::CadreRead),
        ("EnrolmentWarning", "code" | "message") => Some(Scope::TrainingRead),
        // It looks the person up by code.
        ("AppraisalRecordInput", "cadreCode") => Some(Scope::CadreRead),
        ("AppraisalWarning", "code" | "message") => Some(Scope::AppraisalRead),
        // Inputs within inputs.
        ("RotationPlanningInput" | "RotationPlacementInput", _) => Some(Scope::RotationWrite),
        ("ClientGrantTerms", _) => Some(Scope::ClientsAdmin),
        _ => None,
    }
}

fn uncapitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
