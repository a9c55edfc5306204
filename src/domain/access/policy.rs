//! The whole policy on one screen: which scope opens which field, filter or sort.
//!
//! What is not decided here is closed: an operation that touches a place without a line is refused, and a test asks for
//! a line for every place of the schema. Types that speak of persons, and units, from which persons are reached, list
//! each field, so that a new field of theirs waits for its decision too.

use std::collections::BTreeSet;

use entity::value::Scope;

use crate::error::{Error, Result};

/// What a coordinate of the schema asks of the grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A valid grant, whatever its scopes: no person can be seen through it.
    Nothing,
    /// This scope.
    Scope(Scope),
}

/// The need of a schema coordinate: `Type.field`, `Type.field(argument:)`, `Input.field` or `Enum.VALUE`. Nothing where
/// no decision was taken.
pub fn need(coordinate: &str) -> Option<Need> {
    let (parent, place) = coordinate.split_once('.')?;
    match place.split_once('(') {
        Some((field, argument)) => of_argument(parent, field, argument.strip_suffix(":)")?),
        None => of_field(parent, place),
    }
}

fn of_field(parent: &str, field: &str) -> Option<Need> {
    use Need::{Nothing, Scope as Needs};
    Some(match (parent, field) {
        // Protected facts, and every way to ask by them.
        ("Cadre", "identity") | ("CadreKey", "nationalId") | ("Identity", _) => Needs(Scope::CadreIdentityRead),
        ("Cadre", "political") | ("Political", _) => Needs(Scope::CadrePoliticalRead),
        ("Cadre", "origin") | ("Origin", _) => Needs(Scope::CadreOriginRead),

        // Persons, ways to ask for them, and numbers about them until small cells are suppressed.
        ("Query", "cadre" | "cadres") | ("Unit", "cadres" | "composition") | ("CadreKey", "id" | "code") => {
            Needs(Scope::CadreRead)
        }
        ("Cadre", "id" | "code" | "fullName" | "gender" | "category" | "status" | "unit" | "title")
        | ("Cadre", "assignments" | "qualifications" | "highest")
        | ("CadreConnection", "edges" | "nodes" | "pageInfo" | "totalCount")
        | ("CadreEdge", "cursor" | "node")
        | ("Assignment", "unit" | "title" | "startOn" | "endOn" | "isPrimary")
        | ("Qualification", "id" | "subject" | "level" | "fieldCode" | "institution" | "mode" | "grantedOn")
        | ("Composition", "subject" | "total" | "levels" | "atLeast" | "asOf")
        | ("LevelShare", "level" | "count" | "percent")
        | ("Share", "count" | "percent")
        | ("CadreWhere", "unit" | "titles" | "keyLeader" | "category" | "gender" | "holds" | "and" | "or" | "not")
        | ("LevelCondition", "subject" | "atLeast" | "below" | "exactly")
        | ("CadreOrder", "field" | "direction")
        | ("CadreOrderField", "NAME" | "CODE" | "UNIT") => Needs(Scope::CadreRead),

        // Rotations.
        ("Query", "rotations") | ("Cadre", "rotations") | ("Unit", "rotationFlows") => Needs(Scope::RotationRead),
        // A person stands behind a rotation by `cadre:read` alone: the field, and the way to ask by it.
        ("Rotation", "cadre") | ("RotationWhere", "cadre") => Needs(Scope::CadreRead),
        ("RotationWhere", "fromUnit" | "toUnit" | "unit" | "preparingUnit" | "forms" | "directions" | "states")
        | ("RotationWhere", "purposes" | "startFrom" | "startUntil" | "runningOn" | "endsFrom" | "endsBefore")
        | ("RotationWhere", "placementMissing")
        | ("RotationOrder", "field" | "direction")
        | ("RotationOrderField", "START" | "END")
        | ("RotationFlow", "direction" | "fromTier" | "toTier" | "rotations" | "persons")
        | ("Rotation", "id" | "form" | "purpose" | "direction" | "fromUnit" | "toUnit" | "fromTitle" | "toTitle")
        | ("Rotation", "fromTier" | "toTier" | "startOn" | "plannedEndOn" | "endOn" | "endReason" | "state")
        | ("Rotation", "preparingUnit" | "decisionNo" | "decidedOn" | "publishedOn" | "placement" | "version")
        | ("Rotation", "checks" | "overrides" | "steps" | "appraisals")
        | ("RotationStep", "state" | "on" | "plannedEndOn" | "documentNo" | "remark" | "at")
        | ("RotationAppraisal", "year" | "result" | "appraisedOn" | "documentNo")
        | ("Placement", "unit" | "title" | "on" | "decisionNo")
        | ("RotationConnection", "edges" | "nodes" | "pageInfo" | "totalCount")
        | ("RotationEdge", "cursor" | "node") => Needs(Scope::RotationRead),

        // What the rules say of a person's rotation.
        ("RuleCheck", "rule" | "result" | "legalBasis" | "verified" | "message" | "override")
        | ("RuleError", "check")
        | ("RuleOverride", "rule" | "reason" | "grantedBy" | "grantedOn" | "documentNo") => Needs(Scope::RotationRead),

        // Training: plans, classes, enrolments, and numbers of them.
        ("Query", "trainingPlan" | "trainingClass" | "trainingClasses" | "enrolments")
        | ("Unit", "trainingProgress")
        | ("Cadre", "enrolments")
        | ("CadreWhere", "trained") => Needs(Scope::TrainingRead),
        // A person stands behind an enrolment by `cadre:read` alone, a plan behind a quota by `training:read`.
        ("Enrolment", "cadre") | ("EnrolmentWhere", "cadre") => Needs(Scope::CadreRead),
        ("Quota", "plan") => Needs(Scope::TrainingRead),
        ("TrainedCondition", "year" | "programmes")
        | ("TrainingPlanKey" | "TrainingClassKey", "id" | "code")
        | ("TrainingPlan", "id" | "code" | "name" | "documentNo" | "unit" | "yearFrom" | "yearTo" | "state" | "version")
        | ("TrainingClass", "id" | "code" | "plan" | "programme" | "organiser" | "intake" | "category" | "mode")
        | ("TrainingClass", "startOn" | "endOn" | "capacity" | "enrolled" | "reportedLearners" | "state")
        | ("TrainingClass", "fillPercent" | "enrolments" | "version")
        | ("TrainingClassWhere", "plan" | "programmes" | "categories" | "organiser" | "modes" | "states" | "intake")
        | ("TrainingClassWhere", "startFrom" | "startUntil" | "endFrom" | "endUntil")
        | ("TrainingClassOrder", "field" | "direction")
        | ("TrainingClassOrderField", "START_ON" | "CODE")
        | ("Enrolment", "id" | "class" | "programme" | "sendingUnit" | "year" | "state" | "grade" | "remark")
        | ("Enrolment", "version")
        | ("EnrolmentWhere", "unit" | "organiser" | "programmes" | "class" | "plan" | "categories" | "yearFrom")
        | ("EnrolmentWhere", "yearTo" | "states" | "withoutClass")
        | ("TrainingProgress", "year" | "untilYear" | "planned" | "plannedIsLowerBound" | "turns" | "persons")
        | ("TrainingProgress", "percentOfPlan" | "classes")
        | ("TrainingClassConnection" | "EnrolmentConnection", "edges" | "nodes" | "pageInfo" | "totalCount")
        | ("TrainingClassEdge" | "EnrolmentEdge", "cursor" | "node") => Needs(Scope::TrainingRead),

        // Quotas.
        ("Unit", "quotas")
        | ("TrainingPlan", "quotas")
        | ("Quota", "id" | "unit" | "programme" | "mode" | "measure" | "seats" | "seatsIsLowerBound" | "classes")
        | ("Quota", "allocated" | "used" | "remaining" | "fillPercent" | "parent" | "children" | "state" | "version")
        | ("QuotaConnection", "edges" | "nodes" | "pageInfo" | "totalCount")
        | ("QuotaEdge", "cursor" | "node") => Needs(Scope::QuotaRead),

        // Units and reference lists within reach.
        ("Query", "node" | "nodes" | "viewer" | "unit" | "units" | "titles" | "qualificationSubjects")
        | ("Query", "programmes" | "rules" | "retirementAges" | "__schema" | "__type")
        | ("Unit", "id" | "code" | "name" | "kind" | "tier" | "adminCode" | "validFrom" | "validTo")
        | ("Unit", "parent" | "ancestors" | "subunits" | "predecessors" | "successors")
        | ("Node", "id")
        | ("UnitConnection" | "UnitEdge" | "UnitSuccession" | "PageInfo" | "BoundedCount", _)
        | ("Viewer" | "ViewerLimits", _)
        | ("Title" | "QualificationSubject" | "QualificationLevel" | "Institution" | "EthnicGroup" | "Programme", _)
        | ("Rule" | "RetirementAge" | "CountingBasis" | "RuleResult", _)
        | ("UnitKey" | "UnitWhere" | "UnitReach" | "UnitOrder" | "UnitOrderField", _)
        | ("Tier" | "UnitKind" | "SuccessionKind" | "Hierarchy" | "Reach" | "Direction", _)
        | ("Category" | "Gender" | "CadreStatus" | "StudyMode", _)
        // Words of closed sets: what they are said of is decided at the field and at the condition.
        | ("RotationForm" | "RotationDirection" | "RotationState" | "RotationPurpose" | "EndReason", _)
        | ("RotationStepName" | "AppraisalResult", _)
        | ("ProgrammeKind" | "PlanState" | "Measure" | "QuotaState" | "ClassCategory" | "ClassState", _)
        | ("EnrolmentState" | "Grade", _) => Nothing,
        // The schema itself is public.
        (introspected, _) if introspected.starts_with("__") => Nothing,

        _ => return of_act(parent, field),
    })
}

