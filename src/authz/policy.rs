//! Access policy: the scope required by each field, filter and sort order.
//!
//! Closed by default: an operation that uses a coordinate without a rule is rejected, and a test requires a rule for
//! every coordinate of the schema. Types with data of persons, and units, through which persons are reached, list every
//! field, so that each new field needs a rule too. Pages follow the type of their objects; inputs and payloads follow
//! their mutation.

mod mutation;
mod need;
mod rights;
mod source;

pub use need::Need;
pub use rights::Rights;
pub use source::follows_from_records;

use std::collections::BTreeSet;

use entity::value::{DataCategory, Scope};

use crate::error::{Error, Result};

/// Category of protected data that a scope opens; `None` if it opens none. Protected data may be read only for a stated
/// purpose (Law 91/2025/QH15), and each reading is logged.
pub fn category(scope: Scope) -> Option<DataCategory> {
    match scope {
        Scope::CadreIdentityRead => Some(DataCategory::Identity),
        Scope::CadrePoliticalRead => Some(DataCategory::Political),
        Scope::CadreOriginRead => Some(DataCategory::Origin),
        Scope::AppraisalRead => Some(DataCategory::Appraisal),
        Scope::CadreHealthRead => Some(DataCategory::Health),
        Scope::CadreRead
        | Scope::RotationRead
        | Scope::TrainingRead
        | Scope::QuotaRead
        | Scope::StatsRead
        | Scope::RotationWrite
        | Scope::TrainingWrite
        | Scope::QuotaAllocate
        | Scope::AppraisalWrite
        | Scope::DocumentWrite
        | Scope::CadreWrite
        | Scope::ImportWrite
        | Scope::AuditRead
        | Scope::ClientsAdmin => None,
    }
}

/// Right that a schema coordinate requires: `Type.field`, `Type.field(argument:)`, `Input.field` or `Enum.VALUE`.
/// `None` if there is no rule.
pub fn need(coordinate: &str) -> Option<Need> {
    let (parent, field) = coordinate.split_once('.')?;
    match field.split_once('(') {
        Some((field, argument)) => of_argument(parent, field, argument.strip_suffix(":)")?),
        None => of_field(parent, field),
    }
}

