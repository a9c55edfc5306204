//! Policy of commands: their inputs and payloads, and the fields visible to administrators.

use entity::value::Scope;

use super::Need;

/// Need of commands, inputs, payloads and errors. `None` if there is no rule.
pub(super) fn of(parent: &str, field: &str) -> Option<Need> {
    use Need::{Nothing, Scope as Needs};
    Some(match (parent, field) {
        (
            "Mutation",
            "rotationPropose" | "rotationAdvance" | "rotationDecide" | "rotationPublish" | "rotationStart",
        )
        | ("Mutation", "rotationExtend" | "rotationEnd" | "rotationPlace" | "rotationCancel")
        | ("Mutation", "rotationAppraise" | "rotationOverride")
        | (
            "RotationProposeInput",
            "idempotencyKey" | "cadreCode" | "form" | "purpose" | "toUnitCode" | "toTitleCode",
        )
        | ("RotationProposeInput", "startOn" | "plannedEndOn" | "preparingUnitCode" | "planning" | "remark")
        | ("RotationPlanningInput", "documentNo" | "validFrom" | "validUntil")
        | ("RotationPlacementInput", "unitCode" | "titleCode" | "decisionNo")
        | (
            "RotationAdvanceInput"
            | "RotationDecideInput"
            | "RotationPublishInput"
            | "RotationStartInput"
            | "RotationExtendInput"
            | "RotationEndInput"
            | "RotationPlaceInput"
            | "RotationCancelInput"
            | "RotationAppraiseInput"
            | "RotationOverrideInput",
            "idempotencyKey" | "rotationId" | "expectedVersion",
        )
        | ("RotationAdvanceInput", "step" | "on" | "documentNo" | "remark")
        | ("RotationDecideInput", "decisionNo" | "decidedOn" | "startOn" | "plannedEndOn")
        | ("RotationPublishInput", "publishedOn")
        | ("RotationExtendInput", "plannedEndOn" | "decisionNo" | "reason")
        | ("RotationEndInput", "endOn" | "reason" | "remark" | "placement")
        | ("RotationPlaceInput", "unitCode" | "titleCode" | "placedOn" | "decisionNo")
        | ("RotationCancelInput", "reason")
        | ("RotationAppraiseInput", "year" | "result" | "appraisedOn" | "documentNo")
        | ("RotationOverrideInput", "rule" | "reason" | "grantedBy" | "grantedOn" | "documentNo") => {
            Needs(Scope::RotationWrite)
        }
        ("RotationProposePayload" | "RotationAdvancePayload" | "RotationDecidePayload", "rotation" | "userErrors")
        | ("RotationPublishPayload" | "RotationStartPayload" | "RotationExtendPayload", "rotation" | "userErrors")
        | ("RotationEndPayload" | "RotationPlacePayload" | "RotationCancelPayload", "rotation" | "userErrors")
        | ("RotationAppraisePayload" | "RotationOverridePayload", "rotation" | "userErrors") => {
            Needs(Scope::RotationRead)
        }
        ("UserError" | "InputError" | "ConflictError", "code" | "message" | "field")
        | ("ConflictError", "currentVersion")
        | ("StepError", "code" | "message" | "field" | "state" | "due")
        | ("SeatsError", "code" | "message" | "field" | "seats" | "allocated" | "used" | "remaining")
        | ("RuleError", "code" | "message" | "field") => Nothing,

        _ => return of_training_act(parent, field),
    })
}