/// Acts, what they take, and why they are refused.
fn of_act(parent: &str, field: &str) -> Option<Need> {
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

/// Acts on training, what they take, and what they give.
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
        // Whoever names a quota is told what is left of it.
        | ("ClassEnrolInput", "quotaId") => Needs(Scope::QuotaRead),

        ("Mutation", "planDraft" | "planAdvance" | "classPlan" | "classAdvance" | "classAmend" | "classEnrol")
        | ("Mutation", "enrolmentConfirm" | "enrolmentDrop" | "enrolmentComplete" | "enrolmentRevoke")
        | ("PlanDraftInput", "idempotencyKey" | "code" | "unitCode" | "name" | "yearFrom" | "yearTo" | "documentNo")
        | ("PlanAdvanceInput", "idempotencyKey" | "planCode" | "expectedVersion" | "to" | "documentNo")
        | ("ClassPlanInput", "idempotencyKey" | "code" | "planCode" | "programmeCode" | "organiserUnitCode")
        | ("ClassPlanInput", "intake" | "category" | "mode" | "startOn" | "endOn" | "capacity")
        | ("ClassAdvanceInput" | "ClassAmendInput", "idempotencyKey" | "classCode" | "expectedVersion")
        | ("ClassAdvanceInput", "to" | "startOn" | "endOn")
        | ("ClassAmendInput", "capacity")
        | ("ClassEnrolInput", "idempotencyKey" | "classCode" | "reason" | "waitlist")
        | (
            "EnrolmentConfirmInput" | "EnrolmentDropInput" | "EnrolmentCompleteInput" | "EnrolmentRevokeInput",
            "idempotencyKey" | "enrolmentId" | "expectedVersion",
        )
        | ("EnrolmentDropInput" | "EnrolmentRevokeInput", "reason")
        | ("EnrolmentCompleteInput", "passed" | "grade" | "completedOn") => Needs(Scope::TrainingWrite),
        // Whoever enrols a person finds them first.
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

/// Clients of the API: what an administrator sees and does.
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
        | ("ClientGrantTerms", "scopes" | "unitCodes" | "purposes" | "validFrom" | "validTo")
        | ("ClientGrantTerms", "requestsPerSecond" | "costPerMinute")
        | ("ClientRegisterPayload" | "ClientRotateSecretPayload", "client" | "secret" | "userErrors")
        | ("ClientGrantPayload" | "ClientRevokePayload", "client" | "userErrors") => Need::Scope(Scope::ClientsAdmin),

        _ => return None,
    })
}