fn of_field(parent: &str, field: &str) -> Option<Need> {
    use Need::{Nothing, Numbers, Own, Scope as Needs};
    Some(match (parent, field) {
        // Statistics on persons.
        ("Unit", "composition")
        | ("Composition", "subject" | "total" | "levels" | "atLeast" | "asOf" | "isRounded")
        | ("LevelShare", "level" | "count" | "percent")
        | ("Share", "count" | "percent") => Numbers(Scope::CadreRead),
        ("Unit", "standardGap")
        | ("StandardGap", "asOf" | "holders" | "met" | "below" | "inTransition" | "indeterminate" | "notApplicable")
        | ("StandardGap", "exempt" | "belowPercent" | "isRounded" | "requirements" | "standards")
        | ("RequirementGap", "requirement" | "standard" | "met" | "below" | "inTransition" | "indeterminate")
        | ("RequirementGap", "exempt" | "belowPercent") => Numbers(Scope::CadreRead),
        ("Unit", "rotationFlows")
        | ("RotationFlow", "direction" | "fromTier" | "toTier" | "rotations" | "persons" | "isRounded") => {
            Numbers(Scope::RotationRead)
        }
        ("Unit", "appraisals")
        | ("UnitAppraisals", "system" | "year" | "countedOn" | "total" | "excellent" | "good" | "fulfilled")
        | ("UnitAppraisals", "notFulfilled" | "notRated" | "excellentPercent" | "overLimit" | "isRounded")
        | ("AppraisalOverLimit", "unit" | "category" | "excellent" | "goodOrBetter" | "limitPercent" | "legalBasis") => {
            Numbers(Scope::AppraisalRead)
        }
        ("Unit", "trainingProgress")
        | ("TrainingProgress", "year" | "untilYear" | "planned" | "plannedIsLowerBound" | "turns" | "persons")
        | ("TrainingProgress", "percentOfPlan" | "classes" | "isRounded")
        | ("Unit", "duty")
        | ("DutyCompliance", "duty" | "year" | "countedOn" | "bound" | "done" | "partly" | "notDone" | "exempt")
        | ("DutyCompliance", "indeterminate" | "percent" | "meetsNorm" | "unnamedLearners" | "isRounded") => {
            Numbers(Scope::TrainingRead)
        }

        // Protected facts and look-ups by them.
        ("Cadre", "identity") | ("CadreKey", "nationalId") | ("Identity", _) => Needs(Scope::CadreIdentityRead),
        ("Cadre", "political") | ("Political", _) => Needs(Scope::CadrePoliticalRead),
        ("Cadre", "origin") | ("Origin", _) => Needs(Scope::CadreOriginRead),
        ("Cadre", "dutyExemptions") | ("DutyExemption", "duty" | "validFrom" | "validTo" | "reason" | "documentNo") => {
            Needs(Scope::CadreHealthRead)
        }

        // Appraisals. Good years are derived from them.
        ("Cadre", "appraisals" | "goodYears")
        | ("Appraisal", "id" | "system" | "period" | "year" | "number" | "unit" | "points" | "result" | "decidedOn")
        | ("Appraisal", "documentNo" | "state" | "supersededBy" | "endedOn" | "reason" | "version")
        | ("GoodYears", "years" | "isLowerBound" | "endYear" | "result") => Needs(Scope::AppraisalRead),

        // Access log of protected facts.
        ("Cadre", "accessLog")
        | ("AccessEntry", "id" | "at" | "clientName" | "onBehalfOf" | "categories" | "purpose" | "gateway")
        | ("AccessGateway", "client" | "requestId" | "userId" | "issue") => Own(Scope::AuditRead),

        // Persons and look-ups of persons.
        ("Query", "cadre" | "cadres") | ("Unit", "cadres") | ("CadreKey", "id" | "code") => Needs(Scope::CadreRead),
        ("Cadre", "id" | "asOf" | "code" | "fullName" | "gender" | "category" | "status" | "unit" | "title")
        | ("Cadre", "joinedServiceOn" | "rankCode" | "assignments" | "qualifications" | "highest" | "standing")
        | ("Standing", "title" | "unit" | "result" | "requirements")
        | ("RequirementCheck", "requirement" | "standard" | "result" | "have" | "deadline" | "programmes")
        | ("CadreWhere", "belowStandard")
        | ("StandardCondition", "standard" | "requirement")
        | ("Assignment", "id" | "asOf" | "unit" | "title" | "startOn" | "endOn" | "isPrimary")
        | ("Qualification", "id" | "asOf" | "subject" | "level" | "fieldCode" | "institution" | "mode" | "grantedOn")
        | (
            "CadreWhere",
            "withPost" | "unit" | "titles" | "keyLeader" | "category" | "gender" | "codes" | "status" | "holds" | "and"
            | "or" | "not",
        )
        | ("LevelCondition", "subject" | "atLeast" | "below" | "exactly")
        | ("CadreOrder", "field" | "direction")
        | ("CadreOrderField", "NAME" | "CODE" | "UNIT") => Needs(Scope::CadreRead),

        // Rotations.
        ("Query", "rotation" | "rotations") | ("RotationKey", "id") | ("Cadre", "rotations") => {
            Needs(Scope::RotationRead)
        }
        // The person of a rotation requires `cadre:read`: both the field and the filter.
        ("Rotation", "cadre") | ("RotationWhere", "cadre") => Needs(Scope::CadreRead),
        ("RotationWhere", "fromUnit" | "toUnit" | "unit" | "preparingUnit" | "forms" | "directions" | "states")
        | ("RotationWhere", "purposes" | "startFrom" | "startBefore" | "runningOn" | "endFrom" | "endBefore")
        | ("RotationWhere", "placementMissing")
        | ("RotationOrder", "field" | "direction")
        | ("RotationOrderField", "START" | "END")
        | (
            "Rotation",
            "id" | "asOf" | "form" | "purpose" | "direction" | "fromUnit" | "toUnit" | "fromTitle" | "toTitle",
        )
        | ("Rotation", "fromTier" | "toTier" | "startOn" | "plannedEndOn" | "endOn" | "endReason" | "state")
        | ("Rotation", "preparingUnit" | "decisionNo" | "decidedOn" | "publishedOn" | "placement" | "version")
        | ("Rotation", "checks" | "overrides" | "steps" | "appraisals")
        | ("RotationStep", "id" | "state" | "on" | "plannedEndOn" | "documentNo" | "remark" | "at")
        | ("RotationAppraisal", "year" | "result" | "appraisedOn" | "documentNo")
        | ("Placement", "unit" | "title" | "on" | "decisionNo") => Needs(Scope::RotationRead),

        // Results of rules for a rotation.
        ("RuleCheck", "rule" | "result" | "legalBasis" | "verified" | "message" | "override")
        | ("RuleError", "check")
        | ("RuleOverride", "rule" | "reason" | "grantedBy" | "grantedOn" | "documentNo") => Needs(Scope::RotationRead),

        // Training: plans, classes, enrolments.
        (
            "Query",
            "trainingPlan" | "trainingPlans" | "trainingClass" | "trainingClasses" | "enrolment" | "enrolments",
        )
        | ("Cadre", "enrolments" | "duties" | "studyRecord")
        | ("StudyRecord", "year" | "completed" | "failed" | "dropped" | "open" | "grades" | "duties")
        | ("StudyGrade", "grade" | "count")
        | ("CadreDuty", "duty" | "result" | "amount" | "reason")
        | ("DutyCondition", "code" | "year" | "result")
        | ("CadreWhere", "trained" | "duty") => Needs(Scope::TrainingRead),
        // The person of an enrolment requires `cadre:read`, the plan of a quota `training:read`.
        ("Enrolment", "cadre") | ("EnrolmentWhere", "cadre") => Needs(Scope::CadreRead),
        ("Quota", "plan") | ("QuotaWhere", "plan") => Needs(Scope::TrainingRead),
        ("TrainedCondition", "year" | "programmes")
        | ("TrainingPlanKey" | "TrainingClassKey", "id" | "code")
        | ("EnrolmentKey", "id")
        | (
            "TrainingPlan",
            "id" | "code" | "name" | "documentNo" | "document" | "unit" | "yearFrom" | "yearTo" | "state" | "version",
        )
        | ("TrainingClass", "id" | "code" | "plan" | "programme" | "organiser" | "intake" | "category" | "mode")
        | (
            "TrainingClass",
            "startOn" | "lastOn" | "sessions" | "capacity" | "enrolled" | "reportedLearners" | "state",
        )
        | ("TrainingClass", "fillPercent" | "enrolments" | "version")
        | ("TrainingClassWhere", "plan" | "programmes" | "categories" | "organiser" | "modes" | "states" | "intake")
        | ("TrainingClassWhere", "startFrom" | "startBefore" | "endFrom" | "endBefore")
        | ("TrainingPlanWhere", "unit" | "yearFrom" | "yearTo" | "states")
        | ("TrainingPlanOrder" | "TrainingClassOrder", "field" | "direction")
        | ("TrainingPlanOrderField", "CODE" | "YEAR_FROM")
        | ("TrainingClassOrderField", "START_ON" | "CODE")
        | ("Enrolment", "id" | "class" | "programme" | "sendingUnit" | "year" | "state" | "grade" | "remark")
        | ("Enrolment", "version")
        | ("EnrolmentWhere", "unit" | "organiser" | "programmes" | "class" | "plan" | "categories" | "yearFrom")
        | ("EnrolmentWhere", "yearTo" | "states" | "withoutClass" | "includePredecessors") => {
            Needs(Scope::TrainingRead)
        }

        // Quotas.
        ("Query", "quota" | "quotas")
        | ("QuotaKey", "id")
        | ("QuotaWhere", "unit" | "programmes" | "states" | "yearFrom" | "yearTo" | "unusedOnly")
        | ("Unit", "quotas")
        | ("TrainingPlan", "quotas")
        | ("Quota", "id" | "unit" | "programme" | "mode" | "measure" | "seats" | "seatsIsLowerBound" | "classes")
        | ("Quota", "allocated" | "used" | "remaining" | "fillPercent" | "parent" | "children" | "state" | "version") => {
            Needs(Scope::QuotaRead)
        }

        // Clients of the API, for administrators.
        ("Query", "client" | "clients")
        | ("ClientKey", "id")
        | ("Client", "id" | "name" | "createdAt" | "revokedAt" | "grants" | "webhook" | "version")
        | ("ClientGrant", "id" | "scopes" | "purposes" | "units" | "validFrom" | "validTo" | "endedOn" | "isInForce")
        | ("ClientGrant", "requestsPerSecond" | "costPerMinute" | "documents")
        | ("ClientWebhook", "host" | "state" | "createdAt" | "disabledAt" | "pendingSince" | "nextAttemptAt")
        | ("ClientWebhook", "lastDeliveredAt" | "failures" | "lastFailedAt" | "lastFailure") => {
            Needs(Scope::ClientsAdmin)
        }

        // Reasons of refused mutations.
        ("UserError" | "InputError" | "ConflictError", "code" | "message" | "field")
        | ("ConflictError", "currentVersion")
        | ("StepError", "code" | "message" | "field" | "state" | "due")
        | ("SeatsError", "code" | "message" | "field" | "seats" | "allocated" | "used" | "remaining")
        | ("RuleError", "code" | "message" | "field") => Nothing,

        // Changes: each is shown only with the scope of its type, which `Access::changes` requires.
        ("ChangeType", "CADRE" | "QUALIFICATION") => Needs(Scope::CadreRead),
        ("ChangeType", "ROTATION") => Needs(Scope::RotationRead),
        ("ChangeType", "TRAINING_PLAN" | "TRAINING_CLASS" | "ENROLMENT") => Needs(Scope::TrainingRead),
        ("ChangeType", "APPRAISAL") => Needs(Scope::AppraisalRead),
        ("ChangeType", "QUOTA") => Needs(Scope::QuotaRead),
        ("ChangeType", "UNIT" | "TITLE" | "PROGRAMME" | "INSTITUTION" | "ETHNIC_GROUP" | "QUALIFICATION_SUBJECT")
        | ("ChangeType", "QUALIFICATION_LEVEL" | "RULE" | "RETIREMENT_AGE" | "STANDARD" | "DUTY" | "DOCUMENT")
        | ("Query", "changes" | "changeCursor")
        | ("Change", "id" | "type" | "objectId" | "code" | "operation" | "at")
        | ("ChangeOperation", _) => Nothing,

        // Not units or lists themselves, but the caller, and objects of any type.
        ("Query", "node" | "nodes" | "viewer" | "__schema" | "__type") | ("Viewer" | "ViewerLimits", _) => Nothing,
        (parent, field) if source::is_reference_data(parent, field) => Nothing,
        // Introspection is public.
        (introspected, _) if introspected.starts_with("__") => Nothing,

        _ => return of_page(parent, field).or_else(|| mutation::of(parent, field)),
    })
}