/// Need of commands on training, their inputs and payloads.
fn of_training_act(parent: &str, field: &str) -> Option<Need> {
    use Need::Scope as Needs;
    Some(match (parent, field) {
        ("Mutation", "quotaIssue" | "quotaAllocate" | "quotaReturn" | "quotaRevoke" | "quotaAmend")
        | ("QuotaIssueInput", "idempotencyKey" | "planCode" | "unitCode" | "programmeCode" | "mode" | "measure")
        | ("QuotaIssueInput", "seats" | "isLowerBound" | "classes")
        | ("QuotaAllocateInput", "unitCode" | "seats" | "mode")
        | ("QuotaReturnInput" | "QuotaAmendInput", "seats")
        | (
            "QuotaAllocateInput" | "QuotaReturnInput" | "QuotaRevokeInput" | "QuotaAmendInput",
            "idempotencyKey" | "quotaId" | "expectedVersion",
        ) => Needs(Scope::QuotaAllocate),
        ("QuotaAllocatePayload", "quota" | "child" | "userErrors")
        | ("QuotaIssuePayload" | "QuotaReturnPayload" | "QuotaRevokePayload", "quota" | "userErrors")
        | ("QuotaAmendPayload", "quota" | "userErrors")
        // An enrolment that names a quota reveals its remaining seats.
        | ("ClassEnrolInput", "quotaId") => Needs(Scope::QuotaRead),

        ("Mutation", "planDraft" | "planAdvance" | "classPlan" | "classAdvance" | "classAmend" | "classEnrol")
        | ("Mutation", "enrolmentConfirm" | "enrolmentDrop" | "enrolmentComplete" | "enrolmentRevoke")
        | ("PlanDraftInput", "idempotencyKey" | "code" | "unitCode" | "name" | "yearFrom" | "yearTo" | "documentNo")
        | ("PlanAdvanceInput", "idempotencyKey" | "planCode" | "expectedVersion" | "to" | "documentNo")
        | ("ClassPlanInput", "idempotencyKey" | "code" | "planCode" | "programmeCode" | "organiserUnitCode")
        | ("ClassPlanInput", "intake" | "category" | "mode" | "startOn" | "lastOn" | "sessions" | "capacity")
        | ("ClassAdvanceInput" | "ClassAmendInput", "idempotencyKey" | "classCode" | "expectedVersion")
        | ("ClassAdvanceInput", "to" | "startOn" | "lastOn" | "sessions")
        | ("ClassAmendInput", "capacity" | "unlimited" | "sessions")
        | ("ClassEnrolInput", "idempotencyKey" | "classCode" | "reason" | "waitlist")
        | (
            "EnrolmentConfirmInput" | "EnrolmentDropInput" | "EnrolmentCompleteInput" | "EnrolmentRevokeInput",
            "idempotencyKey" | "enrolmentId" | "expectedVersion",
        )
        | ("EnrolmentDropInput" | "EnrolmentRevokeInput", "reason")
        | ("EnrolmentCompleteInput", "passed" | "grade" | "completedOn") => Needs(Scope::TrainingWrite),
        // An enrolment looks the person up by code.
        ("ClassEnrolInput", "cadreCode") => Needs(Scope::CadreRead),
        ("PlanDraftPayload" | "PlanAdvancePayload", "plan" | "userErrors")
        | ("ClassPlanPayload" | "ClassAdvancePayload" | "ClassAmendPayload", "class" | "userErrors")
        | ("ClassEnrolPayload", "enrolment" | "warnings" | "userErrors")
        | ("EnrolmentWarning", "code" | "message")
        | ("EnrolmentConfirmPayload" | "EnrolmentDropPayload", "enrolment" | "userErrors")
        | ("EnrolmentCompletePayload" | "EnrolmentRevokePayload", "enrolment" | "userErrors") => {
            Needs(Scope::TrainingRead)
        }

        _ => return of_client(parent, field),
    })
}

/// Need of the fields and commands of administrators on clients of the API.
fn of_client(parent: &str, field: &str) -> Option<Need> {
    Some(match (parent, field) {
        ("Query", "clients")
        | ("ClientConnection", "edges" | "nodes" | "pageInfo" | "totalCount")
        | ("ClientEdge", "cursor" | "node")
        | ("Client", "id" | "name" | "createdAt" | "revokedAt" | "grants" | "version")
        | ("ClientGrant", "scopes" | "purposes" | "units" | "validFrom" | "validTo" | "endedOn" | "isInForce")
        | ("ClientGrant", "requestsPerSecond" | "costPerMinute")
        | ("Mutation", "clientRegister" | "clientGrant" | "clientRevoke" | "clientRotateSecret")
        | ("ClientRegisterInput", "idempotencyKey" | "name" | "grant")
        | (
            "ClientGrantInput" | "ClientRevokeInput" | "ClientRotateSecretInput",
            "idempotencyKey" | "clientId" | "expectedVersion",
        )
        | ("ClientGrantInput", "grant")
        | ("ClientRotateSecretInput", "overlapHours")
        | ("ClientGrantTerms", "scopes" | "unitCodes" | "purposes" | "validFrom" | "validTo" | "legalBasis")
        | ("ClientGrantTerms", "requestsPerSecond" | "costPerMinute")
        | ("ClientRegisterPayload" | "ClientRotateSecretPayload", "client" | "secret" | "userErrors")
        | ("ClientGrantPayload" | "ClientRevokePayload", "client" | "userErrors") => Need::Scope(Scope::ClientsAdmin),

        _ => return None,
    })
}