/// An argument needs what its field needs; what its value names is decided at the value's own type. Its name must be
/// known all the same: a new one is a new way to ask.
fn of_argument(parent: &str, field: &str, argument: &str) -> Option<Need> {
    let is_known = match (parent, field) {
        ("Query", "node") => argument == "id",
        ("Query", "nodes") => argument == "ids",
        ("Query", "unit" | "cadre") => matches!(argument, "by" | "asOf"),
        ("Query", "units" | "cadres") => matches!(argument, "where" | "search" | "orderBy" | "asOf") || pages(argument),
        ("Query", "rotations" | "trainingClasses") => matches!(argument, "where" | "orderBy") || pages(argument),
        ("Query", "enrolments") => argument == "where" || pages(argument),
        ("Query", "trainingPlan" | "trainingClass") => argument == "by",
        ("TrainingClass", "enrolments") | ("TrainingPlan", "quotas") | ("Query", "clients") => pages(argument),
        ("Cadre", "enrolments") => argument == "year" || pages(argument),
        ("Unit", "quotas") => matches!(argument, "year" | "reach" | "unusedOnly") || pages(argument),
        ("Unit", "trainingProgress") => {
            matches!(argument, "year" | "untilYear" | "programmes" | "reach" | "decimals")
        }
        ("TrainingProgress", "classes") => argument == "categories",
        ("Unit", "rotationFlows") => matches!(argument, "from" | "until" | "forms"),
        ("Unit", "parent" | "ancestors") => argument == "hierarchy",
        ("Unit", "subunits") => argument == "hierarchy" || pages(argument),
        ("Unit", "cadres") => matches!(argument, "where" | "reach" | "orderBy" | "asOf") || pages(argument),
        ("Unit", "composition") => {
            matches!(argument, "subject" | "titles" | "keyLeadersOnly" | "hierarchy" | "reach" | "asOf" | "decimals")
        }
        ("Cadre", "qualifications" | "highest") => argument == "subject",
        ("Composition", "atLeast") => argument == "level",
        ("Mutation", _) => argument == "input",
        ("CadreConnection" | "UnitConnection" | "RotationConnection", "totalCount")
        | ("TrainingClassConnection" | "EnrolmentConnection" | "QuotaConnection", "totalCount")
        | ("ClientConnection", "totalCount") => argument == "max",
        (introspected, _) => introspected.starts_with("__") || (introspected, field) == ("Query", "__type"),
    };
    if is_known { of_field(parent, field) } else { None }
}