/// Right that a page of objects and its edges require: the same as the ids of the objects.
fn of_page(parent: &str, field: &str) -> Option<Need> {
    let node = match field {
        "edges" | "nodes" | "pageInfo" | "totalCount" => parent.strip_suffix("Connection")?,
        "cursor" | "node" => parent.strip_suffix("Edge")?,
        _ => return None,
    };
    of_field(node, "id")
}

/// Right that an argument requires: the same as its field. Fields of an input value have rules at their own type. Every
/// argument must be listed, because a new argument is a new query.
fn of_argument(parent: &str, field: &str, argument: &str) -> Option<Need> {
    // Arguments that split the same people in other combinations, with which rounded numbers could be reconstructed.
    match (parent, field, argument) {
        ("Unit", "composition", "titles") | ("Unit", "standardGap", "titles" | "standard") => {
            return Some(Need::Scope(Scope::CadreRead));
        }
        ("Unit", "rotationFlows", "forms") => return Some(Need::Scope(Scope::RotationRead)),
        ("Unit", "trainingProgress", "untilYear" | "includePredecessors") => {
            return Some(Need::Scope(Scope::TrainingRead));
        }
        _ => {}
    }
    let is_known = match (parent, field) {
        ("Query", "node") => argument == "id",
        ("Query", "nodes") => argument == "ids",
        ("Query", "standards" | "titles") => argument == "where",
        ("Title", "step") => argument == "asOf",
        ("Query", "changes") => matches!(argument, "after" | "first" | "types"),
        ("Query", "unit" | "cadre") => matches!(argument, "by" | "asOf"),
        ("Query", "units" | "cadres") => matches!(argument, "where" | "search" | "orderBy" | "asOf") || pages(argument),
        ("Query", "rotations" | "trainingPlans" | "trainingClasses") => {
            matches!(argument, "where" | "orderBy") || pages(argument)
        }
        ("Query", "enrolments" | "quotas" | "documents") => argument == "where" || pages(argument),
        ("Query", "trainingPlan" | "trainingClass" | "rotation" | "quota" | "enrolment" | "client" | "document") => {
            argument == "by"
        }
        ("TrainingClass", "enrolments")
        | ("TrainingPlan", "quotas")
        | ("Cadre", "accessLog")
        | ("Query", "clients") => pages(argument),
        ("Cadre", "enrolments") => argument == "year" || pages(argument),
        ("Cadre", "appraisals") => matches!(argument, "system" | "year" | "yearFrom" | "yearTo" | "states"),
        ("Cadre", "goodYears") => matches!(argument, "system" | "before" | "atLeast"),
        ("Cadre", "duties") => matches!(argument, "year" | "codes"),
        ("Query", "duties") => argument == "year",
        ("Unit", "appraisals") => matches!(argument, "system" | "year" | "reach" | "decimals"),
        ("Cadre", "studyRecord") => argument == "year",
        ("Unit", "duty") => matches!(argument, "code" | "year" | "reach" | "decimals"),
        ("Unit", "quotas") => {
            matches!(argument, "year" | "reach" | "unusedOnly" | "includePredecessors") || pages(argument)
        }
        ("Unit", "trainingProgress") => {
            matches!(argument, "year" | "untilYear" | "programmes" | "reach" | "decimals")
        }
        ("TrainingProgress", "classes") => argument == "categories",
        ("Unit", "rotationFlows") => matches!(argument, "from" | "before" | "forms"),
        ("Unit", "parent" | "ancestors") => argument == "hierarchy",
        ("Unit", "subunits") => argument == "hierarchy" || pages(argument),
        ("Unit", "cadres") => matches!(argument, "where" | "reach" | "orderBy" | "asOf") || pages(argument),
        ("Unit", "composition") => {
            matches!(argument, "subject" | "titles" | "keyLeadersOnly" | "hierarchy" | "reach" | "asOf" | "decimals")
        }
        ("Unit", "standardGap") => {
            matches!(argument, "keyLeadersOnly" | "hierarchy" | "reach" | "asOf" | "decimals")
        }
        ("Cadre", "standing") => matches!(argument, "title" | "standard"),
        ("Cadre", "qualifications" | "highest") => argument == "subject",
        ("Composition", "atLeast") => argument == "level",
        ("Mutation", _) => argument == "input",
        (page, "totalCount") if page.ends_with("Connection") => argument == "max",
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
/// `Forbidden` with every closed coordinate and the scopes that would open them; `PurposeRequired` with every
/// coordinate of protected data if no purpose is stated; `Internal` if the operation uses a coordinate without a rule.
pub fn admit<'a>(rights: &Rights<'_>, coordinates: impl Iterator<Item = &'a str>) -> Result<()> {
    let (mut fields, mut protected) = (Vec::new(), Vec::new());
    let mut missing = BTreeSet::new();
    for coordinate in coordinates {
        match need(coordinate) {
            Some(need) if need.is_met_by(rights) => {
                protected.extend(need.scope().and_then(category).map(|_| coordinate.to_owned()));
            }
            Some(need) => {
                fields.push(coordinate.to_owned());
                missing.extend(need.scope());
            }
            None => return Err(Error::internal(format!("the policy has no rule for {coordinate}"))),
        }
    }
    if !fields.is_empty() {
        return Err(Error::Forbidden { fields, missing: missing.into_iter().collect() });
    }
    if !protected.is_empty() && rights.purpose.is_none() {
        return Err(Error::PurposeRequired { fields: protected, allowed: rights.purposes.iter().copied().collect() });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