fn pages(argument: &str) -> bool {
    matches!(argument, "first" | "after" | "last" | "before")
}

/// Checks an operation before it runs.
///
/// # Errors
/// `Forbidden` with every coordinate that is closed and the scopes that would open it; `Internal` where the operation
/// touches a place without a decision.
pub fn admit<'a>(scopes: &BTreeSet<Scope>, coordinates: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut fields = Vec::new();
    let mut missing = BTreeSet::new();
    for coordinate in coordinates {
        match need(coordinate) {
            Some(Need::Nothing) => {}
            Some(Need::Scope(scope)) if scopes.contains(&scope) => {}
            Some(Need::Scope(scope)) => {
                fields.push(coordinate.to_owned());
                missing.insert(scope);
            }
            None => return Err(Error::internal(format!("no decision was taken on {coordinate}"))),
        }
    }
    if fields.is_empty() { Ok(()) } else { Err(Error::Forbidden { fields, missing: missing.into_iter().collect() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_every_closed_field_and_every_missing_scope() {
        let scopes = BTreeSet::from([Scope::CadreRead, Scope::CadreOriginRead]);
        let asked = ["Query.cadre", "Cadre.fullName", "Cadre.origin", "Cadre.identity", "Cadre.political"];

        let Err(Error::Forbidden { fields, missing }) = admit(&scopes, asked.into_iter()) else {
            panic!("two groups are closed")
        };

        assert_eq!(fields, ["Cadre.identity", "Cadre.political"]);
        assert_eq!(missing, [Scope::CadreIdentityRead, Scope::CadrePoliticalRead]);
        assert!(admit(&scopes, asked.into_iter().take(3)).is_ok());
    }

    #[test]
    fn what_the_rules_say_of_a_person_needs_the_scope_of_rotations() {
        let needs = Some(Need::Scope(Scope::RotationRead));
        for field in ["rule", "result", "legalBasis", "verified", "message", "override"] {
            assert_eq!(need(&format!("RuleCheck.{field}")), needs, "{field}");
        }
        for field in ["reason", "grantedBy", "grantedOn", "documentNo"] {
            assert_eq!(need(&format!("RuleOverride.{field}")), needs, "{field}");
        }
        assert_eq!(need("Rule.legalBasis"), Some(Need::Nothing), "the control: a rule speaks of nobody");
    }

    #[test]
    fn what_was_not_decided_is_closed_to_everybody() {
        let everything: BTreeSet<Scope> = Scope::all().collect();
        for place in [
            "Query.everyone",
            "Mutation.everything",
            "Cadre.salary",
            "Unit.salaries",
            "CadreWhere.bornAfter",
            "CadreOrderField.BIRTH",
            "RuleCheck.birthOn",
            "Payslip.amount",
            "Query.cadres(bornAfter:)",
            "Cadre.fullName(of:)",
            "Cadre",
        ] {
            assert_eq!(need(place), None, "{place}");
            assert!(matches!(admit(&everything, [place].into_iter()), Err(Error::Internal(_))), "{place}");
        }
        assert!(
            admit(&everything, ["Query.cadres(search:)", "Query.__type(name:)", "__Type.name"].into_iter()).is_ok()
        );
    }
}
